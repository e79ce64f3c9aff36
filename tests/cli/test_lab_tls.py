"""`crenel lab --tls` from the outside."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest

from cli.labs import gone, own_namespace, started
from cli.test_lab import namespaces_of
from command import crenel, run
from crenel.cli.main import dispatch
from crenel.lab.probing.verdict import Report
from crenel.lab.run import run as probe
from crenel.lab.tls.kinds import Kind
from crenel.lab.tls.ports import Secured
from crenel.lab.tls.security import Security
from crenel.lab.tls.serving import Server
from crenel.output import lab_json, lab_junit, lab_markdown
from kernel import nobody
from kernel.needs import needs_namespaces
from output.shapes import Lab as LabPage

pytestmark = needs_namespaces

SHOP = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {serviceAccountName: web, containers: [{name: web, image: example.org/web:1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {serviceAccountName: db, containers: [{name: db, image: example.org/db:1, ports: [{containerPort: 5432}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: other, labels: {app: api}}
spec: {containers: [{name: api, image: example.org/api:1, ports: [{containerPort: 8443}, {containerPort: 9090}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: other}
spec: {selector: {app: api}, ports: [{port: 443, targetPort: 8443, appProtocol: https}]}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: shop}
spec: {mtls: {mode: STRICT}}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec:
  podSelector: {matchLabels: {app: db}}
  ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]
"""

POD = "{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}, spec: {containers: [{name: c, image: e.org/c}]}}"


@pytest.fixture
def shop(tmp_path: Path) -> str:
    """A strict database, its client, and a server for everybody."""
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return str(path)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """Where the lab of a test has its socket; one that is still up is removed."""
    folder = tmp_path / "run"
    folder.mkdir()
    yield folder
    crenel("lab", "down", XDG_RUNTIME_DIR=str(folder))


def test_the_table(shop: str) -> None:
    """A row for each port that is declared to speak TLS; what was seen on the wire; agreement is exit code 0."""
    ran = crenel("lab", "-f", shop, "--tls", "--family", "4")
    assert ran.code == 0, ran.err
    assert "not understood" not in ran.err, "what PeerAuthentications say is asked of the ports"
    before, found, after = ran.out.partition("\n\nTLS PORT ")
    assert before.splitlines()[-1].startswith("kernel and model agree on all ")
    table = f"TLS PORT {after}".splitlines()
    assert [line.split() for line in table[:3]] == [
        ["TLS", "PORT", "SPEAKS", "DECLARED", "BY", "CLIENTS", "OWN", "NONE", "STRANGER", "FORGED", "EXPIRED", "PLAIN",
         "TEXT", "DISAGREE"],
        ["shop/db:5432", "mutual", "TLS", "peerauthentication", "shop/default:", "STRICT", "1", "accepted",
         "refused", "refused", "refused", "refused", "refused", "0"],
        ["other/api:8443", "TLS", "appProtocol", "https", "of", "service", "other/api", "2", "-", "accepted", "-", "-",
         "-", "refused", "0"],
    ]  # fmt: skip
    assert table[4] == "note: 1 pair of a workload and a TLS port was denied: nobody asked"
    assert table[5].startswith("on the wire: ")
    assert table[5].endswith("nothing of TLS in plain text; 2 of 2 connections in plain text beside them were seen")
    assert table[6] == "2 TLS ports in 10 connections: all clients are accepted and refused as declared"
    assert found
    assert len(table) == 7


def reported(
    shop: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> tuple[int, dict[str, str]]:
    """The exit code of a run in this process, and its report in every format."""
    kept = list[Report]()

    def probed(*arguments: Any) -> Report:
        kept.append(probe(*arguments))
        return kept[-1]

    monkeypatch.setattr("crenel.cli.lab_building.probe", probed)
    code = dispatch("crenel", ["lab", "-f", shop, "--tls", "--family", "4"])
    printed = {"table": capsysbinary.readouterr().out.decode()}
    printed["json"] = lab_json.render(kept[0]).decode()
    printed |= {"junit": lab_junit.render(kept[0]), "md": lab_markdown.render(kept[0])}
    return code, printed


def test_json_junit_and_markdown(
    shop: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """JSON has every attempt; JUnit a case for each port, pair and the wire; Markdown the same table."""
    code, printed = reported(shop, monkeypatch, capsysbinary)
    assert code == 0
    page = msgspec.json.decode(printed["json"], type=LabPage)
    assert isinstance(page.handshakes, list)
    assert isinstance(page.tls_summary, msgspec.Struct)
    assert {(each.source, each.destination): each.why for each in page.handshakes} == {
        ("shop/web", "shop/db"): None, ("shop/web", "other/api"): None, ("shop/db", "other/api"): None
    }  # fmt: skip
    (strict,) = [each for each in page.handshakes if each.destination == "shop/db"]
    assert {each.client: (each.outcome, each.expected) for each in strict.attempts} == {
        "own": ("accepted", "accepted"), "none": ("refused", "refused"), "stranger": ("refused", "refused"),
        "forged": ("refused", "refused"), "expired": ("refused", "refused"), "plain text": ("refused", "refused"),
    }  # fmt: skip
    assert (page.tls_summary.connections, page.tls_summary.denied, page.tls_summary.disagreements) == (10, 1, 0)
    suites = ET.fromstring(printed["junit"])  # noqa: S314 - it is our own
    (suite,) = [each for each in suites if each.attrib["name"] == "TLS"]
    assert {each.attrib["name"] for each in suite} >= {
        "shop/web to shop/db:5432 at 10.244.0.3", "certificate of shop/db:5432 at 10.244.0.3",
        "no plain text on the wire",
    }  # fmt: skip
    assert int(suites.attrib["tests"]) == len(suites.findall("./testsuite/testcase"))
    assert (
        "| shop/db:5432 | mutual TLS | peerauthentication shop/default: STRICT | 1 | accepted | refused |"
        in (printed["md"])
    )


def test_a_port_that_is_not_as_declared(
    shop: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A listener that answers anonymous clients although STRICT is declared: exit code 1, and said in every format."""
    honest = Security.server

    def careless(self: Security, target: Secured, *, kind: Kind | None = None) -> Server:
        return honest(self, target, kind=Kind.TLS if target.kind is Kind.MUTUAL else kind)

    monkeypatch.setattr(Security, "server", careless)
    code, printed = reported(shop, monkeypatch, capsysbinary)
    assert code == 1
    words = "no certificate: accepted (HTTP 200), it should be refused"
    place = "shop/web to shop/db:5432 (10.244.0.3, mutual TLS by peerauthentication shop/default: STRICT): "
    (said,) = [line for line in printed["table"].splitlines() if line.startswith("disagreement: ")]
    assert said.startswith(f"disagreement: {place}")
    assert words in said
    assert printed["table"].splitlines()[-1] == "1 disagreement with what is declared of 2 TLS ports in 6 connections"
    page = msgspec.json.decode(printed["json"], type=LabPage)
    assert isinstance(page.handshakes, list)
    assert [words in (each.why or "") for each in page.handshakes if each.why] == [True]
    assert ET.fromstring(printed["junit"]).attrib["failures"] == "1"  # noqa: S314 - it is our own
    assert words in printed["junit"]
    assert "no certificate: accepted (HTTP 200)" in printed["md"]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (POD, "no TLS was examined: no port is declared to speak it"),
        (
            POD.replace("metadata: {", "metadata: {annotations: {crenel.dev/tls: tls}, ").replace(
                "image: e.org/c", "image: e.org/c, ports: [{containerPort: 443}]"
            ),
            "no TLS was examined: no workload may connect to a port that is declared to speak it",
        ),
    ],
)
def test_nothing_to_ask(manifest: str, words: str) -> None:
    """A proof that asked nobody is none: exit code 3, and the report on packets is printed."""
    ran = crenel("lab", "-f", "-", "--tls", stdin=manifest)
    assert ran.code == 3, ran.err
    assert ran.err.splitlines()[-1] == words
    assert "kernel and model agree on all " in ran.out


def test_without_the_extra(shop: str, tmp_path: Path) -> None:
    """Without ``crenel[certs]`` one line says what to install, before anything is built; the lab itself needs none."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'cryptography' else find(name, *more)\n"
    )
    environment: Any = {"PYTHONPATH": str(tmp_path)}
    ran = crenel("lab", "-f", shop, "--tls", **environment)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[0] == "crenel: certificates need a package that is not installed"
    assert "pip install 'crenel[certs]'" in ran.err
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['cryptography'] = None\nsys.modules['ssl'] = None\nsys.modules['_ssl'] = None\n"
    )
    assert crenel("lab", "-f", shop, "--family", "4", **environment).code == 0


@pytest.mark.parametrize("words", [["down"], ["apply", "-f", "examples/shop"], ["--exec", "shop/web", "--", "true"]])
def test_what_it_is_not_for(words: list[str]) -> None:
    """A lab that is up serves TLS or does not; that is decided when it is built."""
    ran = crenel("lab", "--tls", *words)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "crenel: --tls is for a lab that is built; one that is up serves TLS or does not\n"


@pytest.mark.parametrize("ending", ["end", "interrupt", "kill"])
def test_nothing_is_left(shop: str, runtime: Path, tmp_path: Path, ending: str) -> None:
    """However it ends, the namespaces are gone, and no file is left."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)
    try:
        with started("-f", shop, "--tls", run=runtime) as process:
            end = time.monotonic() + 20
            held: set[int] = set()
            while len(held) < 5 and time.monotonic() < end:
                held = namespaces_of(process.pid) - {own_namespace()}
            assert len(held) >= 5
            if ending != "end":
                time.sleep(0.3)
                os.killpg(process.pid, signal.SIGINT if ending == "interrupt" else signal.SIGKILL)
            process.communicate(timeout=30)
            assert process.returncode == 0 or ending != "end"
            assert all(gone(inode) for inode in held)
    finally:
        del os.environ["TMPDIR"]
    if ending != "kill":  # what strangers show is written down for a moment, and is worth nothing
        assert list(temporary.iterdir()) == []


ASK = """
import os, socket, ssl, sys
how = ssl.create_default_context(cafile=os.environ["CRENEL_CA"])
if "with" in sys.argv:
    how.load_cert_chain(os.environ["CRENEL_CERT"], os.environ["CRENEL_KEY"])
opened = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
with how.wrap_socket(opened, server_hostname=sys.argv[1]) as asked:
    asked.sendall(b"GET / HTTP/1.1\\r\\nHost: me.example\\r\\n\\r\\n")
    try:
        print(asked.recv(4096).decode().splitlines()[-3:])
    except ssl.SSLError as error:
        print(error.reason)
"""


def test_a_kept_lab_serves_tls_to_commands(tmp_path: Path, runtime: Path) -> None:
    """Commands find the certificate of their workload, and `lab probe` proves all of it again."""
    here: Any = {"XDG_RUNTIME_DIR": str(runtime)}
    path = tmp_path / "kept.yaml"
    front = "{selector: {app: db}, ports: [{port: 5432}]}"
    path.write_text(
        f"{SHOP}---\n{{apiVersion: v1, kind: Service, metadata: {{name: db, namespace: shop}}, spec: {front}}}\n"
    )
    assert crenel("lab", "-f", str(path), "--tls", "--family", "4", "--keep", **here).code == 0
    asked = ["lab", "--exec", "shop/web", "--", sys.executable, "-c", ASK, "db.shop.svc", "5432"]
    assert crenel(*asked, "with", **here).out == (
        "['shop/db', 'me.example', 'spiffe://cluster.local/ns/shop/sa/web']\n"
    )
    assert crenel(*asked, **here).out == "TLSV13_ALERT_CERTIFICATE_REQUIRED\n"
    again = crenel("lab", "probe", **here)
    assert again.code == 0
    assert again.out.splitlines()[-1] == (
        "2 TLS ports in 10 connections: all clients are accepted and refused as declared"
    )


def test_an_ordinary_user(shop: str, tmp_path: Path) -> None:
    """Without root it runs in a user namespace, captures included."""
    for part in (tmp_path, *tmp_path.parents):
        if os.geteuid() == 0 and part.owner() == "root" and part != Path("/"):
            part.chmod(part.stat().st_mode | 0o055)
    command = [nobody.interpreter(), "-m", "crenel", "lab", "-f", shop, "--tls", "--family", "4"]
    ran = nobody.run(command)
    if "cannot make a user namespace" in ran.stderr:
        pytest.skip(ran.stderr.strip())
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].endswith("all clients are accepted and refused as declared")


def test_the_input_may_be_anything() -> None:
    """Annotations and policies of the wrong types are noted or passed over, and nothing is a traceback."""
    manifest = """
{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a, annotations: {crenel.dev/tls: "a=b=c,,=,mtls=,\\u0007"}},
 spec: {containers: [{name: c, image: e.org/c, ports: [{containerPort: 443, name: https}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: q, namespace: a}, spec: {containers: [{name: c, image: e.org/c}]}}
---
{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: x, namespace: a},
 spec: {selector: [], mtls: 3, portLevelMtls: {443: STRICT, x: {mode: [STRICT]}}}}
"""
    ran = run(["crenel", "lab", "-f", "-", "--tls", "--family", "4", "-o", "json"], stdin=manifest)
    assert ran.code in (0, 2), ran.err
    assert "Traceback" not in ran.err
    assert "internal error" not in ran.err
    page = msgspec.json.decode(ran.out, type=LabPage)
    assert any("annotation crenel.dev/tls" in each.message for each in page.notices)
    assert isinstance(page.handshakes, list)
    assert len(page.handshakes) == 1

"""`crenel certs probe`, as a whole: real servers, real output, exit codes."""

from __future__ import annotations

import argparse
import base64
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from apiserver import Server
from apiserver.harness import Harness
from certificates.inventory.pieces import ingress, thing, tls
from certificates.probing.material import HOST, NOW, Files, make, server
from certificates.probing.servers import nginx
from command import ROOT, Ran, crenel
from crenel.certificates.probing.findings import TITLES
from crenel.cli import certs_probe
from output.shapes import Probes

pytestmark = pytest.mark.xdist_group("certs-probe")
LOCAL = ("--connect-to", "127.0.0.1", "--timeout", "10")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return make(tmp_path_factory.mktemp("material"))


@pytest.fixture(scope="module")
def ports(files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    key = f"ssl_certificate {files.path('good.crt')}; ssl_certificate_key {files.path('good.key')};"
    best = "ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;"
    client = f"ssl_client_certificate {files.path('clients.crt')};"
    page = "location / { return 200; }"
    servers = [
        ("right", key + best + page),
        ("mutual", key + best + client + "ssl_verify_client on;" + page),
        ("permissive", key + best + client + "ssl_verify_client optional;" + page),
    ]
    with nginx(tmp_path_factory.mktemp("nginx"), servers) as found:
        yield found


def probe(files: Files, *arguments: str) -> Ran:
    return crenel("certs", "probe", *LOCAL, "--ca", str(files.path("root.crt")), *arguments)


def clients(files: Files) -> list[str]:
    return ["--cert", str(files.path("client.both")), "--expired-cert", str(files.path("client-expired.both"))]


def report(ran: Ran) -> Any:
    """The report in JSON, which keeps to its shape."""
    msgspec.json.decode(ran.out, type=Probes)
    return json.loads(ran.out)


def test_nothing_wrong(files: Files, ports: dict[str, int]) -> None:
    """A server with the recommended configuration: exit code 0, and a line that says so."""
    ran = probe(files, f"{HOST}:{ports['right']}")
    assert (ran.code, ran.err) == (0, "")
    assert [line.split() for line in ran.out.splitlines()[:2]] == [
        ["TARGET", "TLS", "CERTIFICATE", "LIFE", "USED", "MTLS", "FINDINGS"],
        [f"{HOST}:{ports['right']}", "1.2", "1.3", HOST, "10%", "-", "none"],
    ]
    assert ran.out.endswith("\n1 target, 0 findings\n")


def test_proof(files: Files, ports: dict[str, int]) -> None:
    """Both a server that demands certificates and one that only asks: the trials tell them apart."""
    two = [f"{HOST}:{ports[name]}" for name in ("mutual", "permissive")]
    ran = probe(files, *two, *clients(files))
    assert ran.code == 1
    lines = [line for line in ran.out.splitlines() if line.startswith(tuple(two))]
    assert [" ".join(line.split()) for line in lines] == [
        f"{two[0]} 1.2 1.3 {HOST} 10% proved none",
        f"{two[1]} 1.2 1.3 {HOST} 10% not enforced TL-15",
        f"{two[0]} no certificate refused HTTP 400, No required SSL certificate was sent",
        f"{two[0]} a stranger's certificate refused HTTP 400, The SSL certificate error",
        f"{two[0]} a forged certificate refused HTTP 400, The SSL certificate error",
        f"{two[0]} an expired certificate refused HTTP 400, The SSL certificate error",
        f"{two[0]} plain text refused HTTP 400",
        f"{two[0]} the right certificate answered HTTP 200",
        f"{two[1]} no certificate answered HTTP 200",
        f"{two[1]} a stranger's certificate refused HTTP 400, The SSL certificate error",
        f"{two[1]} a forged certificate refused HTTP 400, The SSL certificate error",
        f"{two[1]} an expired certificate refused HTTP 400, The SSL certificate error",
        f"{two[1]} plain text refused HTTP 400",
        f"{two[1]} the right certificate answered HTTP 200",
    ]
    assert f"high      TL-15  {two[1]}  no certificate gets an answer: HTTP 200" in ran.out


def test_json(files: Files, ports: dict[str, int]) -> None:
    """The report for programs has the shape of docs/json.md, and all that the table has."""
    two = [f"{HOST}:{ports[name]}" for name in ("right", "permissive")]
    ran = probe(files, *two, "-o", "json", "--exit-zero", "--at", NOW.isoformat())
    found = report(ran)
    assert ran.code == 0
    assert found["profile"] == {
        "name": "intermediate",
        "guideline": "5.8",
        "source": "https://data.tlsref.org/guidelines/5.8.json",
    }
    right, permissive = found["probes"]
    assert [each["version"] for each in right["accepted"]] == ["TLS 1.2", "TLS 1.3"]
    assert right["accepted"][0]["suites"] == ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]
    assert right["refused"].keys() == {"TLS 1.1", "TLS 1.0", "SSL 3.0"}
    assert right["refused"]["TLS 1.1"] == "protocol_version"
    assert right["certificate"]["names"] == [HOST] and right["certificate"]["used"] == 0.1
    assert right["trust"] == {"roots": "--ca", "verified": True, "reason": None}
    assert len(right["chain"]) == 2 and right["mutual"] is None
    assert permissive["asks"] and permissive["mutual"]["enforced"] is False
    assert permissive["mutual"]["trials"][0] == {
        "sent": "no certificate",
        "outcome": "answered",
        "detail": "HTTP 200",
        "status": 200,
    }
    assert found["summary"] == {"targets": 2, "failed": 0, "critical": 0, "high": 1, "medium": 0, "low": 0}


def test_markdown(files: Files, ports: dict[str, int]) -> None:
    """The report for a pull request."""
    target = f"{HOST}:{ports['permissive']}"
    ran = probe(files, target, "-o", "md")
    assert ran.code == 1
    assert ran.out.startswith("**1 target, 1 finding: 1 high**\n\n| Target | TLS | Certificate |")
    assert f"| high | `TL-15` | `{target}` | no certificate gets an answer: HTTP 200 |" in ran.out


def manifests(folder: Path, port: int, pem: str) -> Path:
    """A Gateway with a listener on a port, and its Secret."""
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "edge", "namespace": "shop"},
        "spec": {
            "gatewayClassName": "any",
            "listeners": [
                {"name": "a", "port": port, "protocol": "TLS", "hostname": HOST,
                 "tls": {"mode": "Terminate", "certificateRefs": [{"name": "web"}]}}
            ],
        },
    }  # fmt: skip
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "web", "namespace": "shop"},
        "data": {"tls.crt": base64.b64encode(pem.encode()).decode(), "tls.key": ""},
    }
    path = folder / "input.yaml"
    path.write_text(yaml.safe_dump_all([gateway, secret]), "utf-8")
    return path


def test_declared(files: Files, ports: dict[str, int], tmp_path: Path) -> None:
    """Without targets those of the input are probed, and compared with their Secrets."""
    port = ports["right"]
    same = manifests(tmp_path, port, files.path("good.crt").read_text("utf-8"))
    ran = probe(files, "-f", str(same))
    assert (ran.code, ran.err) == (0, "")
    assert f"{HOST}:{port}" in ran.out
    newer = server(files.intermediate, begins=NOW - timedelta(days=1))
    ran = probe(files, "-f", str(manifests(tmp_path, port, newer.pem)), "-o", "json")
    assert ran.code == 1
    (found,) = report(ran)["probes"]
    assert found["declared"] == "gateway shop/edge"
    assert [each["id"] for each in found["findings"]] == ["TL-12"]
    assert f"secret shop/web holds {newer.certificate.serial}, which is newer" in found["findings"][0]["message"]


def test_named_and_declared(files: Files, ports: dict[str, int], tmp_path: Path) -> None:
    """A target that is named is compared as well; the others are left alone."""
    newer = server(files.intermediate, begins=NOW - timedelta(days=1))
    path = manifests(tmp_path, ports["right"], newer.pem)
    ran = probe(files, "-f", str(path), f"{HOST}:{ports['right']}", f"{HOST}:{ports['mutual']}", "-o", "json")
    assert [[one["id"] for one in each["findings"]] for each in report(ran)["probes"]] == [["TL-12"], []]


def test_stored(files: Files, ports: dict[str, int], tmp_path: Path) -> None:
    """The Secret to compare with can be named, for one target or for all."""
    newer = server(files.intermediate, begins=NOW - timedelta(days=1))
    path = manifests(tmp_path, 443, newer.pem)
    two = [f"{HOST}:{ports['right']}", f"{HOST}:{ports['mutual']}"]
    for stored, expected in ((f"{two[1]}=shop/web", [[], ["TL-12"]]), ("shop/web", [["TL-12"], ["TL-12"]])):
        ran = probe(files, "-f", str(path), *two, "--stored", stored, "-o", "json")
        assert [[one["id"] for one in each["findings"]] for each in report(ran)["probes"]] == expected


def test_live(files: Files, ports: dict[str, int], tmp_path: Path) -> None:
    """Of a live cluster what it declares is probed; its Secrets are read only when they are asked for."""
    newer = server(files.intermediate, begins=NOW - timedelta(days=1))
    with Server() as api:
        harness = Harness(api, tmp_path)
        harness.put(thing("v1", "Namespace", "shop", ""), tls("web", newer), ingress("web", "web", HOST))
        here = ["--kubeconfig", harness.kubeconfig(), "--connect-to", f"127.0.0.1:{ports['right']}", "--http-port", "1"]
        without = probe(files, *here, "-o", "json")
        assert not any("/secrets" in path for path in api.paths)
        compared = probe(files, *here, "-o", "json", "--secrets", "https://" + HOST)
    for ran, wrong in ((without, ["TL-14"]), (compared, ["TL-12", "TL-14"])):
        (found,) = report(ran)["probes"]
        assert (found["target"], found["declared"]) == (f"https://{HOST}", "ingress shop/web")
        assert [each["id"] for each in found["findings"]] == wrong


def test_nobody_there(files: Files) -> None:
    """Where nobody answers nothing was examined."""
    ran = probe(files, f"{HOST}:1", "-o", "json")
    assert ran.code == 3
    assert report(ran)["probes"][0]["failure"] == "connection refused"


def test_one_of_two(files: Files, ports: dict[str, int]) -> None:
    """One target that cannot be reached is a finding among others."""
    assert probe(files, f"{HOST}:1", f"{HOST}:{ports['right']}").code == 1


def test_nothing_declared(tmp_path: Path, files: Files) -> None:
    """An input without a server: nothing was examined, and a line says so."""
    path = tmp_path / "empty.yaml"
    path.write_text("apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n")
    ran = probe(files, "-f", str(path))
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.endswith("nothing was examined: the input declares no TLS server\n")


def test_unreadable_input(files: Files, ports: dict[str, int], tmp_path: Path) -> None:
    """An input with something broken is still probed; the exit code tells."""
    path = manifests(tmp_path, ports["right"], files.path("good.crt").read_text("utf-8"))
    path.write_text(path.read_text("utf-8") + "---\n{broken", "utf-8")
    ran = probe(files, "-f", str(path))
    assert ran.code == 2 and f"{HOST}:{ports['right']}" in ran.out
    assert probe(files, "-f", str(path), "--lenient").code == 0


WRONG = [
    (["web.example"], "web.example: write HOST:PORT or https://HOST"),
    (["a:1", "--cert", "absent.pem"], "absent.pem: No such file or directory"),
    (["a:1", "--key", "absent.pem"], "--key goes with --cert"),
    (["a:1", "--expired-key", "absent.pem"], "--expired-key goes with --expired-cert"),
    (["a:1", "--timeout", "0"], "--timeout 0: not a number of seconds between 0 and 3600"),
    (["a:1", "--timeout", "nan"], "--timeout nan: not a number of seconds between 0 and 3600"),
    (["a:1", "--parallel", "0"], "--parallel 0: not a number between 1 and 256"),
    (["a:1", "--http-port", "70000"], "--http-port 70000: not a port"),
    (["a:1", "--at", "soon"], "--at soon: not a date such as 2026-11-26 or 2026-11-26T10:00:00Z"),
    (["a:1", "--connect-to", "a b"], "a b: not a host and port"),
    (["a:1", "--stored", "shop/web"], "--stored shop/web: the input has no such Secret with a certificate"),
    (["a:1", "--secrets", "-f", "examples/shop"], "--secrets is for a live cluster: it goes without -f"),
]


@pytest.mark.parametrize(("arguments", "line"), WRONG, ids=[" ".join(case[0]) for case in WRONG])
def test_wrong_use(arguments: list[str], line: str) -> None:
    """What makes no sense is one line and exit code 2, and nothing is probed."""
    ran = crenel("certs", "probe", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert line in ran.err and "Traceback" not in ran.err


def test_documented() -> None:
    """The page explains each option of the command, and each finding."""
    page = (ROOT / "docs" / "commands" / "certs.md").read_text("utf-8").partition("\n## probe\n")[2]
    prose = re.sub(r"^```.*?^```$", "", page.partition("\n## ")[0], flags=re.MULTILINE | re.DOTALL)
    parser = argparse.ArgumentParser()
    certs_probe.configure(parser)
    shared = {"options", "input", "report"}
    names = [option for group in parser._action_groups if group.title not in shared for action in group._group_actions
             for option in action.option_strings or [str(action.metavar)]]  # fmt: skip
    assert len(names) > 15
    assert not [name for name in [*map(str, names), *TITLES] if f"`{name}" not in prose]

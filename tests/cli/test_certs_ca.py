"""`crenel certs ca` from the outside."""

from __future__ import annotations

import base64
import re
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from command import SCRIPTS, Ran, crenel
from crenel.certificates.material.pem import read
from crenel.cli.certs_ca import SUBCOMMANDS
from output.shapes import AuthorityReport

AT = "2026-06-01T10:00:00Z"

EMPTY = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"

INPUT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {serviceAccountName: front, containers: [{name: web, image: web}]}
---
apiVersion: v1
kind: Service
metadata: {name: www, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: peers, namespace: shop}
spec: {clusterIP: None, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: shop}
spec: {selector: {app: other}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: lone, namespace: jobs}
spec: {containers: [{name: lone, image: lone}]}
"""


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    """A new authority."""
    assert act("init", tmp_path / "ca", "--trust-domain", "example.org").code == 0
    return tmp_path / "ca"


def act(action: str, folder: Path, *more: str, at: str = AT, stdin: str = "") -> Ran:
    """Run a subcommand."""
    return crenel("certs", "ca", action, *more, "--ca", str(folder), "--at", at, stdin=stdin)


def reported(ran: Ran) -> AuthorityReport:
    """A report in JSON, which has the shape that is documented."""
    return msgspec.json.decode(ran.out, type=AuthorityReport)


def test_names_come_from_service_accounts_and_services(ca: Path, tmp_path: Path) -> None:
    """The SPIFFE ID is that of the ServiceAccount; Services in front give DNS names, headless ones wildcards."""
    ran = act("issue", ca, "-f", "-", "--out", str(tmp_path / "out"), "-o", "json", stdin=INPUT)
    assert (ran.code, ran.err) == (0, "")
    assert {each.consumer: each.names for each in reported(ran).consumers} == {
        "jobs/lone": ["spiffe://example.org/ns/jobs/sa/default"],
        "shop/web": [
            "spiffe://example.org/ns/shop/sa/front",
            "*.peers.shop.svc", "*.peers.shop.svc.cluster.local", "peers.shop.svc", "peers.shop.svc.cluster.local",
            "www.shop.svc", "www.shop.svc.cluster.local",
        ],
    }  # fmt: skip
    (leaf, _) = read((tmp_path / "out" / "shop" / "web" / "tls.crt").read_bytes()).certificates
    assert leaf.names.uris == ("spiffe://example.org/ns/shop/sa/front",)
    assert leaf.lifetime == 24 * 3600 + 300


def test_only_those_that_were_asked_for(ca: Path, tmp_path: Path) -> None:
    """A NAME is a workload of the input; another one is an error, and nothing is written."""
    ran = act("issue", ca, "shop/web", "-f", "-", "--out", str(tmp_path / "out"), stdin=INPUT)
    assert ran.code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["shop"]
    ran = act("issue", ca, "shop/what", "-f", "-", "--out", str(tmp_path / "more"), stdin=INPUT)
    assert (ran.code, ran.err.splitlines()) == (2, ["crenel: the input has no workload 'shop/what'"])
    assert not (tmp_path / "more").exists()


def test_a_policy_that_does_not_have_the_namespace(tmp_path: Path) -> None:
    """Workloads of other namespaces get nothing, and it is said why."""
    act("init", tmp_path / "ca", "--trust-domain", "example.org", "--set", "namespaces=jobs")
    ran = act("issue", tmp_path / "ca", "-f", "-", "--out", str(tmp_path / "out"), stdin=INPUT)
    assert ran.code == 2
    assert "the policy has no namespace shop" in ran.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["jobs"]


def test_nothing_to_issue(ca: Path, tmp_path: Path) -> None:
    """An input without workloads is nothing examined."""
    ran = act(
        "issue",
        ca,
        "-f",
        "-",
        "--out",
        str(tmp_path / "out"),
        stdin="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    )
    assert ran.code == 3


def test_modes_of_files(ca: Path, tmp_path: Path) -> None:
    """Keys, the state, the ledger and files of Secrets are for their owner alone, whatever the umask."""
    crenel_ = f"{SCRIPTS / 'crenel'} certs ca"
    script = (
        f"umask 000; cd {tmp_path}; {crenel_} init --ca two --trust-domain a && "
        f"{crenel_} issue web --dns web.svc --ca two --out web && "
        f"{crenel_} issue a/b --dns b.svc --ca two --out s.yaml -o yaml"
    )
    subprocess.run(["sh", "-c", script], check=True, capture_output=True, timeout=60)
    modes = {
        re.sub(r"-\w{8}(?=[./]|$)", "-N", str(path.relative_to(tmp_path))): stat.filemode(path.lstat().st_mode)
        for path in tmp_path.rglob("*")
        if ca not in (path, *path.parents)
    }
    assert modes == {
        "two": "drwx------", "two/lock": "-rw-------", "two/state.json": "-rw-------", "two/issued.jsonl": "-rw-------",
        "two/ca.toml": "-rw-r--r--", "two/keys": "drwx------", "two/keys/root-1-N.key": "-rw-------",
        "two/keys/intermediate-1-N.key": "-rw-------", "two/crl": "drwxr-xr-x", "two/crl/root-1-N.pem": "-rw-r--r--",
        "two/crl/intermediate-1-N.pem": "-rw-r--r--", "two/crl/all.pem": "-rw-r--r--",
        "web": "drwxr-xr-x", "web/..data": "lrwxrwxrwx", "web/tls.crt": "lrwxrwxrwx", "web/tls.key": "lrwxrwxrwx",
        "web/ca.crt": "lrwxrwxrwx", "web/..crenel-N": "drwxr-xr-x", "web/..crenel-N/tls.crt": "-rw-r--r--",
        "web/..crenel-N/tls.key": "-rw-------", "web/..crenel-N/ca.crt": "-rw-r--r--", "s.yaml": "-rw-------",
    }  # fmt: skip


def test_no_key_is_ever_printed(ca: Path, tmp_path: Path) -> None:
    """Whatever is run in whatever format: nothing of any key that is on the disk is in an output."""
    out = str(tmp_path / "out")
    said = [
        *(act("issue", ca, "-f", "-", "--out", out, "--anew", "-o", each, stdin=INPUT) for each in ("table", "md")),
        act("rotate", ca, "-o", "json", at="2026-06-01T10:30:00Z"),
        act("rotate", ca, "--status", "-o", "md"),
        act("renew", ca, at="2026-06-01T11:00:00Z"),
        act("revoke", ca, "shop/web", "-o", "json", at="2026-06-01T11:00:00Z"),
        act("issue", ca, "one/more", "--dns", "a.svc", "--out", str(tmp_path / "s.yaml"), "-o", "yaml"),
    ]
    text = "".join(ran.out + ran.err for ran in said)
    keys = [path.read_text() for path in tmp_path.rglob("*.key")]
    assert len(keys) > 5
    assert "PRIVATE" not in text
    for key in keys:
        body = "".join(key.splitlines()[1:-1])
        assert not any(part in text for part in (body[-40:], base64.b64decode(body).hex()[-40:]))


def test_secrets_for_kubectl(ca: Path, tmp_path: Path) -> None:
    """With -o yaml there is a file of Secrets; a rotation is told by --deployed what the cluster has of them."""
    file = tmp_path / "secrets.yaml"
    ran = act("issue", ca, "shop/web", "-f", "-", "--out", str(file), "-o", "yaml", stdin=INPUT)
    assert (ran.code, ran.err) == (0, "")
    (secret,) = yaml.safe_load_all(file.read_text())
    assert (secret["kind"], secret["type"]) == ("Secret", "kubernetes.io/tls")
    labels = {"app.kubernetes.io/managed-by": "crenel"}
    assert secret["metadata"] == {"name": "web-tls", "namespace": "shop", "labels": labels}
    assert sorted(secret["data"]) == ["ca.crt", "tls.crt", "tls.key"]
    ran = act("rotate", ca, "-o", "json")
    waits = reported(ran).rotation.waits  # type: ignore[union-attr]
    assert (ran.code, [(each.what, each.consumer) for each in waits]) == (1, [("unknown", "shop/web")])
    ran = act("renew", ca, "--deployed", str(file), "-o", "json")
    assert (ran.code, [each.what for each in reported(ran).rotation.waits]) == (0, ["reload"])  # type: ignore[union-attr]
    ran = act("renew", ca, "--deployed", str(file), "-o", "json", at="2026-06-01T10:10:00Z")
    assert reported(ran).rotation.phase == "reissuing"  # type: ignore[union-attr]


def test_status_does_nothing_and_says_what_is_waited_for(ca: Path) -> None:
    """`rotate --status` exits with 1 while a rotation is under way, and leaves all as it is."""
    assert act("rotate", ca, "--status").code == 0
    assert act("rotate", ca).code == 1
    before = (ca / "state.json").read_bytes()
    ran = act("rotate", ca, "--status", at="2026-06-01T12:00:00Z")
    assert ran.code == 1
    assert "rotation from root 1 to root 2, trusting since 2026-06-01T10:00:00Z" in ran.out
    assert (ca / "state.json").read_bytes() == before
    assert act("rotate", ca, "--status", "--exit-zero").code == 0


def test_a_revoked_certificate_is_replaced(ca: Path, tmp_path: Path) -> None:
    """Revoking says so in the report, and the next renewal issues another."""
    act("issue", ca, "shop/web", "-f", "-", "--out", str(tmp_path / "out"), stdin=INPUT)
    ran = act("revoke", ca, "shop/web", "--reason", "keyCompromise", "-o", "json")
    found = reported(ran)
    assert (ran.code, [each.reason for each in found.revoked]) == (0, ["keyCompromise"])
    assert found.revoked[0].serial == found.consumers[0].certificate.serial  # type: ignore[union-attr]
    assert act("revoke", ca, "shop/web").err == f"crenel: {found.revoked[0].serial} is revoked already\n"
    ran = act("renew", ca, "-o", "json")
    assert [(each.action, each.why) for each in reported(ran).consumers] == [("issued", "it was revoked")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("init", "--trust-domain", "Example"), "trust_domain: 'Example' is no trust domain"),
        (("init",), "init needs --trust-domain"),
        (("init", "--trust-domain", "a", "--set", "leaf=1y"), "leaf: '1y' is no length of time"),
        (("init", "--trust-domain", "a", "--set", "leaf=20d"), "not longer than an intermediate"),
        (("init", "--trust-domain", "a", "--set", "what=1"), "a policy has no 'what'"),
        (("init", "--trust-domain", "a", "--root-keys", "/nowhere/at/all"), "there is no such folder"),
        (("renew",), "is no authority: there is no such folder"),
        (("rotate", "--status"), "is no authority"),
        (("renew", "--at", "yesterday"), "write a time like"),
        (("renew", "--at", "0001-01-01"), "write a time like"),
        (("revoke", "x", "--reason", "spite"), "--reason spite: one of"),
        (("revoke",), "NAME"),
        (("issue", "x", "--dns", "a.svc"), "is no authority"),
    ],
)
def test_wrong_use_is_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """What makes no sense ends with 2 and one line, and a hint at most."""
    ran = crenel("certs", "ca", *arguments, "--ca", str(tmp_path / "ca"))
    assert (ran.code, ran.out) == (2, "")
    assert words in ran.err
    assert len(ran.err.splitlines()) <= 2


def test_an_interrupted_beginning_is_gone_on_with(tmp_path: Path) -> None:
    """`init` that failed because the disk was not there succeeds once it is; a second one is refused."""
    arguments = ("--trust-domain", "a", "--root-keys", str(tmp_path / "disk"))
    assert act("init", tmp_path / "ca", *arguments).code == 2
    (tmp_path / "disk").mkdir()
    assert act("init", tmp_path / "ca", *arguments).code == 0
    assert act("init", tmp_path / "ca", *arguments).err == f"crenel: {tmp_path / 'ca'} is an authority already\n"


def test_many_processes_at_once(ca: Path, tmp_path: Path) -> None:
    """Processes that issue, renew and rotate the same authority wait for each other, and lose nothing."""
    names = [f"w{number}" for number in range(4)]
    commands: list[tuple[str, ...]] = [("renew",), ("rotate",), ("renew",)]
    commands[:0] = [("issue", each, "--dns", f"{each}.svc", "--out", str(tmp_path / each)) for each in names]
    running = [
        subprocess.Popen([sys.executable, "-m", "crenel", "certs", "ca", *each, "--ca", str(ca)],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for each in commands
    ]  # fmt: skip
    ended = [(*each.communicate(timeout=100), each.returncode) for each in running]
    assert [code for _, _, code in ended] == [0, 0, 0, 0, 0, 1, 0], ended
    assert "".join(err for _, err, _ in ended) == ""
    now = crenel("certs", "ca", "renew", "--ca", str(ca), "-o", "json")
    assert sorted(each.consumer for each in reported(now).consumers) == names
    ledger = [msgspec.json.decode(line) for line in (ca / "issued.jsonl").read_bytes().splitlines()]
    for each in names:
        (leaf, _) = read((tmp_path / each / "tls.crt").read_bytes()).certificates
        assert leaf.serial in {entry["serial"] for entry in ledger}
        assert (tmp_path / each / "ca.crt").read_text().count("BEGIN") == 2


@pytest.mark.parametrize("name", SUBCOMMANDS)
def test_every_subcommand_has_a_help(name: str) -> None:
    """It explains itself and its options, and fits into a terminal; nothing is imported for that but the parser."""
    ran = crenel("certs", "ca", name, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "--ca PATH" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 120

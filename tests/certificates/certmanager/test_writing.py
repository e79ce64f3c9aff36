"""What is written for cert-manager, read back by our own decoder and judged by our own audit."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.papers import hook, ingress, secret
from certificates.inside import inside
from certificates.making import AT, Issued, authority, key, leaf
from command import Ran
from crenel.certificates.certmanager.needs import Need
from crenel.certificates.certmanager.writing import Style, together, write
from crenel.certificates.inventory.model import Inventory
from crenel.sources.manifests import ManifestReader
from output.shapes import WrittenObjects

HOST = "shop.example.com"
NOW = ("--at", f"{AT:%Y-%m-%d}")
ROOT = authority()


def written(tmp_path: Path, text: str, *more: str, issuer: str = "--cluster-issuer=internal") -> Ran:
    """Run the command on a text."""
    path = tmp_path / "input.yaml"
    path.write_text(text)
    return inside("certs", "write", issuer, "-f", str(path), *NOW, *more)


def objects(ran: Ran) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(ran.out) if each]


def service(name: str = "api", port: str = "name: https, port: 443", more: str = "") -> str:
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{selector: {{app: {name}}}, ports: [{{{port}}}]{more}}}
---
"""


def certificate(target: str = "shop-tls", name: str = "shop", dns: str = HOST) -> str:
    return f"""apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {{name: {name}, namespace: shop}}
spec: {{secretName: {target}, dnsNames: [{dns}], issuerRef: {{name: other}}}}
---
"""


def stored(issued: Issued, name: str = "shop-tls", annotations: str = "") -> str:
    return secret(name, issued, key=issued.key_pem, annotations=annotations)


OLD = stored(leaf(HOST, ROOT, dns=(HOST, "www.example.com"), private=key(7)))


def test_a_secret_that_is_missing(tmp_path: Path) -> None:
    """An Ingress whose Secret is not there gets a Certificate that writes it, for the hosts of its TLS section."""
    ran = written(tmp_path, ingress())
    assert ran.code == 0
    assert objects(ran) == [
        {
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": "shop-tls", "namespace": "shop"},
            "spec": {
                "secretName": "shop-tls",
                "dnsNames": [HOST],
                "issuerRef": {"group": "cert-manager.io", "kind": "ClusterIssuer", "name": "internal"},
                "duration": "2160h0m0s",
                "renewBefore": "720h0m0s",
                "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
                "usages": ["digital signature", "server auth"],
            },
        }
    ]
    assert "# for ingress shop/web: its Secret is not in the input\n" in ran.out
    assert "note: clusterissuer internal: it is not in the input" in ran.err


LONER = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (ingress() + OLD, [("shop-tls", [HOST, "www.example.com"])]),
        (ingress() + OLD + certificate(), []),
        (ingress() + certificate(), []),
        (ingress() + certificate("other-tls", "shop-tls"), [("shop-tls", [HOST])]),
        (ingress(annotations="cert-manager.io/cluster-issuer: public"), []),
        (ingress() + stored(leaf(HOST, ROOT), annotations="cert-manager.io/certificate-name: shop"), []),
        (service(), [("api-tls", ["api.shop.svc", "api.shop.svc.cluster.local"])]),
        (service(port="name: http, port: 80"), []),
        (service(port="appProtocol: https, port: 1"), [("api-tls", ["api.shop.svc", "api.shop.svc.cluster.local"])]),
        (service(more=", type: LoadBalancer"), []),
        (
            service(more=", clusterIP: None"),
            [
                (
                    "api-tls",
                    ["api.shop.svc", "*.api.shop.svc", "api.shop.svc.cluster.local", "*.api.shop.svc.cluster.local"],
                )
            ],
        ),
        (service() + certificate("x-tls", "x", "api.shop.svc"), []),
        (
            service() + stored(leaf("api.shop.svc", ROOT, dns=("api.shop.svc", "extra")), "x-tls"),
            [("x-tls", ["api.shop.svc", "api.shop.svc.cluster.local", "extra"])],
        ),
        (
            service() + stored(leaf("other.shop.svc", ROOT), "api-tls"),
            [("api-tls-2", ["api.shop.svc", "api.shop.svc.cluster.local"])],
        ),
    ],
)
def test_what_is_looked_after(text: str, found: list[tuple[str, list[str]]], tmp_path: Path) -> None:
    """What nobody renews is found, with all its names; what a Certificate, an annotation or others have is not."""
    ran = written(tmp_path, LONER + text)
    assert [(each["spec"]["secretName"], each["spec"]["dnsNames"]) for each in objects(ran)] == found
    names = [(each["kind"], each["metadata"]["namespace"], each["metadata"]["name"]) for each in objects(ran)]
    existing = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"])
                for each in yaml.safe_load_all(text) if each]  # fmt: skip
    assert not set(names) & set(existing)


def test_hosts_without_tls(tmp_path: Path) -> None:
    """Hosts that no TLS section has get a Certificate, and a note on what the Ingress lacks."""
    rules = "".join(f"  - {{host: {host}}}\n" for host in (HOST, "other.example.com"))
    ran = written(tmp_path, ingress("other.example.com").replace("---\n", f"  rules:\n{rules}---\n"))
    assert [(each["metadata"]["name"], each["spec"]["dnsNames"]) for each in objects(ran)] == [
        ("shop-tls", ["other.example.com"]), ("web-tls", [HOST]),
    ]  # fmt: skip
    assert f"let its spec.tls have the hosts {HOST} and the secretName web-tls" in ran.err


def test_what_cannot_be_helped(tmp_path: Path) -> None:
    """A Secret of something else, a reference that is not granted, hosts that nobody names: said, and exit code 1."""
    gateway = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - {name: a, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: nameless-tls}]}}
  - {name: b, port: 444, protocol: HTTPS, hostname: b.example.com,
     tls: {certificateRefs: [{name: far-tls, namespace: other}]}}
---
"""
    opaque = secret("shop-tls", kind="Opaque")
    ran = written(tmp_path, LONER + ingress() + opaque + gateway)
    assert (ran.code, ran.out) == (1, "")
    for text in (
        "ingress shop/web: spec.tls[0].secretName: no Certificate is written: its Secret shop/shop-tls is there",
        "no host says what the certificate in shop/nameless-tls is for",
        "it refers to another namespace without a ReferenceGrant",
    ):
        assert text in ran.err
    assert written(tmp_path, LONER + ingress() + opaque + gateway, "--exit-zero").code == 0


def test_what_the_api_server_calls(tmp_path: Path) -> None:
    """The Service of a webhook needs a certificate, whatever its port is called."""
    text = LONER + service("web", "name: http, port: 443") + hook("")
    assert [each["spec"]["dnsNames"] for each in objects(written(tmp_path, text))] == [
        ["web.shop.svc", "web.shop.svc.cluster.local"]
    ]


ACME = """apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: internal}
spec: {acme: {server: https://acme.example}}
---
"""


def test_public_issuers(tmp_path: Path) -> None:
    """An issuer that speaks ACME signs for no name of the cluster and for no client, and a wildcard needs dns01."""
    ran = written(tmp_path, ACME + service() + ingress("*.example.com"))
    assert [each["spec"]["dnsNames"] for each in objects(ran)] == [["*.example.com"]]
    assert objects(ran)[0]["spec"]["usages"] == ["digital signature", "server auth"]
    assert ran.code == 1
    assert "api.shop.svc: an ACME issuer does not sign for names of the cluster" in ran.err
    assert "a wildcard needs an issuer that solves dns01" in ran.err
    inside = objects(written(tmp_path, service()))
    assert inside[0]["spec"]["usages"] == ["digital signature", "server auth", "client auth"]


@pytest.mark.parametrize(
    ("arguments", "spec"),
    [
        (("--skeleton", "ca"), {"ca": {"secretName": "internal-ca"}}),
        (("--skeleton", "self-signed"), {"selfSigned": {}}),
        (
            ("--skeleton", "acme", "--mail", "ops@example.com"),
            {
                "acme": {
                    "server": "https://acme-v02.api.letsencrypt.org/directory",
                    "email": "ops@example.com",
                    "privateKeySecretRef": {"name": "internal-account"},
                    "solvers": [{"http01": {"ingress": {}}}],
                }
            },
        ),
    ],
)
def test_issuers(arguments: tuple[str, ...], spec: object, tmp_path: Path) -> None:
    """An issuer that is missing is begun; one that is there is not written again."""
    found = objects(written(tmp_path, ingress(), *arguments, issuer="--issuer=internal"))
    assert [(each["kind"], each["metadata"].get("namespace")) for each in found] == [
        ("Issuer", "shop"),
        ("Certificate", "shop"),
    ]
    assert found[0]["spec"] == spec
    there = ACME.replace("ClusterIssuer", "Issuer").replace("internal", "internal, namespace: shop")
    again = objects(written(tmp_path, there + ingress(), *arguments, issuer="--issuer=internal"))
    assert [each["kind"] for each in again] == ["Certificate"]


def test_what_was_written_is_enough(tmp_path: Path) -> None:
    """With it in the input nothing more is written, and no check of the audit says anything of it."""
    gateway = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front, namespace: shop}
spec:
  gatewayClassName: any
  listeners:
  - name: https
    port: 443
    protocol: HTTPS
    hostname: gate.example.com
    tls: {certificateRefs: [{name: gate-tls}]}
---
"""
    text = LONER + ingress() + OLD + gateway + service()
    ran = written(tmp_path, text, "--skeleton", "ca", issuer="--issuer=internal")
    assert [each["metadata"]["name"] for each in objects(ran)] == ["internal", "api-tls", "gate-tls", "shop-tls"]
    (tmp_path / "more.yaml").write_text(ran.out)
    again = inside("certs", "write", "--issuer", "internal", "-f", str(tmp_path), *NOW)
    assert (again.code, again.out) == (0, "")
    audit = inside("audit", "-f", str(tmp_path), "--select", "TL", "-o", "json", *NOW)
    found = json.loads(audit.out)
    assert [each for each in found["findings"] if "more.yaml" in json.dumps(each)] == []


def test_json(tmp_path: Path) -> None:
    """Programs read what was written for whom and why, and the text itself; with --out that is in the file too."""
    ran = written(tmp_path, ingress() + OLD, "-o", "json", "--out", str(tmp_path / "new.yaml"))
    (found,) = msgspec.json.decode(ran.out, type=WrittenObjects).objects
    assert (found.kind, found.namespace, found.name, found.secret) == ("Certificate", "shop", "shop-tls", "shop-tls")
    assert (found.users, found.why) == (["ingress shop/web"], "nobody renews its certificate")
    assert found.yaml == (tmp_path / "new.yaml").read_text()


def test_files(tmp_path: Path) -> None:
    """A file is written once and never replaced."""
    out = tmp_path / "new.yaml"
    first = written(tmp_path, ingress(), "--out", str(out))
    assert (first.code, first.out) == (0, "")
    assert [each["kind"] for each in yaml.safe_load_all(out.read_text())] == ["Certificate"]
    again = written(tmp_path, ingress(), "--out", str(out))
    assert (again.code, "there is such a file already" in again.err) == (2, True)


def test_nothing_to_look_at(tmp_path: Path) -> None:
    """Without hosts and Services nothing was examined; -n looks at some namespaces alone; a cluster needs --secrets."""
    assert written(tmp_path, LONER).code == 3
    assert written(tmp_path, ingress(), "-n", "other").code == 3
    ran = inside("certs", "write", "--issuer", "internal")
    assert (ran.code, "hint: add --secrets" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--duration", "30m"), "cert-manager takes an hour at least"),
        (("--duration", "2h", "--renew-before", "2h"), "less than the duration"),
        (("--renew-before", "1m"), "five minutes at least"),
        (("--duration", "soon"), "is no length of time"),
        (("--mail", "a@b"), "--mail goes with --skeleton acme"),
    ],
)
def test_what_makes_no_sense(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """One line says what is wrong with the options."""
    ran = written(tmp_path, ingress(), *arguments)
    assert (ran.code, said in ran.err) == (2, True)


NAMES = st.text("abcxyz0123456789-.e+~_:# \n\"'{}é", min_size=1, max_size=12)


@settings(deadline=None)
@given(secret_name=NAMES, hosts=st.lists(NAMES, min_size=1, max_size=3), user=st.text(max_size=20))
def test_names_stay_names(secret_name: str, hosts: list[str], user: str) -> None:
    """Whatever names look like (numbers, dates, YAML), they are read back as the same texts, or were refused."""
    need = Need(("shop", secret_name), tuple(hosts), (user,), "because")
    found, problems = write([need], Inventory(AT), Style("internal", cluster=True))
    if not found:
        assert problems
        return
    (document,) = [each.data for each in ManifestReader().read("written", together(found).encode()).documents]
    spec = document["spec"]
    assert (document["metadata"]["name"], spec["secretName"]) == (secret_name, secret_name)
    assert {*spec.get("dnsNames", ()), *spec.get("ipAddresses", ())} == set(found[0].hosts)
    assert set(found[0].hosts) <= {each.lower().rstrip(".") for each in hosts} | {
        each for each in found[0].hosts if "xn--" in each
    }


def test_lengths() -> None:
    """Lengths of time are written as Go reads them."""
    need = Need(("shop", "a"), ("a.example",), (), "")
    style = Style("internal", duration=timedelta(hours=1), renew_before=timedelta(minutes=20, seconds=5))
    text = together(write([need], Inventory(AT), style)[0])
    assert "  duration: 1h0m0s\n  renewBefore: 0h20m5s\n" in text

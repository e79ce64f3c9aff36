"""The inventory of a live cluster: Secrets are read when they are asked for, and never saved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from apiserver import Resource, Rights, Server, User
from apiserver.harness import Harness
from certificates.inventory.pieces import DAY, Thing, b64, certificate, config_map, ingress, ready, secret, thing, tls
from certificates.making import authority, key, leaf
from command import ROOT as ROOT_FOLDER
from command import Ran, crenel

ROOT = authority()
WEB = leaf("shop.example.com", ROOT, private=key(300))
OTHER = leaf("other.example.com", ROOT, private=key(301))
HOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", "ValidatingWebhookConfiguration", False
)


def things() -> Iterator[Thing]:
    """A Secret of the type for TLS, others, and what refers to them."""
    yield thing("v1", "Namespace", "shop", "")
    yield tls("web", WEB, ca=ROOT.pem)
    yield secret("opaque", {"other.crt": OTHER.pem, "other.key": OTHER.key_pem})
    yield secret("cacerts", {"ca-cert.pem": ROOT.pem, "ca-key.pem": ROOT.key_pem}, "istio-system")
    yield ingress("web", "web", "shop.example.com")
    yield certificate("web", "web", conditions=ready(), renewalTime="2026-07-21T00:00:00Z")
    yield config_map("linkerd-identity-trust-roots", {"ca-bundle.crt": ROOT.pem}, "linkerd")
    yield config_map("roots", {"ca.crt": ROOT.pem})
    client = {"url": "https://a.b.c", "caBundle": b64(ROOT.pem)}
    yield thing("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "w", "",
                webhooks=[{"name": "a.b.c", "clientConfig": client}])  # fmt: skip


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    """A cluster with all of it."""
    with Server() as server:
        server.api.served.add(HOOKS)
        harness = Harness(server, tmp_path_factory.mktemp("live"))
        harness.put(*things())
        yield harness


def inventory(live: Harness, *arguments: str) -> Ran:
    """The command on the cluster."""
    return crenel("certs", "inventory", "--kubeconfig", live.kubeconfig(), "--at", DAY, *arguments)


def titles(ran: Ran) -> list[str]:
    """Where it found certificates."""
    return [f"{each['place']} {each['label']}" for each in json.loads(ran.out)["entries"]]


def test_secrets_are_not_read_unless_they_are_asked_for(live: Harness) -> None:
    """Without --secrets there is no request for any; what trusts is read."""
    ran = inventory(live, "-o", "json")
    assert ran.code == 0
    assert ran.err == "context: test\nnote: no Secret was read: --secrets reads those of the type for TLS\n"
    assert sorted(titles(ran)) == [
        "configmap linkerd/linkerd-identity-trust-roots ca-bundle.crt", "validatingwebhookconfiguration w caBundle",
    ]  # fmt: skip
    assert live.server.paths and not any("/secrets" in path for path in live.server.paths)


def test_secrets_of_the_type_for_tls(live: Harness) -> None:
    """With it those of the type for TLS are, and those of meshes by name; others are not even sent."""
    ran = inventory(live, "--secrets", "-o", "json")
    assert ran.code == 0, ran.err
    found = titles(ran)
    assert {"secret shop/web tls.crt", "secret istio-system/cacerts ca-cert.pem"} <= {*found}
    assert not any("opaque" in each for each in found)
    entry = next(each for each in json.loads(ran.out)["entries"] if each["place"] == "secret shop/web" and each["key"])
    assert (entry["key"]["matches"], entry["renewal"]["state"], entry["file"]) == (True, "working", "context test")
    assert WEB.key_pem[40:80] not in ran.out + ran.err


def roles() -> dict[str, Thing]:
    """The ClusterRoles that are shipped, by name."""
    files = [ROOT_FOLDER / "deploy" / name for name in ("rbac-readonly.yaml", "rbac-certificates.yaml")]
    found = [each for path in files for each in yaml.safe_load_all(path.read_text("utf-8")) if each]
    return {each["metadata"]["name"]: each for each in found if each["kind"] == "ClusterRole"}


def test_the_shipped_rights_are_enough(live: Harness) -> None:
    """With the role for Secrets in one namespace, its Secrets are found, and what may not be read is said."""
    own = roles()
    rules = [
        *Rights.of_role(own["crenel-readonly"]).rules,
        *Rights.of_role(own["crenel-certificates"]).rules,
        *Rights.of_role(own["crenel-secrets"], "shop").rules,
    ]
    live.server.api.tokens["reader"] = User("reader", rights=Rights(rules))
    config = live.kubeconfig({"token": "reader"})
    arguments = ("certs", "inventory", "--kubeconfig", config, "--at", DAY, "-o", "json")
    plain = crenel(*arguments)
    assert (plain.code, "forbidden" in plain.err) == (0, False)
    ran = crenel(*arguments, "--secrets", "-n", "shop")
    assert ran.code == 0, ran.err
    assert {"secret shop/web tls.crt", "secret shop/web ca.crt"} <= {*titles(ran)}
    assert "forbidden" in ran.err and "secrets" in ran.err


def test_no_secret_is_in_a_snapshot(live: Harness, tmp_path: Path) -> None:
    """Neither its values nor its name, nor a key that lies elsewhere."""
    live.put(config_map("kube-proxy", {"a.pem": WEB.pem + WEB.key_pem, "b": b64(WEB.key_pem)}, "kube-system"))
    ran = crenel("snapshot", "-o", "cluster.json", "--kubeconfig", live.kubeconfig(), cwd=tmp_path)
    assert ran.code == 0, ran.err
    text = (tmp_path / "cluster.json").read_text()
    assert '"Secret"' not in text
    body = "".join(WEB.key_pem.splitlines()[1:-1])
    encoded = b64(WEB.key_pem)
    assert "kube-proxy" in text and WEB.pem.splitlines()[2] in text
    flat = text.replace("\\n", "")
    public = WEB.pem.replace("\n", "")
    for needle in (body, encoded):
        windows = {needle[at : at + 24] for at in range(len(needle) - 24)}
        private = [each for each in windows if each not in public]
        assert len(private) > 60 and not [each for each in private if each in flat]


def test_secrets_are_for_a_live_cluster() -> None:
    """With -f they are in the input or not."""
    ran = crenel("certs", "inventory", "-f", "x.yaml", "--secrets")
    assert (ran.code, ran.out) == (2, "")
    assert "--secrets is for a live cluster: it goes without -f" in ran.err

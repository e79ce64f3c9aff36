"""Every place where certificates are: found by the real command, with who serves, trusts and renews them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from certificates.inventory.pieces import (
    Thing,
    b64,
    certificate,
    config_map,
    deployment,
    found,
    ingress,
    ready,
    secret,
    thing,
    tls,
    write,
)
from certificates.making import CLIENT, authority, key, leaf

ROOT = authority()
CA = authority("Issuing", ROOT)
WEB = leaf("web.shop.svc", CA, dns=("web.shop.svc", "shop.example.com"), private=key(1))
HOOK = leaf("hook.shop.svc", ROOT, private=key(2))
MESH = authority("Mesh")
SIGNER = authority("Signer", MESH)
LINKERD = authority("root.linkerd.cluster.local")
IDENTITY = authority("identity.linkerd.cluster.local", LINKERD, days=400)
ADMIN = leaf("admin", ROOT, dns=(), purposes=(CLIENT,), private=key(3))


def cluster() -> Iterator[Thing]:
    """A Secret that is served by everything, and every kind that trusts."""
    yield tls("web", WEB, CA, ca=ROOT.pem, annotations={"cert-manager.io/certificate-name": "web"})
    yield certificate(
        "web", "web", conditions=ready(), renewalTime="2026-07-21T00:00:00Z", notAfter="2026-08-20T00:00:00Z"
    )
    yield thing(
        "cert-manager.io/v1", "Issuer", "ca", spec={"ca": {"secretName": "signing"}}, status={"conditions": ready()}
    )
    yield secret("signing", {"tls.crt": CA.pem, "tls.key": CA.key_pem}, type_="kubernetes.io/tls")
    yield ingress("web", "web", "shop.example.com")
    yield from gateways()
    yield deployment("web", [{"name": "tls", "secret": {"secretName": "web"}}])
    yield deployment("client", [{"name": "roots", "projected": {"sources": [{"configMap": {"name": "roots"}}]}}])
    yield config_map("roots", {"ca.pem": ROOT.pem + authority("Other").pem, "readme": "no certificate"})
    yield from callers()
    yield from bundles()
    yield from meshes()
    yield route()


def gateways() -> Iterator[Thing]:
    """A Gateway of the Gateway API in another namespace, with a grant, and one of Istio."""
    clients = {"caCertificateRefs": [{"kind": "ConfigMap", "group": "", "name": "clients"}]}
    listener = {
        "name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com",
        "tls": {"certificateRefs": [{"name": "web", "namespace": "shop"}], "frontendValidation": clients},
    }  # fmt: skip
    spec = {"gatewayClassName": "x", "listeners": [listener]}
    yield thing("gateway.networking.k8s.io/v1", "Gateway", "edge", "front", spec=spec)
    yield thing("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "edge", spec={
        "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "front"}],
        "to": [{"group": "", "kind": "Secret"}]})  # fmt: skip
    yield config_map("clients", {"ca.crt": ROOT.pem}, "front")
    yield thing("networking.istio.io/v1", "Gateway", "mesh", spec={"selector": {"istio": "ingressgateway"}, "servers": [
        {"port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["shop.example.com"],
         "tls": {"mode": "SIMPLE", "credentialName": "web"}}]})  # fmt: skip
    yield thing("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "web", spec={
        "targetRefs": [{"group": "", "kind": "Service", "name": "web"}],
        "validation": {"hostname": "web.shop.svc",
                       "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "roots"}]}})  # fmt: skip


def callers() -> Iterator[Thing]:
    """Webhooks, an aggregated API and a conversion."""
    yield tls("hook", HOOK, ca=ROOT.pem)
    yield certificate("hook", "hook", conditions=ready(), renewalTime="2026-07-21T00:00:00Z")
    service = {"namespace": "shop", "name": "hook"}
    client = {"service": service, "caBundle": b64(ROOT.pem)}
    injected = {"cert-manager.io/inject-ca-from": "shop/hook"}
    group = "admissionregistration.k8s.io/v1"
    yield thing(group, "ValidatingWebhookConfiguration", "checks", "", annotations=injected,
                webhooks=[{"name": "a.example.com", "clientConfig": client}])  # fmt: skip
    stale = {"service": service, "caBundle": b64(authority("Other").pem)}
    yield thing(group, "MutatingWebhookConfiguration", "changes", "", annotations=injected,
                webhooks=[{"name": "b.example.com", "clientConfig": stale}])  # fmt: skip
    yield thing("apiregistration.k8s.io/v1", "APIService", "v1.x.io", "", spec={
        "group": "x.io", "version": "v1", "groupPriorityMinimum": 1, "versionPriority": 1, **client})  # fmt: skip
    yield thing("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a.x.io", "", spec={
        "group": "x.io", "names": {"kind": "A", "plural": "as"}, "scope": "Namespaced", "versions": [],
        "conversion": {"strategy": "Webhook", "webhook": {"clientConfig": client}}})  # fmt: skip


def bundles() -> Iterator[Thing]:
    """trust-manager's and Kubernetes' own."""
    yield thing("trust.cert-manager.io/v1alpha1", "Bundle", "roots", "", spec={
        "sources": [{"inLine": ROOT.pem}, {"secret": {"name": "hook", "key": "ca.crt"}}],
        "target": {"configMap": {"key": "trust.pem"}}},
        status={"conditions": [{"type": "Synced", "status": "True"}]})  # fmt: skip
    yield config_map("roots", {"trust.pem": ROOT.pem}, "pay", labels={"trust.cert-manager.io/bundle": "roots"})
    yield thing("certificates.k8s.io/v1beta1", "ClusterTrustBundle", "x.io:signer:a", "", spec={
        "signerName": "x.io/signer", "trustBundle": ROOT.pem})  # fmt: skip


def meshes() -> Iterator[Thing]:
    """Istio with a root of its own and with one that was plugged in, and Linkerd."""
    own = {"ca-cert.pem": MESH.pem, "ca-key.pem": MESH.key_pem, "root-cert.pem": ""}
    yield secret("istio-ca-secret", own, "istio-a", "istio.io/ca-root")
    yield secret("cacerts", {
        "ca-cert.pem": SIGNER.pem, "ca-key.pem": SIGNER.key_pem, "cert-chain.pem": SIGNER.pem + MESH.pem,
        "root-cert.pem": MESH.pem}, "istio-system")  # fmt: skip
    yield config_map("istio-ca-root-cert", {"root-cert.pem": MESH.pem}, "shop")
    yield secret("linkerd-identity-issuer", {"tls.crt": IDENTITY.pem, "tls.key": IDENTITY.key_pem}, "linkerd",
                 "kubernetes.io/tls")  # fmt: skip
    yield config_map("linkerd-identity-trust-roots", {"ca-bundle.crt": LINKERD.pem}, "linkerd")


def route() -> Thing:
    """A Route of OpenShift that holds its certificate itself."""
    return thing("route.openshift.io/v1", "Route", "web", spec={
        "host": "shop.example.com", "to": {"kind": "Service", "name": "web"},
        "tls": {"termination": "reencrypt", "certificate": WEB.pem, "key": WEB.key_pem, "caCertificate": CA.pem,
                "destinationCACertificate": ROOT.pem}})  # fmt: skip


def kubeconfig() -> Thing:
    """A kubeconfig with a client certificate."""
    return {"apiVersion": "v1", "kind": "Config", "current-context": "prod",
            "clusters": [{"name": "c", "cluster": {"server": "https://10.0.0.1:6443",
                                                   "certificate-authority-data": b64(ROOT.pem)}}],
            "users": [{"name": "u", "user": {"client-certificate-data": b64(ADMIN.pem),
                                             "client-key-data": b64(ADMIN.key_pem)}}],
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}]}  # fmt: skip


@pytest.fixture(scope="module")
def all_(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Thing]:
    """What the command finds in the cluster."""
    folder = tmp_path_factory.mktemp("cluster")
    write(folder, cluster())
    return found(folder)


def served(entry: Thing) -> list[str]:
    """Who serves it."""
    return [each["by"] for each in entry["served"]]


def wrong(entry: Thing) -> list[str]:
    """The ids of what is wrong."""
    return [each["id"] for each in entry["findings"]]


def test_a_secret(all_: dict[str, Thing]) -> None:
    """Names, issuer, chain, key and life of a pair, all of it; and who serves, trusts and renews it."""
    entry = all_["secret shop/web tls.crt"]
    first, second = entry["certificates"]
    assert (first["subject"], first["issuer"]) == ("CN=web.shop.svc", "CN=Issuing")
    assert first["names"] == ["web.shop.svc", "shop.example.com"]
    assert (first["key"]["kind"], first["signature"], first["authority"]) == ("EC P-256", "sha256", False)
    assert (first["not_before"], first["not_after"]) == ("2026-05-22T00:00:00Z", "2026-08-20T00:00:00Z")
    assert first["used"] == round(10 / 90, 4)
    assert second["subject"] == "CN=Issuing" and second["authority"]
    assert entry["key"] == {"kind": "EC P-256", "fingerprint": first["key"]["fingerprint"], "matches": True}
    assert entry["chain"] == {"verified": True, "root": "CN=Root", "reason": None, "message": None}
    assert served(entry) == [
        "ingress shop/web", "gateway front/edge", "gateway shop/mesh", "deployment shop/web",
    ]  # fmt: skip
    assert [each["mounted"] for each in entry["served"]] == [False, False, False, True]
    assert sorted({*entry["trusted"]}) == [
        "apiservice v1.x.io", "backendtlspolicy shop/web", "bundle roots inLine",
        "clustertrustbundle x.io:signer:a trustBundle", "configmap pay/roots trust.pem",
        "customresourcedefinition a.x.io", "deployment shop/client", "deployment shop/web", "gateway front/edge",
        "route shop/web destinationCACertificate", "validatingwebhookconfiguration checks",
    ]  # fmt: skip
    assert entry["renewal"] == {"state": "working", "by": "certificate shop/web", "how": "CA", "reason": None}
    assert wrong(entry) == []


def test_its_authority_is_a_bundle(all_: dict[str, Thing]) -> None:
    """ca.crt is trusted by the pods that have the Secret in a volume, and not shown."""
    entry = all_["secret shop/web ca.crt"]
    assert (entry["use"], entry["key"], entry["trusted"]) == ("bundle", None, ["deployment shop/web"])


def test_an_issuer(all_: dict[str, Thing]) -> None:
    """The Secret of a CA issuer is a pair of its own, which nobody renews."""
    entry = all_["secret shop/signing tls.crt"]
    assert entry["certificates"][0]["authority"] and entry["renewal"]["state"] == "nobody"


def test_config_maps(all_: dict[str, Thing]) -> None:
    """A bundle knows the pods and policies that it is given to."""
    entry = all_["configmap shop/roots ca.pem"]
    assert [each["subject"] for each in entry["certificates"]] == ["CN=Root", "CN=Other"]
    assert entry["trusted"] == ["backendtlspolicy shop/web", "deployment shop/client"]
    assert all_["configmap front/clients ca.crt"]["trusted"] == ["gateway front/edge"]


@pytest.mark.parametrize(
    "title",
    [
        "validatingwebhookconfiguration checks caBundle",
        "apiservice v1.x.io caBundle",
        "customresourcedefinition a.x.io caBundle",
    ],
)
def test_callers(all_: dict[str, Thing], title: str) -> None:
    """The API server trusts what is in a caBundle, and those who are signed by it know."""
    entry = all_[title]
    assert (entry["use"], entry["certificates"][0]["subject"]) == ("bundle", "CN=Root")
    assert entry["trusted"] == [title.removesuffix(" caBundle")]
    assert title.removesuffix(" caBundle") in all_["secret shop/hook tls.crt"]["trusted"]


def test_injected_bundles(all_: dict[str, Thing]) -> None:
    """A caBundle that is not what its injector would write was not renewed."""
    assert all_["validatingwebhookconfiguration checks caBundle"]["renewal"]["state"] == "working"
    entry = all_["mutatingwebhookconfiguration changes caBundle"]
    assert entry["renewal"] == {
        "state": "failing", "by": "cert-manager", "how": None,
        "reason": "it differs from the CA of certificate shop/hook",
    }  # fmt: skip
    assert wrong(entry) == ["renewal"]


def test_trust_bundles(all_: dict[str, Thing]) -> None:
    """What trust-manager and Kubernetes distribute, and what becomes of it."""
    assert all_["bundle roots inLine"]["certificates"][0]["subject"] == "CN=Root"
    assert all_["clustertrustbundle x.io:signer:a trustBundle"]["use"] == "bundle"
    written = all_["configmap pay/roots trust.pem"]["renewal"]
    assert (written["state"], written["by"]) == ("working", "bundle roots")


def test_istio(all_: dict[str, Thing]) -> None:
    """Its own root is renewed by istiod, one that was plugged in by nobody; workloads trust the root."""
    own = all_["secret istio-a/istio-ca-secret ca-cert.pem"]
    assert (own["key"]["matches"], served(own)) == (True, ["mesh Istio"])
    assert own["renewal"] == {"state": "working", "by": "istiod", "how": "mesh", "reason": None}
    plugged = all_["secret istio-system/cacerts ca-cert.pem"]
    assert (plugged["key"]["matches"], plugged["renewal"]["state"]) == (True, "nobody")
    assert plugged["chain"]["root"] == "CN=Mesh"
    assert all_["configmap shop/istio-ca-root-cert root-cert.pem"]["trusted"] == ["workloads of Istio"]
    assert "workloads of Istio" in plugged["trusted"]


def test_linkerd(all_: dict[str, Thing]) -> None:
    """The issuer under its trust roots; nobody renews it here, and it grows old."""
    entry = all_["secret linkerd/linkerd-identity-issuer tls.crt"]
    assert (served(entry), entry["chain"]["verified"]) == (["mesh Linkerd"], True)
    assert entry["trusted"] == ["workloads of Linkerd"]
    assert [each["message"] for each in entry["findings"]] == ["91% of its life is over, and nobody renews it"]


def test_routes(all_: dict[str, Thing]) -> None:
    """A Route shows what it holds, with its key, for its host."""
    entry = all_["route shop/web certificate"]
    assert (served(entry), entry["key"]["matches"]) == (["route shop/web"], True)
    assert entry["served"][0]["hosts"] == ["shop.example.com"]
    assert [each["subject"] for each in entry["certificates"]] == ["CN=web.shop.svc", "CN=Issuing"], "what it shows"
    assert all_["route shop/web destinationCACertificate"]["use"] == "bundle"


def test_a_kubeconfig(tmp_path: Path) -> None:
    """What a client shows, and what it trusts."""
    path = tmp_path / "config"
    path.write_text(yaml.safe_dump(kubeconfig()))
    entries = found(path)
    user = entries["kubeconfig prod user u"]
    assert (user["use"], user["key"]["matches"]) == ("pair", True)
    assert user["chain"]["root"] == "CN=Root"
    assert user["trusted"] == ["kubeconfig prod for https://10.0.0.1:6443"]
    assert entries["kubeconfig prod cluster c"]["use"] == "bundle"


def test_files(tmp_path: Path) -> None:
    """PEM and DER below a directory, without any manifest; keys go with the certificates beside them."""
    below = tmp_path / "pki" / "etcd"
    below.mkdir(parents=True)
    (tmp_path / "pki" / "ca.crt").write_text(ROOT.pem)
    (tmp_path / "pki" / "ca.key").write_text(ROOT.key_pem)
    (below / "server.crt").write_bytes(HOOK.certificate.der)
    (below / "server.key").write_text(HOOK.key_pem)
    (below / "lonely.key").write_text(WEB.key_pem)
    (below / "notes.txt").write_text("nothing")
    entries = found(tmp_path)
    assert [*entries] == [
        f"file {tmp_path}/pki/ca.crt", f"file {below}/server.crt", f"file {below}/lonely.key",
    ]  # fmt: skip
    server = entries[f"file {below}/server.crt"]
    assert (server["key"]["matches"], server["chain"]["root"], wrong(server)) == (True, "CN=Root", [])
    assert entries[f"file {below}/lonely.key"]["use"] == "key"
    assert entries[f"file {tmp_path}/pki/ca.crt"]["key"]["matches"] is True


def test_files_and_manifests_together(tmp_path: Path) -> None:
    """A directory may hold both; what the files trust, Secrets are judged by."""
    write(tmp_path, [tls("hook", HOOK)])
    (tmp_path / "root.pem").write_text(ROOT.pem)
    entries = found(tmp_path)
    assert entries["secret shop/hook tls.crt"]["trusted"] == [f"file {tmp_path}/root.pem"]
    named = found(tmp_path / "root.pem")
    assert [*named] == [f"file {tmp_path}/root.pem"]


def renewals() -> dict[str, tuple[list[Thing], dict[str, Any]]]:
    """Objects around the Secret shop/web, and what is said of its renewal."""
    pair = tls("web", WEB, CA)
    note = {"cert-manager.io/certificate-name": "web"}
    shim = ingress("web", "web", "shop.example.com", annotations={"cert-manager.io/cluster-issuer": "le"})
    broken = thing(
        "cert-manager.io/v1", "Issuer", "ca", spec={"acme": {}}, status={"conditions": ready("False", "no account")}
    )
    openshift = {"service.beta.openshift.io/originating-service-name": "web"}
    by = "certificate shop/web"

    def says(state: str, by: str | None = by, how: str | None = None, reason: str | None = None) -> dict[str, Any]:
        return {"state": state, "by": by, "how": how, "reason": reason}

    return {
        "nobody": ([pair], says("nobody", None)),
        "no status": ([pair, certificate("web", "web")], says("unknown", reason="it has no status in the input")),
        "failed": (
            [pair, certificate("web", "web", conditions=ready("False", "quota"))], says("failing", reason="quota"),
        ),
        "failed before": (
            [pair, certificate("web", "web", lastFailureTime="2026-05-30T00:00:00Z", conditions=ready())],
            says("failing", reason="its last issuance failed"),
        ),
        "issuer": (
            [pair, broken, certificate("web", "web", conditions=ready())],
            says("failing", how="ACME", reason="issuer shop/ca is not ready: no account"),
        ),
        "overdue": (
            [pair, certificate("web", "web", conditions=ready(), renewalTime="2026-05-31T00:00:00Z")],
            says("overdue", reason="it was to be renewed on 2026-05-31 00:00"),
        ),
        "not overdue yet": (
            [pair, certificate("web", "web", conditions=ready(), renewalTime="2026-05-31T23:30:00Z")], says("working"),
        ),
        "stale": (
            [pair, certificate("web", "web", conditions=ready(), notAfter="2026-11-20T00:00:00Z")],
            says("failing", reason="what was issued is valid until 2026-11-20, and its Secret was not updated"),
        ),
        "elsewhere": (
            [tls("web", WEB, CA, annotations=note)], says("unknown", reason="it is not in the input"),
        ),
        "shim": (
            [pair, shim],
            says("unknown", "cert-manager", reason="for ingress shop/web; its certificate is not in the input"),
        ),
        "openshift": (
            [tls("web", WEB, CA, annotations=openshift)], says("working", "the service CA of OpenShift", "CA"),
        ),
        "openshift, expired": (
            [tls("web", leaf("web.shop.svc", CA, days=5), annotations=openshift)],
            says("failing", "the service CA of OpenShift", "CA", "it expired on 2026-05-27"),
        ),
        "external": (
            [tls("web", WEB, CA, labels={"reconcile.external-secrets.io/managed": "true"})],
            says("unknown", "external-secrets", reason="whoever writes its source"),
        ),
        "owner": (
            [tls("web", WEB, CA, owners=[{"apiVersion": "x/v1", "kind": "Thing", "name": "t", "uid": "1"}])],
            says("unknown", "thing t", reason="its owner may"),
        ),
    }  # fmt: skip


def test_renewals(tmp_path: Path) -> None:
    """Who renews a Secret, and whether that works, whatever the way: one folder for each."""
    for number, (things, _) in enumerate(renewals().values()):
        for each in things:
            each["metadata"]["namespace"] = f"n{number}"
        write(tmp_path, things, f"{number}.yaml")
    entries = found(tmp_path)
    for number, (name, (_, expected)) in enumerate(renewals().items()):
        wanted = {key: each.replace("shop/", f"n{number}/") if each else each for key, each in expected.items()}
        assert entries[f"secret n{number}/web tls.crt"]["renewal"] == wanted, name

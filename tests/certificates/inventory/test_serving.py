"""Who serves and who trusts what: references one by one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization

from certificates.inventory.pieces import Thing, config_map, deployment, entries, ingress, secret, take, thing, tls
from certificates.making import AT, CLIENT, authority, key, leaf
from crenel.certificates.inventory import faults
from crenel.certificates.inventory.faults import Kind

ROOT = authority()
WEB = leaf("shop.example.com", ROOT, private=key(400))
GATEWAY = "gateway.networking.k8s.io/v1"


def gateway(reference: Thing, namespace: str = "front", **tls_: object) -> Thing:
    """A Gateway with one listener that refers to a Secret."""
    listener = {
        "name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com",
        "tls": {"certificateRefs": [reference], **tls_},
    }  # fmt: skip
    return thing(GATEWAY, "Gateway", "edge", namespace, spec={"gatewayClassName": "x", "listeners": [listener]})


def grant(**to: str) -> Thing:
    """What lets Gateways of ``front`` refer to Secrets of ``shop``."""
    return thing("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "g", spec={
        "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "front"}],
        "to": [{"group": "", "kind": "Secret", **to}]})  # fmt: skip


@pytest.mark.parametrize(
    ("grants", "granted"),
    [([], False), ([grant()], True), ([grant(name="web")], True), ([grant(name="other")], False)],
)
def test_grants(grants: list[Thing], granted: bool) -> None:
    """Another namespace's Secret needs a ReferenceGrant there; without one that is a finding."""
    found = entries(tls("web", WEB), gateway({"name": "web", "namespace": "shop"}), *grants)["secret shop/web tls.crt"]
    assert [each.granted for each in found.served] == [granted]
    told = [each for each in faults.of(found, AT) if each.kind is Kind.FORBIDDEN]
    assert [each.message for each in told] == (
        [] if granted else ["gateway front/edge may not refer to it: no ReferenceGrant allows that"]
    )


def test_the_own_namespace_needs_no_grant() -> None:
    """Nor does a listener set or an Ingress."""
    found = entries(tls("web", WEB), gateway({"name": "web"}, "shop"))["secret shop/web tls.crt"]
    assert [(each.place.title, each.granted) for each in found.served] == [("gateway shop/edge", True)]


def test_passthrough_serves_nothing() -> None:
    """A listener that passes TLS on shows no certificate of its own; other kinds are no Secrets."""
    passing = gateway({"name": "web"}, "shop", mode="Passthrough")
    assert entries(tls("web", WEB), passing)["secret shop/web tls.crt"].served == []
    other = gateway({"name": "web", "kind": "Vault", "group": "x.io"}, "shop")
    assert entries(tls("web", WEB), other)["secret shop/web tls.crt"].served == []


def test_a_gateway_is_a_client_of_backends() -> None:
    """What it shows to them is judged as a client's."""
    edge = thing(GATEWAY, "Gateway", "edge", spec={
        "gatewayClassName": "x", "listeners": [{"name": "h", "port": 80, "protocol": "HTTP"}],
        "tls": {"backend": {"clientCertificateRef": {"name": "web"}}}})  # fmt: skip
    found = entries(tls("web", WEB), edge)["secret shop/web tls.crt"]
    assert [each.client for each in found.served] == [True]
    assert [each.message for each in faults.of(found, AT)] == [
        "shop.example.com is for serverAuth, and not for clientAuth"
    ]
    client = leaf("edge", ROOT, purposes=(CLIENT,))
    assert faults.of(entries(tls("web", client), edge)["secret shop/web tls.crt"], AT) == []


def test_hosts_of_an_ingress_without_hosts() -> None:
    """Without hosts of its own the section is for those of the rules."""
    made = ingress("web", "web")
    made["spec"] = {
        "tls": [{"secretName": "web"}],
        "rules": [{"host": each} for each in ("shop.example.com", "pay.example.com")],
    }
    found = entries(tls("web", WEB), made)["secret shop/web tls.crt"]
    assert found.served[0].hosts == ("shop.example.com", "pay.example.com")
    assert [each.message for each in faults.of(found, AT)] == [
        "it does not cover pay.example.com, which ingress shop/web shows it for"
    ]


def test_wildcard_hosts() -> None:
    """A wildcard is covered by the same wildcard alone."""
    wild = leaf("*.example.com", ROOT)
    for issued, wrong in ((wild, 0), (WEB, 1)):
        found = entries(tls("web", issued), ingress("web", "web", "*.example.com"))["secret shop/web tls.crt"]
        assert len(faults.of(found, AT)) == wrong


def test_istio_takes_any_host() -> None:
    """A Gateway of Istio that is for all hosts asks for none by name; its own may begin with a namespace."""
    spec = {"selector": {}, "servers": [
        {"port": {"number": 443, "name": "a", "protocol": "HTTPS"}, "hosts": ["*", "shop/shop.example.com"],
         "tls": {"mode": "SIMPLE", "credentialName": "web"}}]}  # fmt: skip
    found = entries(tls("web", WEB), thing("networking.istio.io/v1", "Gateway", "g", spec=spec))
    assert found["secret shop/web tls.crt"].served[0].hosts == ("shop.example.com",)


def test_pods_of_workloads_speak_once() -> None:
    """A pod that a workload made is the workload; volumes may be projected."""
    volumes = [{"name": "x", "projected": {"sources": [{"secret": {"name": "web"}}]}}]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "1", "controller": True}
    pod = thing("v1", "Pod", "web-1", spec={"containers": [{"name": "c", "image": "x"}], "volumes": volumes},
                owners=[owner])  # fmt: skip
    found = entries(tls("web", WEB), deployment("web", volumes), pod)["secret shop/web tls.crt"]
    assert [(each.place.title, each.mounted) for each in found.served] == [("deployment shop/web", True)]


@pytest.mark.parametrize("annotation", ["auth-tls-secret", "proxy-ssl-secret"])
@pytest.mark.parametrize("name", ["shop/clients", "clients"])
def test_ingress_nginx_trusts(annotation: str, name: str) -> None:
    """Its annotations name the Secret that clients, or backends, are verified with."""
    made = ingress("web", "web", annotations={f"nginx.ingress.kubernetes.io/{annotation}": name})
    found = entries(secret("clients", {"ca.crt": ROOT.pem}), made)
    assert found["secret shop/clients ca.crt"].trusted == ["ingress shop/web"]


def test_who_trusts_a_pair() -> None:
    """Those who are given somebody that signed it: themselves, or the bundle where nobody is known to have it."""
    bundle = config_map("roots", {"ca.crt": ROOT.pem})
    assert entries(tls("web", WEB), bundle)["secret shop/web tls.crt"].trusted == ["configmap shop/roots ca.crt"]
    given = deployment("client", [{"name": "r", "configMap": {"name": "roots"}}])
    assert entries(tls("web", WEB), bundle, given)["secret shop/web tls.crt"].trusted == ["deployment shop/client"]
    stranger = config_map("roots", {"ca.crt": authority("Other").pem})
    assert entries(tls("web", WEB), stranger, given)["secret shop/web tls.crt"].trusted == []


def test_through_intermediates() -> None:
    """Who signed those that signed it counts too, wherever in the input they are."""
    middle = authority("Middle", ROOT)
    found = entries(
        tls("web", leaf("x", middle)), tls("middle", middle), config_map("roots", {"ca.crt": ROOT.pem})
    )["secret shop/web tls.crt"]  # fmt: skip
    assert found.trusted == ["configmap shop/roots ca.crt"]
    assert [each.kind for each in faults.of(found, AT)] == [Kind.CHAIN], "it is not sent"


def test_without_any_authority_nothing_is_said() -> None:
    """A certificate of a public CA is not broken because its root is not in the input."""
    found = entries(tls("web", WEB))["secret shop/web tls.crt"]
    assert (found.chain, faults.of(found, AT)) == (None, [])


def test_many_authorities_of_one_name() -> None:
    """Where no key identifier tells whose key it was, each is tried, up to a number; that more are not is said."""
    many = [authority("Hook", private=key(500 + number), identifiers=False) for number in range(101)]
    made = leaf("x", many[3], identifiers=False)
    found = take(tls("web", made), config_map("roots", {"ca.crt": "".join(each.pem for each in many[:100])}))
    assert found.problems == []
    assert found.pairs[0].trusted == ["configmap shop/roots ca.crt"]
    found = take(tls("web", made), config_map("roots", {"ca.crt": "".join(each.pem for each in many)}))
    assert [str(each) for each in found.problems] == [
        "more than 100 authorities without key identifiers are called CN=Hook: not all were tried"
    ]


def test_callers() -> None:
    """Where the API server calls somebody: whom, by which name, and what happens without an answer."""
    service = {"namespace": "shop", "name": "hook"}
    made = take(
        thing("admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "m", "", webhooks=[
            {"name": "a.x.io", "clientConfig": {"service": service}, "failurePolicy": "Ignore"},
            {"name": "b.x.io", "clientConfig": {"url": "https://hooks.example.com:8443/b", "caBundle": "%%%"}},
        ]),
        thing("apiregistration.k8s.io/v1", "APIService", "v1.", "", spec={"group": "", "version": "v1"}),
        thing("apiregistration.k8s.io/v1", "APIService", "v1.x.io", "", spec={
            "group": "x.io", "version": "v1", "service": service, "insecureSkipTLSVerify": True}),
    )  # fmt: skip
    found = [(each.name, each.service, each.host, each.fails, each.unverified) for each in made.callers]
    assert found == [
        ("a.x.io", ("shop", "hook"), "hook.shop.svc", False, False),
        ("b.x.io", None, "hooks.example.com", True, False),
        ("", ("shop", "hook"), "hook.shop.svc", True, True),
    ]
    assert [each.bundle is not None for each in made.callers] == [False, True, False]
    assert [str(each) for each in made.problems] == [
        "objects: mutatingwebhookconfiguration m: webhooks[1].clientConfig.caBundle: too large, or not base64"
    ]


def test_an_encrypted_key_is_no_fault() -> None:
    """It cannot be compared, which is said, and nothing is wrong with it."""
    locked = WEB.private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"x")
    )
    made = secret("web", {"tls.crt": WEB.pem, "tls.key": locked.decode()}, type_="kubernetes.io/tls")
    found = take(made, ingress("web", "web", "shop.example.com"))
    (entry,) = found.entries
    assert (entry.private, entry.key, entry.matches, faults.of(entry, AT)) == (True, None, None, [])
    assert [each.severity.value for each in found.problems] == ["notice"]


def test_bundles_are_judged_too() -> None:
    """An expired authority that is still trusted, and a weak one, are findings of the bundle."""
    old, weak = authority("Old", days=100), authority("Weak", private=key(0, "RSA1024"))
    found = entries(config_map("roots", {"ca.crt": old.pem + ROOT.pem + weak.pem}))["configmap shop/roots ca.crt"]
    assert [(each.kind.value, each.message) for each in faults.of(found, AT)] == [
        ("expired", "CN=Old expired on 2025-09-09"),
        ("weak", "CN=Weak: its RSA key has 1024 bits, fewer than 2048"),
    ]

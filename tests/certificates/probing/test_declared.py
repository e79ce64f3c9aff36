"""The TLS servers that an input declares, and the certificates that they have to serve."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from certificates.making import AT, authority, leaf
from crenel.certificates.probing.declared import declared
from crenel.certificates.probing.targets import Target
from crenel.loading import load

CA = authority()
OTHER = authority("Other")
WEB = leaf("web.example", CA)
NEW = leaf("web.example", OTHER, begins=AT)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(name: str, namespace: str = "shop", **data: str) -> dict[str, Any]:
    values = {key.replace("_", "."): encoded(value) for key, value in data.items()}
    return {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": name, "namespace": namespace}, "data": values}  # fmt: skip


def thing(kind: str, version: str, name: str, spec: Any = None, namespace: str | None = "shop", **more: Any) -> Any:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {}) | more.pop("metadata", {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata} | ({"spec": spec} if spec else {}) | more


def ingress(hosts: list[str] | None, held_by: str | None = "web", **more: Any) -> Any:
    tls = ({"hosts": hosts} if hosts is not None else {}) | ({"secretName": held_by} if held_by else {})
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}
    rules = [{"host": "web.example", "http": {"paths": [path]}}]
    return thing("Ingress", "networking.k8s.io/v1", "web", {"tls": [tls], "rules": rules}, **more)


def gateway(*listeners: dict[str, Any], name: str = "edge", **more: Any) -> Any:
    spec = {"gatewayClassName": "any", "listeners": list(listeners)}
    return thing("Gateway", "gateway.networking.k8s.io/v1", name, spec, **more)


def listener(port: int, protocol: str = "HTTPS", hostname: str | None = "web.example", **ref: str) -> dict[str, Any]:
    tls = {"mode": "Terminate", "certificateRefs": [{"name": "web", **ref}]}
    host = {"hostname": hostname} if hostname else {}
    return {"name": f"p{port}", "port": port, "protocol": protocol, "tls": tls, **host}


def service(*ports: dict[str, Any], **more: Any) -> Any:
    return thing("Service", "v1", "web", {"selector": {"app": "web"}, "ports": list(ports)}, **more)


def found(tmp_path: Path, *objects: Any) -> list[Target]:
    """What is declared by objects in a file."""
    path = tmp_path / "input.yaml"
    path.write_text(yaml.safe_dump_all(objects), "utf-8")
    net = load(path)
    return declared(net.given.decoded, net.documents)


def brief(targets: list[Target]) -> list[tuple[str, list[str], str]]:
    return [(each.title, [one.holder for one in each.stored], each.declared) for each in targets]


BALANCED: dict[str, Any] = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}}
HOOK = {"name": "a.example", "sideEffects": "None", "admissionReviewVersions": ["v1"]}

CASES: list[tuple[str, list[Any], list[tuple[str, list[str], str]]]] = [
    ("ingress", [ingress(["web.example"]), secret("web", tls_crt=WEB.pem)],
     [("https://web.example", ["secret shop/web"], "ingress shop/web")]),
    ("hosts of the rules", [ingress(None)], [("https://web.example", [], "ingress shop/web")]),
    ("wildcard", [ingress(["*.example"], None)], [("https://any-name.example", [], "ingress shop/web")]),
    ("secret elsewhere", [ingress(["web.example"]), secret("web", "other", tls_crt=WEB.pem)],
     [("https://web.example", [], "ingress shop/web")]),
    ("broken secret", [ingress(["web.example"]), secret("web", tls_crt="no certificate")],
     [("https://web.example", [], "ingress shop/web")]),
    ("gateway", [gateway(listener(8443)), secret("web", tls_crt=WEB.pem)],
     [("https://web.example:8443", ["secret shop/web"], "gateway shop/edge")]),
    ("gateway of TLS, secret in another namespace",
     [gateway(listener(9000, "TLS", namespace="certs")), secret("web", "certs", tls_crt=WEB.pem)],
     [("web.example:9000", ["secret certs/web"], "gateway shop/edge")]),
    ("gateway of plain HTTP", [gateway(listener(80, "HTTP"))], []),
    ("gateway with an address alone",
     [gateway(listener(443, hostname=None), status={"addresses": [{"type": "IPAddress", "value": "192.0.2.9"}]})],
     [("https://192.0.2.9", [], "gateway shop/edge")]),
    ("gateway without any", [gateway(listener(443, hostname=None))], []),
    ("route", [thing("Route", "route.openshift.io/v1", "web",
                     {"host": "web.example", "to": {"kind": "Service", "name": "web"},
                      "tls": {"termination": "edge"}})],
     [("https://web.example", [], "route shop/web")]),
    ("service by its protocol", [service({"name": "x", "port": 8443, "appProtocol": "https"})],
     [("web.shop.svc:8443", [], "service shop/web")]),
    ("service by the name of a port", [service({"name": "https-api", "port": 8443})],
     [("web.shop.svc:8443", [], "service shop/web")]),
    ("service by the names of a Secret",
     [service({"name": "https", "port": 443}), secret("any", tls_crt=leaf("*.shop.svc", CA).pem),
      secret("elsewhere", "other", tls_crt=leaf("web.shop.svc", CA).pem), secret("another", tls_crt=WEB.pem)],
     [("web.shop.svc:443", ["secret shop/any"], "service shop/web")]),
    ("service of something else", [service({"name": "http", "port": 80}, {"name": "tls", "port": 1, "protocol": "UDP"},
                                           {"name": "https", "port": 2, "appProtocol": "http"})], []),
    ("service with a serving certificate",
     [service({"name": "https", "port": 443},
              metadata={"annotations": {"service.beta.openshift.io/serving-cert-secret-name": "web"}}),
      secret("web", tls_crt=WEB.pem)], [("web.shop.svc:443", ["secret shop/web"], "service shop/web")]),
    ("two of one host", [ingress(["web.example"]), gateway(listener(443, name="other")),
                         secret("web", tls_crt=WEB.pem), secret("other", tls_crt=NEW.pem)],
     [("https://web.example", ["secret shop/web", "secret shop/other"], "ingress shop/web")]),
    ("webhook", [thing("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "policy", namespace=None,
                       webhooks=[HOOK | {"clientConfig": {
                           "service": {"name": "hook", "namespace": "shop", "port": 8443},
                           "caBundle": encoded(CA.pem)}}]),
                 secret("hook", tls_crt=leaf("hook.shop.svc", CA).pem)],
     [("hook.shop.svc:8443", ["secret shop/hook"], "validatingwebhookconfiguration policy")]),
    ("webhook by URL", [thing("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "policy",
                              namespace=None, webhooks=[HOOK | {"clientConfig": {"url": "https://hook.example/"}}])],
     []),
    ("aggregated API", [thing("APIService", "apiregistration.k8s.io/v1", "v1.shop", namespace=None,
                              spec={"group": "shop", "version": "v1", "caBundle": encoded(CA.pem),
                                    "service": {"name": "api", "namespace": "shop"}})],
     [("api.shop.svc:443", [], "apiservice v1.shop")]),
    ("aggregated API that is not verified",
     [thing("APIService", "apiregistration.k8s.io/v1", "v1.shop", namespace=None,
            spec={"insecureSkipTLSVerify": True, "service": {"name": "api", "namespace": "shop"}})], []),
    ("nonsense", [thing("APIService", "apiregistration.k8s.io/v1", "x", ["spec"], None),
                  thing("ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "y", webhooks="z"),
                  thing("Secret", "v1", "web", data="w")], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "objects", "expected"), CASES, ids=[case[0] for case in CASES])
def test_declared(tmp_path: Path, name: str, objects: list[Any], expected: list[tuple[str, list[str], str]]) -> None:
    """Each kind of object declares its servers, with the Secret that they serve from."""
    del name
    assert brief(found(tmp_path, *objects)) == expected


def test_where_to_connect(tmp_path: Path) -> None:
    """The load balancer's address in the status is where to connect to, under the name of the host."""
    (target,) = found(tmp_path, ingress(["web.example"], **BALANCED))
    assert (target.host, target.endpoint) == ("web.example", ("192.0.2.7", 443))


def test_roots(tmp_path: Path) -> None:
    """A Secret's ``ca.crt`` and a webhook's bundle are what its server is judged by; a broken bundle trusts nobody."""
    (target,) = found(tmp_path, ingress(["web.example"]), secret("web", tls_crt=WEB.pem, ca_crt=CA.pem))
    assert target.stored[0].certificate == WEB.certificate and target.stored[0].roots == (CA.certificate,)
    hooks = [HOOK | {"clientConfig": {"service": {"name": "hook", "namespace": "shop"}, "caBundle": bundle}}
             for bundle in (encoded(CA.pem), "%%%")]  # fmt: skip
    for hook, roots in zip(hooks, ((CA.certificate,), ()), strict=True):
        config = thing("MutatingWebhookConfiguration", "admissionregistration.k8s.io/v1", "policy", namespace=None)
        (target,) = found(tmp_path, config | {"webhooks": [hook]})
        assert (target.roots, target.trusts) == (roots, "mutatingwebhookconfiguration policy")


CLIENTS = {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]}
INSECURE = CLIENTS | {"mode": "AllowInsecureFallback"}


def annotated(**values: str) -> Any:
    keys = {"clients": "auth-tls-secret", "verify": "auth-tls-verify-client"}
    names = {f"nginx.ingress.kubernetes.io/{keys[key]}": each for key, each in values.items()}
    return ingress(["web.example"], metadata={"annotations": names})


def frontend(default: Any, **per_port: Any) -> Any:
    """A Gateway with settings for its clients, and others for some ports."""
    ports = [{"port": int(port[1:]), "tls": {"validation": each} if each else {}} for port, each in per_port.items()]
    made = gateway(listener(443), listener(8443))
    made["spec"]["tls"] = {"frontend": {"default": {"validation": default} if default else {}, "perPort": ports}}
    return made


def istio(mode: str, protocol: str = "HTTPS") -> Any:
    server = {"port": {"number": 443, "name": "a", "protocol": protocol}, "hosts": ["shop/web.example"],
              "tls": {"mode": mode, "credentialName": "web"}}  # fmt: skip
    return thing("Gateway", "networking.istio.io/v1", "mesh", {"selector": {"istio": "ingress"}, "servers": [server]})


DEMANDS: list[tuple[str, Any, list[bool]]] = [
    ("nothing said", ingress(["web.example"]), [False]),
    ("ingress-nginx", annotated(clients="shop/clients"), [True]),
    ("ingress-nginx, said so", annotated(clients="shop/clients", verify="on"), [True]),
    ("ingress-nginx, optional", annotated(clients="shop/clients", verify="optional_no_ca"), [False]),
    ("ingress-nginx without a CA", annotated(verify="on"), [False]),
    ("gateway", frontend(CLIENTS), [True, True]),
    ("gateway, a port is let alone", frontend(CLIENTS, p8443=None), [True, False]),
    ("gateway, one port", frontend(None, p443=CLIENTS), [True, False]),
    ("gateway, insecure", frontend(INSECURE, p443=CLIENTS), [True, False]),
    ("istio", istio("MUTUAL"), [True]),
    ("istio, optional", istio("OPTIONAL_MUTUAL"), [False]),
    ("istio, simple", istio("SIMPLE"), [False]),
    ("istio, plain", istio("SIMPLE", "HTTP"), []),
]


@pytest.mark.parametrize(("name", "declaring", "expected"), DEMANDS, ids=[case[0] for case in DEMANDS])
def test_who_demands_certificates(tmp_path: Path, name: str, declaring: Any, expected: list[bool]) -> None:
    """What the input says of client certificates is what its servers are held to."""
    del name
    assert [each.demands for each in found(tmp_path, declaring)] == expected


def test_istio(tmp_path: Path) -> None:
    """Hosts of Istio's Gateways without their namespaces, and the Secret beside the Gateway."""
    targets = found(tmp_path, istio("SIMPLE"), secret("web", tls_crt=WEB.pem))
    assert brief(targets) == [("https://web.example", ["secret shop/web"], "gateway shop/mesh")]


def test_plain_values_win(tmp_path: Path) -> None:
    """``stringData`` counts for more than ``data``, as the API server merges them."""
    both = secret("web", tls_crt=WEB.pem) | {"stringData": {"tls.crt": NEW.pem}}
    (target,) = found(tmp_path, ingress(["web.example"]), both)
    assert target.stored[0].certificate == NEW.certificate

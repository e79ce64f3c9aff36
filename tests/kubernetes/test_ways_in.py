"""Ingresses, Gateways, routes and Secrets: which list they go to, and what the API would refuse."""

from __future__ import annotations

import base64
import textwrap
from typing import Any

import pytest
import yaml

from crenel.kubernetes.decode import Decoded, decode
from crenel.kubernetes.pem import labels_of
from crenel.provenance import Origin
from crenel.sources.document import Document

Json = dict[str, Any]


def read(text: str, served: bool = False) -> Decoded:
    objects = [each for each in yaml.safe_load_all(textwrap.dedent(text)) if each]
    return decode(Document(each, Origin("a.yaml", number), served) for number, each in enumerate(objects))


def said(decoded: Decoded) -> list[str]:
    return [str(each).removeprefix("a.yaml: ") for each in decoded.problems]


def thing(version: str, kind: str, spec: str) -> str:
    return f"{{apiVersion: {version}, kind: {kind}, metadata: {{name: a}}, spec: {spec}}}"


GATEWAY, ISTIO = "gateway.networking.k8s.io", "networking.istio.io"


@pytest.mark.parametrize(
    ("where", "version", "kind", "spec"),
    [
        ("ingresses", "networking.k8s.io/v1", "Ingress", "{defaultBackend: {resource: {kind: B, name: b}}}"),
        ("ingress_classes", "networking.k8s.io/v1", "IngressClass", "{controller: x.org/c}"),
        ("gateway_classes", f"{GATEWAY}/v1beta1", "GatewayClass", "{controllerName: x.org/c}"),
        ("gateways", f"{GATEWAY}/v1", "Gateway",
         "{gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}"),
        ("gateways", f"{GATEWAY}/v1beta1", "Gateway",
         "{gatewayClassName: c, listeners: [{name: l, port: 80, protocol: HTTP}]}"),
        ("listener_sets", f"{GATEWAY}/v1", "ListenerSet",
         "{parentRef: {name: g}, listeners: [{name: l, port: 80, protocol: HTTP}]}"),
        ("listener_sets", "gateway.networking.x-k8s.io/v1alpha1", "XListenerSet",
         "{parentRef: {name: g}, listeners: [{name: l, port: 80, protocol: HTTP}]}"),
        ("http_routes", f"{GATEWAY}/v1", "HTTPRoute", "{parentRefs: [{name: g}]}"),
        ("http_routes", f"{GATEWAY}/v1beta1", "HTTPRoute", "{parentRefs: [{name: g}]}"),
        ("grpc_routes", f"{GATEWAY}/v1", "GRPCRoute", "{}"),
        ("grpc_routes", f"{GATEWAY}/v1alpha2", "GRPCRoute", "{}"),
        ("stream_routes", f"{GATEWAY}/v1", "TLSRoute", "{hostnames: [a.com], rules: [{backendRefs: []}]}"),
        ("stream_routes", f"{GATEWAY}/v1alpha3", "TLSRoute", "{rules: [{backendRefs: []}]}"),
        ("stream_routes", f"{GATEWAY}/v1alpha2", "TCPRoute", "{rules: [{backendRefs: [{name: s, port: 1}]}]}"),
        ("stream_routes", f"{GATEWAY}/v1", "UDPRoute", "{rules: [{backendRefs: [{name: s, port: 1}]}]}"),
        ("reference_grants", f"{GATEWAY}/v1beta1", "ReferenceGrant",
         "{from: [{group: g, kind: k, namespace: n}], to: [{group: '', kind: Service}]}"),
        ("backend_tls_policies", f"{GATEWAY}/v1alpha3", "BackendTLSPolicy",
         "{targetRefs: [], validation: {hostname: a}}"),
        ("openshift_routes", "route.openshift.io/v1", "Route", "{host: a.com, to: {name: s}, unheardOf: 1}"),
        ("istio_gateways", f"{ISTIO}/v1alpha3", "Gateway", "{selector: {a: b}, unheardOf: 1}"),
        ("virtual_services", f"{ISTIO}/v1", "VirtualService", "{hosts: [a.com]}"),
    ],
)  # fmt: skip
def test_each_kind_has_its_list(where: str, version: str, kind: str, spec: str) -> None:
    """An object that is right goes there without a word, Gateways of two APIs apart."""
    decoded = read(thing(version, kind, spec))
    assert ({name for name in Decoded.__slots__ if getattr(decoded, name)}, said(decoded)) == ({where}, [])


PATHS = "{rules: [{host: %s, http: {paths: [%s]}}]}"
PATH = "{path: %s, pathType: %s, backend: %s}"
TO = "{service: {name: s, port: {number: 80}}}"


def ingress(path: str = "/", kind: str = "Prefix", backend: str = TO, host: str = "a.com") -> str:
    return thing("networking.k8s.io/v1", "Ingress", PATHS % (host, PATH % (path, kind, backend)))


AT = "ingress default/a: spec.rules[0]"


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (ingress("x"), f'{AT}.http.paths[0].path: Invalid value: "x": must be an absolute path'),
        (ingress("/a//b"), f"{AT}.http.paths[0].path: Invalid value: \"/a//b\": must not contain '//'"),
        (ingress("/a/.."), f"{AT}.http.paths[0].path: Invalid value: \"/a/..\": cannot end with '/..'"),
        (ingress("x", "ImplementationSpecific"), f'{AT}.http.paths[0].path: Invalid value: "x": must be an absolute'),
        (ingress(kind="Regex"), f'{AT}.http.paths[0].pathType: Unsupported value: "Regex"'),
        (ingress(backend="{}"), f"{AT}.http.paths[0].backend: Required value: cannot have empty backend"),
        (ingress(backend="{service: {name: s}}"), f"{AT}.http.paths[0].backend.service: Required value"),
        (ingress(backend="{service: {name: s, port: {number: 0x10000}}}"),
         f"{AT}.http.paths[0].backend.service.port.number: Invalid value: 65536: must be between"),
        (ingress(backend="{service: {name: s, port: {number: 1, name: x}}}"),
         f'{AT}.http.paths[0].backend.service: Invalid value: "": cannot set both port name & port number'),
        (ingress(backend="{service: {name: s, port: {number: 1}}, resource: {kind: B, name: b}}"),
         f'{AT}.http.paths[0].backend: Invalid value: "": cannot set both resource and service'),
        (ingress(backend="{serviceName: s, servicePort: 1}"),
         f"{AT}.http.paths[0].backend.serviceName: unknown field"),
        (ingress(host="A.com"), f'{AT}.host: Invalid value: "A.com": a lowercase RFC 1123 subdomain'),
        (ingress(host="192.0.2.1"), f'{AT}.host: Invalid value: "192.0.2.1": must be a DNS name, not an IP'),
        (ingress(host="'x.*.com'"), f'{AT}.host: Invalid value: "x.*.com"'),
        (thing("networking.k8s.io/v1", "Ingress", "{rules: []}"),
         "ingress default/a: spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"),
        (thing("networking.k8s.io/v1beta1", "Ingress", "{backend: {serviceName: s, servicePort: 1}}"),
         'ingress default/a: apiVersion: no matches for kind "Ingress" in version "networking.k8s.io/v1beta1" since'),
        (thing("extensions/v1beta1", "Ingress", "{backend: {serviceName: s, servicePort: 1}}"),
         'ingress default/a: apiVersion: no matches for kind "Ingress" in version "extensions/v1beta1" since'),
    ],
)  # fmt: skip
def test_ingresses_that_the_api_refuses(text: str, start: str) -> None:
    """They are not applied, and the first line says why."""
    decoded = read(text)
    assert not decoded.ingresses
    assert said(decoded)[0].startswith(start) and said(decoded)[0].endswith("; not applied")


def gateway(listeners: str, kind: str = "Gateway") -> str:
    head = "gatewayClassName: c" if kind == "Gateway" else "parentRef: {name: g}"
    return thing(f"{GATEWAY}/v1", kind, f"{{{head}, listeners: [{listeners}]}}")


def listener(more: str = "", name: str = "l", port: int = 80, protocol: str = "HTTP") -> str:
    return f"{{name: {name}, port: {port}, protocol: {protocol}{more}}}"


ON = "gateway default/a: spec.listeners"


@pytest.mark.parametrize(
    ("listeners", "start"),
    [
        ("", f"{ON}: Invalid value: 0"),
        (", ".join(listener(name=f"l{n}", port=n) for n in range(1, 66)), f"{ON}: Too many: 65"),
        (listener(port=0), f"{ON}[0].port: Invalid value: 0"),
        (f"{listener()}, {listener(port=81)}", f'{ON}: Invalid value: "l": Listener name must be unique'),
        (f"{listener()}, {listener(name='m')}", f"{ON}[1]: Invalid value: Combination of port, protocol and hostname"),
        (listener(", hostname: 'a.*.com'"), f'{ON}[0].hostname: Invalid value: "a.*.com"'),
        (listener(", hostname: a.com", protocol="TCP"), f"{ON}[0].hostname: Invalid value"),
        (listener(", tls: {}"), f"{ON}[0].tls: Invalid value"),
        (listener(protocol="TLS"), f'{ON}[0].tls: Invalid value: "": tls mode must be set'),
        (listener(", tls: {mode: Passthrough}", protocol="HTTPS"), f"{ON}[0].tls.mode: Invalid value"),
        (listener(", tls: {mode: Open}", protocol="TLS"), f"{ON}[0].tls.mode: Unsupported value"),
        (listener(", allowedRoutes: {namespaces: {from: Nowhere}}"),
         f"{ON}[0].allowedRoutes.namespaces.from: Unsupported value"),
        (listener(", allowedRoutes: {namespaces: {selector: {matchExpressions: [{key: a, operator: X}]}}}"),
         f"{ON}[0].allowedRoutes.namespaces.selector.matchExpressions[0].operator"),
        (listener(", hostnames: [a.com]"), f'{ON}[0].hostnames: unknown field "spec.listeners[0].hostnames"'),
    ],
)  # fmt: skip
def test_gateways_that_the_api_refuses(listeners: str, start: str) -> None:
    """They are not applied; neither are ListenerSets with the same mistakes."""
    decoded = read(gateway(listeners))
    assert not decoded.gateways
    assert said(decoded)[0].startswith(start)
    again = read(gateway(listeners, "ListenerSet"))
    assert not again.listener_sets
    assert said(again)[0].startswith(start.replace("gateway", "listenerset", 1))


def test_listener_sets_of_nobody() -> None:
    """allowedListeners has a word more than allowedRoutes, and no other."""
    spec = f"{{gatewayClassName: c, listeners: [{listener()}], allowedListeners: {{namespaces: {{from: %s}}}}}}"
    assert said(read(thing(f"{GATEWAY}/v1", "Gateway", spec % "None"))) == []
    assert len(said(read(thing(f"{GATEWAY}/v1", "Gateway", spec % "Some")))) == 1


RULE = "httproute default/a: spec.rules[0]"


def rule(text: str) -> str:
    return f"{{rules: [{{{text}}}]}}"


REDIRECT = "{type: RequestRedirect, requestRedirect: {%s}}"


@pytest.mark.parametrize(
    ("spec", "start"),
    [
        ("{hostnames: [1.2.3.4]}", 'httproute default/a: spec.hostnames[0]: Invalid value: "1.2.3.4": must be a DNS'),
        (f"{{rules: [{', '.join(['{}'] * 17)}]}}", "httproute default/a: spec.rules: Too many: 17"),
        (f"{{parentRefs: [{', '.join(['{name: g}'] * 33)}]}}", "httproute default/a: spec.parentRefs: Too many: 33"),
        (rule(f"matches: [{', '.join(['{}'] * 65)}]"), f"{RULE}.matches: Too many: 65"),
        (rule("matches: [{path: {value: x}}]"), f'{RULE}.matches[0].path.value: Invalid value: "x": value must be an'),
        (rule("matches: [{path: {value: /a/./b}}]"), f'{RULE}.matches[0].path.value: Invalid value: "/a/./b"'),
        (rule("matches: [{path: {type: Glob}}]"), f'{RULE}.matches[0].path.type: Unsupported value: "Glob"'),
        (rule("matches: [{method: get}]"), f'{RULE}.matches[0].method: Unsupported value: "get"'),
        (rule("matches: [{headers: [{name: a, value: b, type: Like}]}]"), f"{RULE}.matches[0].headers[0].type"),
        (rule("backendRefs: [{name: s}]"), f"{RULE}.backendRefs[0].port: Required value: Must have port for Service"),
        (rule("backendRefs: [{name: s, port: 1, weight: -1}]"), f"{RULE}.backendRefs[0].weight: Invalid value: -1"),
        (rule("filters: [{type: Unheard}]"), f'{RULE}.filters[0].type: Unsupported value: "Unheard"'),
        (rule("filters: [{type: CORS}]"), f"{RULE}.filters[0]: Required value"),
        (rule(f"filters: [{REDIRECT % 'statusCode: 200'}]"), f"{RULE}.filters[0].requestRedirect.statusCode"),
        (rule(f"filters: [{REDIRECT % ''}, {REDIRECT % ''}]"), f"{RULE}.filters: Invalid value"),
        (rule(f"filters: [{REDIRECT % ''}], backendRefs: [{{name: s, port: 1}}]"), f"{RULE}.filters: Invalid value"),
        (rule(f"filters: [{REDIRECT % ''}, {{type: URLRewrite, urlRewrite: {{}}}}]"), f"{RULE}.filters: Invalid value"),
        (rule("timeouts: {request: 5}"), f"{RULE}.timeouts.request: expected string, got 5"),
        (rule("timeouts: {request: 5 minutes}"), f"{RULE}.timeouts.request: Invalid value"),
        (rule("backendRef: [{name: s, port: 1}]"), f"{RULE}.backendRef: unknown field"),
    ],
)
def test_routes_that_the_api_refuses(spec: str, start: str) -> None:
    """They are not applied, and the first line says why."""
    decoded = read(thing(f"{GATEWAY}/v1", "HTTPRoute", spec))
    assert not decoded.http_routes
    assert said(decoded)[0].startswith(start) and said(decoded)[0].endswith("; not applied")


def test_other_routes_that_the_api_refuses() -> None:
    """A gRPC method needs a part; a TLSRoute of v1 needs a hostname."""
    grpc = read(thing(f"{GATEWAY}/v1", "GRPCRoute", rule("matches: [{method: {type: Exact}}]")))
    assert not grpc.grpc_routes and "One or both of 'service' or 'method'" in said(grpc)[0]
    tls = read(thing(f"{GATEWAY}/v1", "TLSRoute", "{rules: []}"))
    assert not tls.stream_routes and "spec.hostnames: Required value" in said(tls)[0]


def test_what_a_server_sent_is_taken() -> None:
    """It has passed admission: a field that is not known is named and left out, nothing is refused."""
    decoded = read(thing(f"{GATEWAY}/v1", "HTTPRoute", rule("newer: 1, matches: [{path: {value: x}}]")), served=True)
    assert len(decoded.http_routes) == 1
    assert said(decoded) == ['httproute default/a: spec.rules[0].newer: unknown field "spec.rules[0].newer"']


def test_a_kind_in_a_wrong_version_is_taken_for_that_of_its_group() -> None:
    """Gateways of two APIs are not mixed up."""
    decoded = read(thing(f"{ISTIO}/v2", "Gateway", "{selector: {a: b}}"))
    assert (len(decoded.istio_gateways), len(decoded.gateways), len(decoded.problems)) == (1, 0, 1)


DER = base64.b64encode(b"0\x03\x02\x01\x01").decode()


def pem(label: str, body: str = DER) -> str:
    return f"-----BEGIN {label}-----\n{body}\n-----END {label}-----\n"


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (pem("CERTIFICATE"), ["CERTIFICATE"]),
        (pem("CERTIFICATE") + pem("EC PRIVATE KEY"), ["CERTIFICATE", "EC PRIVATE KEY"]),
        (f"subject=a\n{pem('CERTIFICATE')}", ["CERTIFICATE"]),
        (pem("CERTIFICATE", "not base64!"), []),
        (pem("CERTIFICATE", base64.b64encode(b"\x02\x01\x01").decode()), []),
        (pem("CERTIFICATE", ""), []),
        (pem("CERTIFICATE").replace("END", "STOP"), []),
        ("REDACTED", []),
        (None, []),
        (7, []),
    ],
)
def test_pem(text: Any, labels: list[str]) -> None:
    """Only blocks that hold a DER sequence count; in a Secret they are base64 once more."""
    assert list(labels_of(text)) == labels
    encoded = base64.b64encode(text.encode()).decode() if isinstance(text, str) else text
    assert list(labels_of(encoded, encoded=True)) == labels


def test_what_is_kept_of_a_secret() -> None:
    """Names of its keys and what is PEM in them, never a value."""
    held = {"tls.crt": pem("CERTIFICATE"), "tls.key": pem("PRIVATE KEY"), "note": "hunter2"}
    written = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "cert"},
        "type": "kubernetes.io/tls",
        "data": {key: base64.b64encode(text.encode()).decode() for key, text in held.items()},
        "stringData": {"ca.crt": pem("CERTIFICATE")},
    }
    decoded = read(yaml.safe_dump(written))
    (secret,) = decoded.secrets
    assert (secret.name, secret.namespace, secret.type) == ("cert", "default", "kubernetes.io/tls")
    assert secret.keys == {"tls.crt", "tls.key", "note", "ca.crt"}
    assert secret.pem == {("tls.crt", "CERTIFICATE"), ("tls.key", "PRIVATE KEY"), ("ca.crt", "CERTIFICATE")}
    text = repr(decoded)
    assert not any(each in text for each in ("hunter2", DER, *written["data"].values()))  # type: ignore[attr-defined]


@pytest.mark.parametrize("data", ["[]", "{a: [1]}", "{a: null}", "{1: 2}", "text"])
def test_secrets_of_any_form(data: str) -> None:
    """Nothing in them raises."""
    text = f"{{apiVersion: v1, kind: Secret, metadata: {{name: a}}, type: 5, data: {data}, stringData: {data}}}"
    assert len(read(text).secrets) == 1

"""Whatever is in an Ingress, a Gateway or a route, the dialects make proxies of it without an exception."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.dialects import gatewayapi, ingress, istio, openshift
from crenel.kubernetes.decode import Decoded, decode
from crenel.provenance import Origin
from crenel.routing.openings import openings
from crenel.routing.proxy import Proxy
from crenel.routing.requests import Request
from crenel.routing.routing import route
from crenel.sources.document import Document

WRITTEN = list(
    yaml.safe_load_all("""
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: a
  annotations:
    kubernetes.io/ingress.class: nginx
    nginx.ingress.kubernetes.io/whitelist-source-range: 10.0.0.0/8
    nginx.ingress.kubernetes.io/use-regex: "true"
spec:
  tls: [{hosts: [a.com], secretName: s}]
  defaultBackend: {service: {name: s, port: {number: 80}}}
  rules: [{host: a.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {name: p}}}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g}
spec:
  gatewayClassName: c
  allowedListeners: {namespaces: {from: Selector, selector: {matchLabels: {a: b}}}}
  tls: {frontend: {default: {validation: {caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}}, perPort: []}}
  listeners:
  - {name: h, port: 80, protocol: HTTP, hostname: "*.com", allowedRoutes: {kinds: [{kind: HTTPRoute}]}}
  - {name: s, port: 443, protocol: HTTPS, tls: {mode: Terminate, certificateRefs: [{name: x}]}}
  - {name: t, port: 444, protocol: TLS, tls: {mode: Passthrough}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: l}
spec: {parentRef: {name: g}, listeners: [{name: h, port: 81, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g, sectionName: h, port: 80}]
  hostnames: [a.com]
  rules:
  - matches:
    - {path: {type: PathPrefix, value: /}, method: GET, headers: [{name: a, value: b, type: RegularExpression}]}
    filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}], remove: [c]}}]
    backendRefs: [{name: s, port: 80, weight: 3}, {name: q, port: 80, namespace: other}]
    timeouts: {request: 1s}
  - matches: [{queryParams: [{name: a, value: b}]}]
    filters: [{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /x}}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: r}
spec:
  parentRefs: [{name: g}]
  rules: [{matches: [{method: {service: a, method: b}}], backendRefs: [{name: s, port: 80}]}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: r}
spec: {parentRefs: [{name: g}], hostnames: [a.com], rules: [{backendRefs: [{name: s, port: 80}]}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: "", kind: Service, name: s}]
  validation: {hostname: a.com, caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]}
---
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: x, namespace: other}
spec:
  from: [{group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: default}]
  to: [{group: "", kind: Service}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ca}
data: {ca.crt: text}
---
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {selector: {a: b}, ports: [{name: p, port: 80, targetPort: 8080}]}
---
apiVersion: route.openshift.io/v1
kind: Route
metadata: {name: o, annotations: {haproxy.router.openshift.io/ip_whitelist: 10.0.0.0/8}}
spec:
  host: a.com
  path: /x
  to: {kind: Service, name: s, weight: 3}
  port: {targetPort: 8080}
  tls: {termination: edge, insecureEdgeTerminationPolicy: Redirect}
  wildcardPolicy: Subdomain
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: i}
spec: {selector: {a: b}, servers: [{port: {number: 80, protocol: HTTP}, hosts: ["*/a.com"], tls: {mode: MUTUAL}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: v}
spec:
  hosts: [a.com]
  gateways: [i]
  http:
  - match: [{uri: {regex: "/a("}, headers: {a: {prefix: b}}}]
    route: [{destination: {host: s, port: {number: 80}}}]
    rewrite: {uri: /b}
    timeout: 1s
  tls: [{match: [{sniHosts: [a.com]}], route: [{destination: {host: s.default.svc}}]}]
""")
)

LEAVES: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, -1, 80, 70000, 1.5, "", "x", "/", "*", "*.", "*.com", "a.com", ".", "(", "[::1]", "TCP", "All",
     "Terminate", "Same", "::/0", "10.0.0.0/99", [], {}, [None], [{}], {"": ""}, [[]]]
)  # fmt: skip
REQUESTS = [
    Request(host, path, port=port, server_name=name, udp=udp)
    for host, path, port, name, udp in (
        ("a.com", "/x?a=b", 80, None, False), ("", "", None, None, False), ("[::1]:80", "/", 443, "a.com", False),
        ("a.com", "/", 444, "a.com", False), (".", "//", 81, ".", False), ("a.com", "/", 80, None, True),
    )
]  # fmt: skip


def places(part: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place inside an object but those by which it is known."""
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    known = {("apiVersion",), ("kind",)}
    return [path] * bool(path) + [
        found for step, each in items if (*path, step) not in known for found in places(each, (*path, step))
    ]


@st.composite
def documents(draw: st.DrawFn) -> list[Document]:
    """The objects with a few places changed, as a file or as a server sent them."""
    objects = copy.deepcopy(WRITTEN)
    for _ in range(draw(st.integers(1, 5))):
        each = draw(st.sampled_from(objects))
        *way, last = draw(st.sampled_from(places(each)))
        for step in way:
            each = each[step]
        each[last] = copy.deepcopy(draw(LEAVES))
    served = draw(st.booleans())
    return [Document(each, Origin("a.yaml", number), served) for number, each in enumerate(objects)]


def proxies(decoded: Decoded, closed: bool) -> list[Proxy]:
    found = [*ingress.translate(decoded, closed=closed).proxies, *gatewayapi.translate(decoded, closed=closed).proxies]
    routes = openshift.translate(decoded).proxy
    return [*found, *([routes] if routes else []), *istio.translate(decoded).proxies]


@given(documents(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_nothing_raises(written: list[Document], closed: bool) -> None:
    """Proxies, their openings and their decisions come about, and can be written down."""
    for proxy in proxies(decode(written), closed):
        assert all(str(each.host) and str(each.match) for each in openings(proxy))
        for request in REQUESTS:
            decision = route(proxy, request)
            assert bool(decision.answers) is not bool(decision.refused)


def test_what_is_written_makes_proxies() -> None:
    """Without a change the objects are right, and every API makes one."""
    decoded = decode(Document(each, Origin("a.yaml", number)) for number, each in enumerate(WRITTEN))
    assert not decoded.problems, [str(each) for each in decoded.problems]
    assert sorted(each.kind for each in proxies(decoded, closed=False)) == [
        "Gateway", "Ingress", "IstioGateway", "OpenShiftRouter",
    ]  # fmt: skip

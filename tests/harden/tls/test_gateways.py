"""Gateways get a listener with TLS, and plain HTTP leads there."""

from __future__ import annotations

from pathlib import Path

from audit.pieces import deployment, service
from audit.routing_pieces import WEB, gateway, istio, route
from harden.services.planning import ids, planned

PODS = deployment("proxy", "edge", port=80).replace(
    "{app: proxy}", "{app: proxy, gateway.networking.k8s.io/gateway-name: public, istio: ingress}"
) + service("proxy", "type: LoadBalancer, ports: [{name: a, port: 80}, {name: b, port: 443}]", "edge")
HTTP = "{name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"
HTTPS = (
    "{name: tls, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop}]}, "
    "allowedRoutes: {namespaces: {from: All}}}"
)


def requests(found: object) -> set[str]:
    """What is led to pods in the end."""
    return {path.request for path in found.after.exposed.paths if path.request}  # type: ignore[attr-defined]


def test_a_listener_is_added(tmp_path: Path) -> None:
    """Without one with TLS the Gateway gets one; the route moves there, and another one redirects in its place."""
    found = planned(tmp_path, PODS + WEB + gateway(HTTP) + route(), issuer="letsencrypt")
    assert ids(found.made) == ["gateway edge/public: tls"]
    data = {(each.data["kind"], each.data["metadata"]["name"]): each.data for each in found.after.documents}
    assert data["Gateway", "public"]["spec"]["listeners"][1] == {
        "name": "https", "port": 443, "protocol": "HTTPS",
        "tls": {"mode": "Terminate", "certificateRefs": [{"name": "public-tls"}]},
        "allowedRoutes": {"namespaces": {"from": "All"}},
    }  # fmt: skip
    parent = {"name": "public", "namespace": "edge"}
    assert data["HTTPRoute", "web"]["spec"]["parentRefs"] == [{**parent, "sectionName": "https"}]
    assert data["HTTPRoute", "web-redirect"]["spec"] == {
        "parentRefs": [{**parent, "sectionName": "http"}],
        "hostnames": ["shop.example.com"],
        "rules": [
            {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]}
        ],
    }
    assert data["Certificate", "public-tls"]["metadata"]["namespace"] == "edge"
    assert requests(found) == {"https://shop.example.com/"}


def test_a_listener_is_there(tmp_path: Path) -> None:
    """With one that has TLS nothing but the routes changes; no certificate is asked for."""
    found = planned(tmp_path, PODS + WEB + gateway(f"{HTTP}, {HTTPS}") + route())
    assert ids(found.made) == ["gateway edge/public: tls"]
    assert [thing.title for thing, _ in found.made[0].touched] == ["httproute shop/web"]
    assert requests(found) == {"https://shop.example.com/"}
    assert ids(found.waiting) == ["httproute shop/web: hsts"]


def test_browsers_are_told(tmp_path: Path) -> None:
    """A route that is answered in TLS alone may say so in a header, once that is confirmed."""
    found = planned(tmp_path, PODS + WEB + gateway(f"{HTTP}, {HTTPS}") + route(), confirmed=("*: hsts",))
    (rule,) = next(each.data for each in found.after.documents if each.data["kind"] == "HTTPRoute")["spec"]["rules"]
    header = {"name": "Strict-Transport-Security", "value": "max-age=63072000"}
    assert rule["filters"] == [{"type": "ResponseHeaderModifier", "responseHeaderModifier": {"set": [header]}}]


def test_what_cannot_be_written(tmp_path: Path) -> None:
    """A listener for any host, and one on a port of its own, are told of and left."""
    anything = planned(tmp_path, PODS + WEB + gateway(HTTP) + route(hosts=""), issuer="ca")
    assert "it answers whatever host it is called" in " ".join(each.why for each in anything.stays)
    elsewhere = planned(tmp_path, PODS + WEB + gateway(HTTP.replace("80", "8080")) + route(), issuer="ca")
    assert "which port TLS is to have is for you to say" in " ".join(each.why for each in elsewhere.stays)
    assert anything.changes == elsewhere.changes == []


def test_istio(tmp_path: Path) -> None:
    """A Gateway of Istio gets a server with TLS, and its plain one redirects."""
    server = "{port: {number: 80, name: http, protocol: HTTP}, hosts: [shop.example.com]}"
    own = istio("Gateway", f"selector: {{istio: ingress}}, servers: [{server}]", "public", "edge")
    service_of = istio("VirtualService", "gateways: [edge/public], hosts: [shop.example.com], "
                       "http: [{route: [{destination: {host: web, port: {number: 80}}}]}]")  # fmt: skip
    found = planned(tmp_path, PODS + WEB + own + service_of, issuer="ca")
    assert ids(found.made) == ["gateway edge/public: tls"]
    servers = next(each.data for each in found.after.documents if each.data["kind"] == "Gateway")["spec"]["servers"]
    assert servers[0]["tls"] == {"httpsRedirect": True}
    assert servers[1] == {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"}, "hosts": ["shop.example.com"],
        "tls": {"mode": "SIMPLE", "credentialName": "public-tls"},
    }  # fmt: skip
    assert requests(found) == {"https://shop.example.com/"}

"""Which pods the proxies of an input are made of: by what they declare, their controller's labels, or their address.

The labels are those that each project's own manifests and charts put on its pods, named beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crenel.bits import members
from crenel.dialects import cloudproxies, gatewayapi, ingress, istio, openshift
from crenel.dialects.cloudproxies import CloudProxy
from crenel.dialects.loadbalancer import ingress_addresses, ingress_hostnames
from crenel.dialects.scope import Scope
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.network.addresses import AddressSet
from crenel.provenance import Problem
from crenel.routing.proxy import Proxy

Labels = Mapping[str, str]

_OF_GATEWAY = "gateway.networking.k8s.io/gateway-name"
"""On the pods that a controller makes for one Gateway (Gateway API, GEP-1762)."""

_BY_CONTROLLER: Mapping[str, tuple[Labels, ...]] = {
    # kubernetes/ingress-nginx, deploy/static/provider/cloud/deploy.yaml; older manifests have the short label.
    "k8s.io/ingress-nginx": (
        {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"},
        {"app": "ingress-nginx"},
    ),
    # nginx/kubernetes-ingress, deployments/deployment/nginx-ingress.yaml, and its chart.
    "nginx.org/ingress-controller": ({"app": "nginx-ingress"}, {"app.kubernetes.io/name": "nginx-ingress"}),
    # traefik/traefik-helm-chart, traefik/templates/_helpers.tpl.
    "traefik.io/ingress-controller": ({"app.kubernetes.io/name": "traefik"},),
    "traefik.io/gateway-controller": ({"app.kubernetes.io/name": "traefik"},),
    # haproxytech/kubernetes-ingress, deploy/haproxy-ingress.yaml, and its chart.
    "haproxy.org/ingress-controller/haproxy": (
        {"run": "haproxy-ingress"},
        {"app.kubernetes.io/name": "kubernetes-ingress"},
    ),
    # projectcontour/contour, examples/contour/03-envoy.yaml.
    "projectcontour.io/ingress-controller": ({"app": "envoy"}, {"app.kubernetes.io/component": "envoy"}),
    "projectcontour.io/gateway-controller": ({"app": "envoy"}, {"app.kubernetes.io/component": "envoy"}),
    # Kong/charts, charts/kong/templates/_helpers.tpl.
    "ingress-controllers.konghq.com/kong": ({"app.kubernetes.io/name": "kong"}, {"app": "ingress-kong"}),
    "konghq.com/kic-gateway-controller": ({"app.kubernetes.io/name": "kong"}, {"app": "ingress-kong"}),
    # openshift/router, by its ingress operator.
    "openshift.io/ingress-to-route": (
        {"ingresscontroller.operator.openshift.io/deployment-ingresscontroller": "default"},
    ),
}


@dataclass(frozen=True, slots=True)
class Served:
    """A proxy with the endpoints of its pods, or the load balancer of a cloud that is one.

    `lacks` says what is not known where there is neither.
    """

    proxy: Proxy
    pods: tuple[int, ...]
    lacks: str = ""
    cloud: CloudProxy | None = None


@dataclass(frozen=True, slots=True)
class Proxies:
    """All proxies of an input, and what was noticed about their configuration.

    `cloud` has those that are load balancers of a cloud, by their place among all.
    """

    all: tuple[Proxy, ...] = ()
    problems: tuple[Problem, ...] = ()
    cloud: Mapping[int, CloudProxy] = field(default_factory=dict)

    def sources(self) -> Iterator[AddressSet]:
        """The sets of clients that some rule takes, and those that load balancers connect from."""
        for each in self.cloud.values():
            yield from (ranges.addresses for ranges in each.ranges.values())
            yield each.sends_from
        for proxy in self.all:
            for listener in proxy.listeners:
                for route in listener.routes:
                    yield from (rule.sources for rule in route.rules if rule.sources is not None)


def translate(decoded: Decoded) -> Proxies:
    """Translate all proxies."""
    ingresses, gateways = ingress.translate(decoded), gatewayapi.translate(decoded)
    routes, mesh = openshift.translate(decoded), istio.translate(decoded)
    found = (*ingresses.proxies, *gateways.proxies, *((routes.proxy,) if routes.proxy else ()), *mesh.proxies)
    problems = (*ingresses.problems, *gateways.problems, *routes.problems, *mesh.problems)
    return Proxies(found, problems, cloudproxies.find(found, decoded))


def find(
    proxies: Proxies, decoded: Decoded, scope: Scope, declared: Mapping[str, tuple[str, str]]
) -> tuple[Served, ...]:
    """Find the pods of all proxies. `declared` has by class or name of one the (namespace, workload) that serves it.

    What is declared comes before what is known of controllers.
    """
    return tuple(
        Served(proxy, (), cloud=proxies.cloud[place])
        if place in proxies.cloud and not declared.keys() & _names(proxy)
        else _served(proxy, decoded, scope, declared)
        for place, proxy in enumerate(proxies.all)
    )


def _names(proxy: Proxy) -> tuple[str, ...]:
    """What a user may call a proxy, the class of it first."""
    return proxy.class_name, proxy.name, proxy.title


def _served(proxy: Proxy, decoded: Decoded, scope: Scope, declared: Mapping[str, tuple[str, str]]) -> Served:
    for found in _candidates(proxy, decoded, scope, declared):
        if found:
            return Served(proxy, tuple(members(found)))
    return Served(proxy, (), f"which pods serve {proxy.title}")


def _candidates(proxy: Proxy, decoded: Decoded, scope: Scope, declared: Mapping[str, tuple[str, str]]) -> Iterator[int]:
    """Sets of endpoints that may be the proxy's pods, the surest way of telling first."""
    for name in _names(proxy):
        if name in declared:
            yield _workload(scope, *declared[name])
    if proxy.selector:
        yield _labelled(scope, dict(proxy.selector))
    if proxy.kind == "Gateway":
        yield _labelled(scope, {_OF_GATEWAY: proxy.name}, proxy.namespace)
        yield _labelled(
            scope,
            {
                "gateway.envoyproxy.io/owning-gateway-name": proxy.name,
                "gateway.envoyproxy.io/owning-gateway-namespace": proxy.namespace,
            },
        )
    yield _by_address(proxy, decoded, scope)
    for labels in _BY_CONTROLLER.get(proxy.controller, ()):
        yield _labelled(scope, labels)


def _workload(scope: Scope, namespace: str, name: str) -> int:
    found = 0
    for index, group in scope.groups.items():
        if (group.namespace, group.workload) == (namespace, name):
            found |= 1 << index
    return found


def _labelled(scope: Scope, labels: Labels, namespace: str = "") -> int:
    """Pods with some labels, those in the host network included."""
    selector = LabelSelector(match_labels=dict(labels))
    spaces = [namespace] if namespace else dict.fromkeys(group.namespace for group in scope.groups.values())
    found = 0
    for each in spaces:
        found |= scope.behind_service(each, selector)[0]
    return found


def _by_address(proxy: Proxy, decoded: Decoded, scope: Scope) -> int:
    """The pods behind the Services whose load balancer has an address that the proxy reports."""
    wanted = {each.lower().rstrip(".") for each in proxy.addresses}
    found = 0
    for service in decoded.services if wanted else ():
        selector = service.spec.selector if service.spec is not None else None
        if selector and wanted & {*ingress_addresses(service), *ingress_hostnames(service)}:
            found |= scope.behind_service(service.namespace, LabelSelector(match_labels=selector))[0]
    return found

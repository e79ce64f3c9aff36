"""The kinds that are decoded, by group, version and name: never by name alone.

``ClusterNetworkPolicy`` of ``networking.k8s.aws`` is another thing than that of ``policy.networking.k8s.io``.
Versions that servers no longer have are listed with the release that removed them (the Kubernetes deprecation guide):
they have the shape of their successors. ``v1beta1`` of ClusterNetworkPolicy has the shape of ``v1alpha2``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from crenel.kubernetes.fields import check_fields_of
from crenel.kubernetes.objects.gateway import Gateway, GatewayClass, ListenerSet
from crenel.kubernetes.objects.gatewaypolicies import BackendTLSPolicy, ReferenceGrant
from crenel.kubernetes.objects.ingress import Ingress, IngressClass
from crenel.kubernetes.objects.istio import IstioGateway, VirtualService
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.openshift import OpenShiftRoute
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.kubernetes.objects.rbac import Role, RoleBinding
from crenel.kubernetes.objects.routes import GRPCRoute, HTTPRoute, StreamRoute
from crenel.kubernetes.objects.services import Endpoints, EndpointSlice, Service
from crenel.kubernetes.objects.workloads import CronJob, Namespace, Node, Pod, Workload
from crenel.kubernetes.validation.adminpolicy import check_adminpolicy
from crenel.kubernetes.validation.endpoints import check_endpoints
from crenel.kubernetes.validation.endpointslice import check_endpointslice
from crenel.kubernetes.validation.gateway import check_gateway, check_listenerset
from crenel.kubernetes.validation.ingress import check_ingress
from crenel.kubernetes.validation.mistakes import Mistake
from crenel.kubernetes.validation.names import Reasons, dns_label, dns_subdomain, path_segment
from crenel.kubernetes.validation.networkpolicy import check_networkpolicy
from crenel.kubernetes.validation.node import check_node
from crenel.kubernetes.validation.pods import check_cron_job, check_pod, check_workload
from crenel.kubernetes.validation.rbac import check_binding, check_role
from crenel.kubernetes.validation.routes import check_grpcroute, check_httproute, check_streamroute
from crenel.kubernetes.validation.service import check_service

Check: TypeAlias = Callable[[Any, Mapping[str, Any], list[Mistake]], None]
"""A check of a decoded object; it is also given what the object was decoded from."""


class Kind(NamedTuple):
    """How one kind in one version is read."""

    group: str
    """The group that has the kind today."""
    name: str
    type: type[KubernetesObject]
    namespaced: bool
    check: Check
    name_syntax: Callable[[str], Reasons] = dns_subdomain
    removed: str = ""
    """Why no server of today has this version; empty when one has."""

    @property
    def is_policy(self) -> bool:
        """Whether it decides about traffic: then a mistake makes the whole object void."""
        return self.type is NetworkPolicy or self.type is AdminPolicy

    @property
    def is_whole(self) -> bool:
        """Whether a mistake makes the whole object void: a policy, or one that says where requests go."""
        return self.type in _WHOLE


_WHOLE = frozenset({
    NetworkPolicy, AdminPolicy, Ingress, Gateway, ListenerSet, HTTPRoute, GRPCRoute, StreamRoute, ReferenceGrant,
    BackendTLSPolicy,
})  # fmt: skip


def _networkpolicy(policy: NetworkPolicy, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_networkpolicy(policy, found)


def _pod(pod: Pod, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_pod(pod, found)


def _workload(workload: Workload, data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_fields_of(workload.kind, data, found)
    check_workload(workload, found)


def _cron_job(cron: CronJob, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_cron_job(cron, found)


def _service(service: Service, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_service(service, found)


def _endpointslice(piece: EndpointSlice, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_endpointslice(piece, found)


def _endpoints(given: Endpoints, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_endpoints(given, found)


def _node(node: Node, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_node(node, found)


def _ingress(ingress: Ingress, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_ingress(ingress, found)


def _gateway(gateway: Gateway, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_gateway(gateway, found)


def _listenerset(listeners: ListenerSet, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_listenerset(listeners, found)


def _httproute(route: HTTPRoute, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_httproute(route, found)


def _grpcroute(route: GRPCRoute, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_grpcroute(route, found)


def _streamroute(route: StreamRoute, _data: Mapping[str, Any], found: list[Mistake]) -> None:
    check_streamroute(route, found)


def _nothing(_thing: KubernetesObject, _data: Mapping[str, Any], _found: list[Mistake]) -> None:
    """A kind of which only the metadata matters."""


_POLICY = "policy.networking.k8s.io"
_RBAC = "rbac.authorization.k8s.io"
_GATEWAY = "gateway.networking.k8s.io"
_GATEWAY_X = "gateway.networking.x-k8s.io"
_ISTIO = "networking.istio.io"
_GATEWAYS = (
    Kind(_GATEWAY, "GatewayClass", GatewayClass, False, _nothing),
    Kind(_GATEWAY, "Gateway", Gateway, True, _gateway),
    Kind(_GATEWAY, "HTTPRoute", HTTPRoute, True, _httproute),
    Kind(_GATEWAY, "ReferenceGrant", ReferenceGrant, True, _nothing),
)
_GRPC_ROUTE = Kind(_GATEWAY, "GRPCRoute", GRPCRoute, True, _grpcroute)
_BACKEND_TLS = Kind(_GATEWAY, "BackendTLSPolicy", BackendTLSPolicy, True, _nothing)
_STREAM_ROUTES = tuple(
    Kind(_GATEWAY, name, StreamRoute, True, _streamroute) for name in ("TLSRoute", "TCPRoute", "UDPRoute")
)
_ISTIO_KINDS = (
    Kind(_ISTIO, "Gateway", IstioGateway, True, _nothing),
    Kind(_ISTIO, "VirtualService", VirtualService, True, _nothing),
)
_CURRENT = {
    "v1": (
        Kind("", "Namespace", Namespace, False, _nothing, dns_label),
        Kind("", "Node", Node, False, _node),
        Kind("", "Pod", Pod, True, _pod),
        Kind("", "ReplicationController", Workload, True, _workload),
        Kind("", "Service", Service, True, _service, dns_label),
        Kind("", "Endpoints", Endpoints, True, _endpoints),
    ),
    "apps/v1": tuple(
        Kind("apps", name, Workload, True, _workload)
        for name in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
    ),
    "batch/v1": (
        Kind("batch", "Job", Workload, True, _workload),
        Kind("batch", "CronJob", CronJob, True, _cron_job),
    ),
    "discovery.k8s.io/v1": (Kind("discovery.k8s.io", "EndpointSlice", EndpointSlice, True, _endpointslice),),
    "networking.k8s.io/v1": (
        Kind("networking.k8s.io", "NetworkPolicy", NetworkPolicy, True, _networkpolicy),
        Kind("networking.k8s.io", "Ingress", Ingress, True, _ingress),
        Kind("networking.k8s.io", "IngressClass", IngressClass, False, _nothing),
    ),
    f"{_RBAC}/v1": (
        Kind(_RBAC, "Role", Role, True, check_role, path_segment),
        Kind(_RBAC, "ClusterRole", Role, False, check_role, path_segment),
        Kind(_RBAC, "RoleBinding", RoleBinding, True, check_binding, path_segment),
        Kind(_RBAC, "ClusterRoleBinding", RoleBinding, False, check_binding, path_segment),
    ),
    f"{_POLICY}/v1alpha1": (
        Kind(_POLICY, "AdminNetworkPolicy", AdminPolicy, False, check_adminpolicy),
        Kind(_POLICY, "BaselineAdminNetworkPolicy", AdminPolicy, False, check_adminpolicy),
    ),
    f"{_POLICY}/v1alpha2": (Kind(_POLICY, "ClusterNetworkPolicy", AdminPolicy, False, check_adminpolicy),),
    f"{_POLICY}/v1beta1": (Kind(_POLICY, "ClusterNetworkPolicy", AdminPolicy, False, check_adminpolicy),),
    f"{_GATEWAY}/v1": (
        *_GATEWAYS, _GRPC_ROUTE, *_STREAM_ROUTES, _BACKEND_TLS,
        Kind(_GATEWAY, "ListenerSet", ListenerSet, True, _listenerset),
    ),
    f"{_GATEWAY}/v1beta1": _GATEWAYS,
    f"{_GATEWAY}/v1alpha3": (_BACKEND_TLS, _STREAM_ROUTES[0]),
    f"{_GATEWAY}/v1alpha2": (*_STREAM_ROUTES, _GRPC_ROUTE, _GATEWAYS[3]),
    f"{_GATEWAY_X}/v1alpha1": (Kind(_GATEWAY_X, "XListenerSet", ListenerSet, True, _listenerset),),
    "route.openshift.io/v1": (Kind("route.openshift.io", "Route", OpenShiftRoute, True, _nothing),),
    f"{_ISTIO}/v1": _ISTIO_KINDS,
    f"{_ISTIO}/v1beta1": _ISTIO_KINDS,
    f"{_ISTIO}/v1alpha3": _ISTIO_KINDS,
}  # fmt: skip
_REMOVED: Mapping[str, tuple[str, Mapping[str, tuple[str, ...]]]] = {
    "extensions/v1beta1": ("1.16", {"apps/v1": ("Deployment", "DaemonSet", "ReplicaSet"),
                                    "networking.k8s.io/v1": ("NetworkPolicy", "Ingress")}),
    "networking.k8s.io/v1beta1": ("1.22", {"networking.k8s.io/v1": ("Ingress", "IngressClass")}),
    "apps/v1beta1": ("1.16", {"apps/v1": ("Deployment", "StatefulSet")}),
    "apps/v1beta2": ("1.16", {"apps/v1": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")}),
    "batch/v1beta1": ("1.25", {"batch/v1": ("CronJob",)}),
    "batch/v2alpha1": ("1.21", {"batch/v1": ("CronJob",)}),
    f"{_RBAC}/v1beta1": ("1.22", {f"{_RBAC}/v1": ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")}),
    "discovery.k8s.io/v1beta1": ("1.25", {"discovery.k8s.io/v1": ("EndpointSlice",)}),
}  # fmt: skip


def _kinds() -> Iterator[tuple[tuple[str, str], Kind]]:
    for version, kinds in _CURRENT.items():
        for kind in kinds:
            yield (version, kind.name), kind
    for version, (release, successors) in _REMOVED.items():
        for successor, names in successors.items():
            for kind in _CURRENT[successor]:
                if kind.name in names:
                    why = f"{no_matches(version, kind.name)} since Kubernetes {release}: write {successor}"
                    yield (version, kind.name), kind._replace(removed=why)


def no_matches(api_version: str, kind: str) -> str:
    """What kubectl says of a kind that a server does not have."""
    return f'no matches for kind "{kind}" in version "{api_version}"'


KINDS: Mapping[tuple[str, str], Kind] = dict(_kinds())
"""By (apiVersion, kind)."""

_BUILT_IN = {kind.group for kind in KINDS.values()} | {"extensions"}
_BY_NAME: dict[str, list[Kind]] = {}
for _kind in (kind for kinds in _CURRENT.values() for kind in kinds):
    _BY_NAME.setdefault(_kind.name.lower(), []).append(_kind)


def misplaced(api_version: str, kind: str) -> Kind | None:
    """The kind that was probably meant by one that no server has: in a wrong version or group, or in wrong letters."""
    group, named = api_version.rpartition("/")[0], _BY_NAME.get(kind.lower(), [])
    meant = next((each for each in named if each.group == group), named[0] if named else None)
    return meant._replace(removed=no_matches(api_version, kind)) if meant and group in _BUILT_IN else None

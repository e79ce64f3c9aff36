"""From documents to typed objects: what is used, what is not, and every mistake on the way.

What becomes of an object that the API would refuse depends on what losing it would hide. A *policy* is not applied:
the cluster would not have it. A workload, a Service, a namespace or a node is used without the fields that are wrong,
because losing an endpoint would hide its connections. What says where requests go (an Ingress, a Gateway, a route)
is not applied either. All are errors. A version that servers no longer have is
treated the same way. An unknown peer of an admin policy is applied, and fails closed.

What an API server sent has passed admission: fields that we do not know are newer than we are. They are left out, and
named only in the spec of a policy, where they may change what it does; a CIDR that servers took before strict
validation is read as packet filters read it.

Of two objects with the same name the later one counts, in the place of the first: so does ``kubectl apply -f`` leave
it.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from crenel.kubernetes.fields import Examined, examine, without
from crenel.kubernetes.mirroring import mirrored
from crenel.kubernetes.objects.gateway import Gateway, GatewayClass, ListenerSet
from crenel.kubernetes.objects.gatewaypolicies import BackendTLSPolicy, ReferenceGrant
from crenel.kubernetes.objects.ingress import Ingress, IngressClass
from crenel.kubernetes.objects.istio import IstioGateway, VirtualService
from crenel.kubernetes.objects.meta import KubernetesObject, Metadata
from crenel.kubernetes.objects.openshift import OpenShiftRoute
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy, NetworkPolicy
from crenel.kubernetes.objects.rbac import Role, RoleBinding
from crenel.kubernetes.objects.routes import GRPCRoute, HTTPRoute, StreamRoute
from crenel.kubernetes.objects.services import Endpoints, EndpointSlice, Service
from crenel.kubernetes.objects.settings import Setting, is_setting
from crenel.kubernetes.objects.workloads import CronJob, CustomWorkload, Namespace, Node, Pod, Workload
from crenel.kubernetes.pem import labels_of
from crenel.kubernetes.validation.kinds import KINDS, Kind, misplaced
from crenel.kubernetes.validation.metadata import check_metadata
from crenel.kubernetes.validation.mistakes import Mistake, required
from crenel.kubernetes.validation.networkpolicy import mend_networkpolicy
from crenel.provenance import NOWHERE, FieldPath, Origin, Problem, Severity
from crenel.sources.document import Document


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """A ConfigMap as it is written."""

    name: str
    namespace: str
    data: dict[str, Any]
    origin: Origin = NOWHERE

    @property
    def title(self) -> str:
        """How reports write it."""
        return f"configmap {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class KubeadmConfiguration:
    """What kubeadm is told to make a cluster from (kind ClusterConfiguration), as it is written."""

    data: dict[str, Any]
    origin: Origin = NOWHERE
    title: str = "clusterconfiguration"
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """What is kept of a Secret: nothing of its values but which of them are PEM, and of what."""

    name: str
    namespace: str
    type: str = ""
    keys: frozenset[str] = frozenset()
    pem: frozenset[tuple[str, str]] = frozenset()
    """For each key, the labels of its well-formed PEM blocks: ``("tls.crt", "CERTIFICATE")``."""


@dataclass(slots=True)
class Decoded:
    """All objects of the input by what they are, and what was wrong with them."""

    namespaces: list[Namespace] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    pods: list[Pod] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    """Deployments, StatefulSets, DaemonSets, ReplicaSets, ReplicationControllers and Jobs."""
    cron_jobs: list[CronJob] = field(default_factory=list)
    custom_workloads: list[CustomWorkload] = field(default_factory=list)
    """Custom resources whose pods can be foretold: by the caller's table, or by a pod template in ``spec.template``."""
    services: list[Service] = field(default_factory=list)
    endpoint_slices: list[EndpointSlice] = field(default_factory=list)
    """Those of the input, and those that the cluster would make from its Endpoints."""
    endpoints: list[Endpoints] = field(default_factory=list)
    network_policies: list[NetworkPolicy] = field(default_factory=list)
    admin_policies: list[AdminPolicy] = field(default_factory=list)
    """AdminNetworkPolicies, BaselineAdminNetworkPolicies and ClusterNetworkPolicies."""
    foreign_policies: list[ForeignPolicy] = field(default_factory=list)
    ingresses: list[Ingress] = field(default_factory=list)
    ingress_classes: list[IngressClass] = field(default_factory=list)
    gateways: list[Gateway] = field(default_factory=list)
    gateway_classes: list[GatewayClass] = field(default_factory=list)
    listener_sets: list[ListenerSet] = field(default_factory=list)
    http_routes: list[HTTPRoute] = field(default_factory=list)
    grpc_routes: list[GRPCRoute] = field(default_factory=list)
    stream_routes: list[StreamRoute] = field(default_factory=list)
    """TLSRoutes, TCPRoutes and UDPRoutes."""
    reference_grants: list[ReferenceGrant] = field(default_factory=list)
    backend_tls_policies: list[BackendTLSPolicy] = field(default_factory=list)
    openshift_routes: list[OpenShiftRoute] = field(default_factory=list)
    istio_gateways: list[IstioGateway] = field(default_factory=list)
    virtual_services: list[VirtualService] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    config_maps: list[ConfigMap] = field(default_factory=list)
    settings: list[Setting] = field(default_factory=list)
    """How proxies and meshes are set: the kinds of `crenel.kubernetes.objects.settings`."""
    kubeadm_configurations: list[KubeadmConfiguration] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    """Roles and ClusterRoles."""
    role_bindings: list[RoleBinding] = field(default_factory=list)
    """RoleBindings and ClusterRoleBindings."""
    custom_resource_names: list[str] = field(default_factory=list)
    """Names of CustomResourceDefinitions: ``networkpolicies.crd.projectcalico.org``."""
    others_seen: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each (apiVersion, kind) was met that is not needed."""
    problems: list[Problem] = field(default_factory=list)


def no_kind(_api_version: str, _kind: str) -> bool:
    """Is true of no kind."""
    return False


def cluster_wide_by_name(_api_version: str, kind: str) -> bool:
    """Guess from its name whether a policy kind is cluster-scoped, for when it is not known."""
    return kind.startswith(("Admin", "BaselineAdmin")) or any(
        word in kind for word in ("Cluster", "Global", "EgressGateway")
    )


def decode(
    documents: Iterable[Document],
    *,
    default_namespace: str = "default",
    foreign: Callable[[str, str], bool] = no_kind,
    predictable: Callable[[str, str], bool] = no_kind,
    cluster_wide: Callable[[str, str], bool] = cluster_wide_by_name,
) -> Decoded:
    """Decode documents into typed objects. Never raises for what is in them.

    Args:
        documents: what the sources yielded, in order.
        default_namespace: where namespaced objects live that name no namespace.
        foreign: tells of (apiVersion, kind) whether it is a policy of another API.
        predictable: tells of (apiVersion, kind) whether it is a custom resource whose pods can be foretold.
        cluster_wide: tells of a foreign policy's (apiVersion, kind) whether it is cluster-scoped; asked only where an
            object names no namespace.
    """
    decoder = _Decoder(default_namespace, foreign, predictable, cluster_wide)
    with _uncollected():
        for document in documents:
            decoder.read(document)
    decoded = decoder.decoded
    decoded.endpoint_slices += list(mirrored(decoded.endpoints, decoded.endpoint_slices))
    return decoded


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the garbage collector: decoding makes no garbage, and looking for it takes half of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


@dataclass(slots=True)
class _Decoder:
    default_namespace: str
    foreign: Callable[[str, str], bool]
    predictable: Callable[[str, str], bool]
    cluster_wide: Callable[[str, str], bool]
    decoded: Decoded = field(default_factory=Decoded)
    places: dict[tuple[str, str, str, str], tuple[list[Any], int]] = field(default_factory=dict)
    lists: dict[type, list[Any]] = field(init=False)

    def __post_init__(self) -> None:
        into = self.decoded
        self.lists = {
            Namespace: into.namespaces, Node: into.nodes, Pod: into.pods, Workload: into.workloads,
            CronJob: into.cron_jobs, Service: into.services, EndpointSlice: into.endpoint_slices,
            Endpoints: into.endpoints, NetworkPolicy: into.network_policies, AdminPolicy: into.admin_policies,
            Ingress: into.ingresses, IngressClass: into.ingress_classes, Gateway: into.gateways,
            GatewayClass: into.gateway_classes, ListenerSet: into.listener_sets, HTTPRoute: into.http_routes,
            GRPCRoute: into.grpc_routes, StreamRoute: into.stream_routes, ReferenceGrant: into.reference_grants,
            BackendTLSPolicy: into.backend_tls_policies, OpenShiftRoute: into.openshift_routes,
            IstioGateway: into.istio_gateways, VirtualService: into.virtual_services,
            Role: into.roles, RoleBinding: into.role_bindings,
        }  # fmt: skip

    def read(self, document: Document) -> None:
        """Read one document."""
        api_version, name = document.data.get("apiVersion"), document.data.get("kind")
        if not isinstance(api_version, str) or not isinstance(name, str) or not api_version or not name:
            missing = "kind" if isinstance(api_version, str) and api_version else "apiVersion"
            self.decoded.problems.append(Problem(f"Object '{missing}' is missing", document.origin))
        elif (kind := KINDS.get((api_version, name))) is not None:
            self._read_typed(kind, document)
        else:
            self._read_other(api_version, name, document)

    def _read_typed(self, kind: Kind, document: Document) -> None:
        data, found = document.data, list[Mistake]()
        checked = kind.is_policy or not document.served
        try:
            thing = msgspec.convert(data, kind.type)
        except msgspec.ValidationError:
            examined = examine(data, kind.type, advise=not document.served)
            data, thing = examined.data, msgspec.convert(examined.data, kind.type)
            amiss = _check(kind, thing, data) if checked else []
            found = _all_mistakes(kind, examined, amiss, served=document.served)
        else:
            found = amiss = _check(kind, thing, data) if checked else []
        if kind.removed and not document.served:
            found = [Mistake(("apiVersion",), kind.removed), *found]
        unnamed = not (thing.metadata.name or thing.metadata.generate_name)
        self._place(kind, thing, document.origin)
        if found:
            if not self._is_accepted(kind, thing, found, served=document.served):
                return
            if unnamed and kind.type not in (Pod, Workload, CronJob):
                return
            thing = _without_mistakes(kind, thing, data, amiss)
        self._keep((kind.group, kind.name, thing.namespace, thing.name), thing, self.lists[kind.type])

    def _place(self, kind: Kind, thing: KubernetesObject, origin: Origin) -> None:
        """Give an object its origin, its namespace, and a name where it has none."""
        thing.origin = origin
        metadata = thing.metadata
        if not kind.namespaced:
            metadata.namespace = None
        elif not metadata.namespace:
            metadata.namespace = self.default_namespace
        if not metadata.name:
            prefix = metadata.generate_name or "unnamed-"
            taken = self.places
            numbers = (f"{prefix}{number}" for number in range(1, len(taken) + 2))
            key = kind.group, kind.name, thing.namespace
            metadata.name = next(name for name in numbers if (*key, name) not in taken)

    def _is_accepted(self, kind: Kind, thing: KubernetesObject, found: list[Mistake], *, served: bool) -> bool:
        """Report the mistakes. Returns whether the object is used in spite of them."""
        wrong = any(each.severity is Severity.ERROR for each in found)
        if served and wrong and isinstance(thing, NetworkPolicy):
            mend_networkpolicy(thing)
            if not _check(kind, thing, {}):
                found = [each._replace(severity=Severity.WARNING) for each in found]
                wrong = False
        refused = wrong and kind.is_whole
        if refused:
            found = [each._replace(message=f"{each.message}; not applied") for each in found]
        self._report(found, thing.origin, thing.title)
        return not refused

    def _keep(self, key: tuple[str, str, str, str], thing: Any, into: list[Any]) -> None:
        """File an object, in the place of an earlier one with the same name."""
        if (earlier := self.places.get(key)) is None:
            self.places[key] = into, len(into)
            into.append(thing)
            return
        known, position = earlier
        first = known[position]
        same = type(first) is type(thing) and msgspec.structs.replace(first, origin=thing.origin) == thing
        line = first.origin.line()
        place = first.origin.source if line is None else f"{first.origin.source}:{line}"
        words = "word for word the same" if same else "this one counts, as with kubectl apply"
        severity = Severity.WARNING if same else Severity.ERROR
        message = f"appears twice: first at {place}; {words}" if place else f"appears twice; {words}"
        self.decoded.problems.append(Problem(message, thing.origin, (), thing.title, severity))
        known[position] = thing

    def _read_other(self, api_version: str, kind: str, document: Document) -> None:
        data, group = document.data, api_version.rpartition("/")[0]
        if (group, kind) == ("apiextensions.k8s.io", "CustomResourceDefinition"):
            if name := _metadata_text(data, "name"):
                self.decoded.custom_resource_names.append(name)
        elif (api_version, kind) == ("v1", "ConfigMap"):
            self._read_config_map(data, document.origin)
        elif (group, kind) == ("kubeadm.k8s.io", "ClusterConfiguration"):
            self.decoded.kubeadm_configurations.append(KubeadmConfiguration(data, document.origin))
        elif (api_version, kind) == ("v1", "Secret"):
            self._read_secret(data)
        elif self.foreign(api_version, kind):
            self._read_foreign(api_version, kind, document)
        elif is_setting(api_version, kind):
            self._read_setting(api_version, kind, document)
        elif (meant := misplaced(api_version, kind)) is not None:
            self._read_typed(meant, replace(document, data={**data, "kind": meant.name}))
        elif self.predictable(api_version, kind) or _has_pod_template(data):
            self._read_custom(api_version, kind, document)
        else:
            self.decoded.others_seen[api_version, kind] += 1

    def _read_config_map(self, data: dict[str, Any], origin: Origin) -> None:
        name, held = _metadata_text(data, "name"), data.get("data")
        namespace = _metadata_text(data, "namespace") or self.default_namespace
        if name:
            self.decoded.config_maps.append(ConfigMap(name, namespace, held if isinstance(held, dict) else {}, origin))

    def _read_secret(self, data: dict[str, Any]) -> None:
        name, kind = _metadata_text(data, "name"), data.get("type")
        namespace = _metadata_text(data, "namespace") or self.default_namespace
        held = {each: values for each in ("data", "stringData") if isinstance(values := data.get(each), dict)}
        keys = frozenset(str(key) for values in held.values() for key in values)
        pem = {
            (str(key), label)
            for each, values in held.items()
            for key, value in values.items()
            for label in labels_of(value, encoded=each == "data")
        }
        if name:
            secret = Secret(name, namespace, kind if isinstance(kind, str) else "", keys, frozenset(pem))
            self.decoded.secrets.append(secret)

    def _read_foreign(self, api_version: str, kind: str, document: Document) -> None:
        data = document.data
        spec, name, namespace = data.get("spec"), _metadata_text(data, "name"), _metadata_text(data, "namespace")
        spec = spec if isinstance(spec, dict) else {}
        if isinstance(data.get("specs"), list):
            spec = {**spec, "specs": data["specs"]}
        if not namespace and not self.cluster_wide(api_version, kind):
            namespace = self.default_namespace
        annotations, labels = _metadata_texts(data, "annotations"), _metadata_texts(data, "labels")
        policy = ForeignPolicy(api_version, kind, name, namespace, spec, document.origin, annotations, labels)
        if name:
            self._keep((api_version.rpartition("/")[0], kind, namespace, name), policy, self.decoded.foreign_policies)
        else:
            self._report([required(("metadata", "name"))], document.origin, policy.title)
            self.decoded.foreign_policies.append(policy)

    def _read_setting(self, api_version: str, kind: str, document: Document) -> None:
        data = document.data
        spec, name = data.get("spec"), _metadata_text(data, "name")
        namespace = _metadata_text(data, "namespace") or self.default_namespace
        setting = Setting(api_version, kind, name, namespace, spec if isinstance(spec, dict) else {}, document.origin)
        if name:
            self._keep((api_version.rpartition("/")[0], kind, namespace, name), setting, self.decoded.settings)
        else:
            self._report([required(("metadata", "name"))], document.origin, setting.title)

    def _read_custom(self, api_version: str, kind: str, document: Document) -> None:
        data, spec = document.data, document.data.get("spec")
        found: list[Mistake] = []
        metadata = _metadata(data, found)
        if not metadata.name:
            metadata.name = metadata.generate_name or ""
        metadata.namespace = metadata.namespace or self.default_namespace
        custom = CustomWorkload(api_version, kind, metadata, spec if isinstance(spec, dict) else {}, document.origin)
        if not metadata.name:
            found.append(required(("metadata", "name"), "name or generateName is required"))
        if not document.served:
            self._report(found, document.origin, custom.title)
        if metadata.name:
            key = (api_version.rpartition("/")[0], kind, custom.namespace, custom.name)
            self._keep(key, custom, self.decoded.custom_workloads)

    def _report(self, found: list[Mistake], origin: Origin, title: str) -> None:
        self.decoded.problems += [Problem(each.message, origin, each.field, title, each.severity) for each in found]


_IDENTITY: frozenset[FieldPath] = frozenset({("apiVersion",), ("metadata", "name"), ("metadata", "namespace")})


def _check(kind: Kind, thing: KubernetesObject, data: dict[str, Any]) -> list[Mistake]:
    found: list[Mistake] = []
    check_metadata(thing.metadata, kind.name_syntax, found)
    kind.check(thing, data, found)
    return found


def _all_mistakes(kind: Kind, examined: Examined, amiss: list[Mistake], *, served: bool) -> list[Mistake]:
    """What is wrong with the fields of an object, and with what is left; without what only follows from the former."""
    found = examined.mistakes
    if served:
        telling = [each for each in found if kind.is_whole and each.field[:1] == ("spec",)]
        found = [each._replace(severity=Severity.WARNING) for each in telling]
    more = [each._replace(field=examined.written(each.field)) for each in amiss]
    roots = [each.field for each in examined.mistakes]
    return found + [each for each in more if not any(_on_one_line(each.field, root) for root in roots)]


def _on_one_line(one: FieldPath, other: FieldPath) -> bool:
    """Whether one of two fields is inside the other."""
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _without_mistakes(
    kind: Kind, thing: KubernetesObject, data: dict[str, Any], amiss: list[Mistake]
) -> KubernetesObject:
    """An object without the fields that are wrong, save those by which it is known; policies are taken whole or not."""
    paths = [each.field for each in amiss if each.severity is Severity.ERROR and each.field not in _IDENTITY]
    if kind.is_whole or not paths:
        return thing
    left = msgspec.convert(without(data, paths, kind.type), kind.type)
    left.origin = thing.origin
    left.metadata.name, left.metadata.namespace = thing.metadata.name, thing.metadata.namespace
    return left


def _metadata_text(data: dict[str, Any], name: str) -> str:
    metadata = data.get("metadata")
    text = metadata.get(name) if isinstance(metadata, dict) else None
    return text if isinstance(text, str) else ""


def _metadata_texts(data: dict[str, Any], field: str) -> dict[str, str]:
    """The labels or annotations of an object that is not typed otherwise."""
    metadata = data.get("metadata")
    table = metadata.get(field) if isinstance(metadata, dict) else None
    items = table.items() if isinstance(table, dict) else ()
    return {key: value for key, value in items if isinstance(key, str) and isinstance(value, str)}


def _metadata(data: dict[str, Any], found: list[Mistake]) -> Metadata:
    """The metadata of an object that is not typed otherwise."""
    written: Any = data.get("metadata") or {}
    try:
        return msgspec.convert(written, Metadata)
    except msgspec.ValidationError:
        examined = examine(written, Metadata)
        found += [each._replace(field=("metadata", *each.field)) for each in examined.mistakes]
        return msgspec.convert(examined.data, Metadata)


def _has_pod_template(data: dict[str, Any]) -> bool:
    """Whether an object has containers at ``spec.template.spec``."""
    part: Any = data
    for step in ("spec", "template", "spec", "containers"):
        part = part.get(step) if isinstance(part, dict) else None
    return isinstance(part, list) and bool(part)

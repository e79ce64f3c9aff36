"""What the server serves: groups, versions and resources, and the discovery documents made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

BUILT_IN_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CUSTOM_VERBS = ("delete", "deletecollection", "get", "list", "patch", "create", "update", "watch")
STATUS_VERBS = ("get", "patch", "update")


@dataclass(frozen=True)
class Resource:
    """One resource of one group and version, as discovery lists it; a subresource has a slash in its name."""

    group: str
    version: str
    name: str
    kind: str
    namespaced: bool = True
    verbs: tuple[str, ...] = BUILT_IN_VERBS
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    of: tuple[str, str] | None = None
    """Group and version of the kind, where it is another group's (``pods/eviction``)."""
    custom: bool = False
    """Defined by a CustomResourceDefinition: items of a list then state their own kind."""

    @property
    def group_version(self) -> str:
        """``v1`` or ``apps/v1``."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """The singular name of discovery; empty for most subresources."""
        return "" if "/" in self.name else self.kind.lower()

    def discovery(self) -> dict[str, Any]:
        """The entry of an APIResourceList."""
        entry: dict[str, Any] = {"name": self.name, "singularName": self.singular, "namespaced": self.namespaced}
        if self.of:
            entry |= {"group": self.of[0], "version": self.of[1]}
        entry |= {"kind": self.kind, "verbs": list(self.verbs)}
        if self.short:
            entry["shortNames"] = list(self.short)
        if self.categories:
            entry["categories"] = list(self.categories)
        return entry


CORE = """
bindings                          Binding                N create
componentstatuses                 ComponentStatus        C get,list     short=cs
configmaps                        ConfigMap              N *     short=cm
endpoints                         Endpoints              N *     short=ep
events                            Event                  N *     short=ev
limitranges                       LimitRange             N *     short=limits
namespaces                        Namespace              C create,delete,get,list,patch,update,watch short=ns
namespaces/finalize               Namespace              C update
namespaces/status                 Namespace              C get,patch,update
nodes                             Node                   C *     short=no
nodes/proxy                       NodeProxyOptions       C create,delete,get,patch,update
nodes/status                      Node                   C get,patch,update
persistentvolumeclaims            PersistentVolumeClaim  N *     short=pvc
persistentvolumeclaims/status     PersistentVolumeClaim  N get,patch,update
persistentvolumes                 PersistentVolume       C *     short=pv
persistentvolumes/status          PersistentVolume       C get,patch,update
pods                              Pod                    N *     short=po categories=all
pods/attach                       PodAttachOptions       N create,get
pods/binding                      Binding                N create
pods/ephemeralcontainers          Pod                    N get,patch,update
pods/eviction                     Eviction               N create of=policy/v1
pods/exec                         PodExecOptions         N create,get
pods/log                          Pod                    N get
pods/portforward                  PodPortForwardOptions  N create,get
pods/proxy                        PodProxyOptions        N create,delete,get,patch,update
pods/resize                       Pod                    N get,patch,update
pods/status                       Pod                    N get,patch,update
podtemplates                      PodTemplate            N *
replicationcontrollers            ReplicationController  N *     short=rc categories=all
replicationcontrollers/scale      Scale                  N get,patch,update of=autoscaling/v1
replicationcontrollers/status     ReplicationController  N get,patch,update
resourcequotas                    ResourceQuota          N *     short=quota
resourcequotas/status             ResourceQuota          N get,patch,update
secrets                           Secret                 N *
serviceaccounts                   ServiceAccount         N *     short=sa
serviceaccounts/token             TokenRequest           N create of=authentication.k8s.io/v1
services                          Service                N *     short=svc categories=all
services/proxy                    ServiceProxyOptions    N create,delete,get,patch,update
services/status                   Service                N get,patch,update
"""

APPS = """
daemonsets    DaemonSet    N * short=ds     categories=all
deployments   Deployment   N * short=deploy categories=all
replicasets   ReplicaSet   N * short=rs     categories=all
statefulsets  StatefulSet  N * short=sts    categories=all
"""
BATCH = """
cronjobs  CronJob  N * short=cj categories=all
jobs      Job      N *          categories=all
"""
NETWORKING = """
ingressclasses   IngressClass   C *
ingresses        Ingress        N * short=ing
networkpolicies  NetworkPolicy  N * short=netpol
servicecidrs     ServiceCIDR    C *
"""
DISCOVERY = "endpointslices EndpointSlice N *"
ADMIN_V2 = """
clusternetworkpolicies         ClusterNetworkPolicy  C + short=cnp
clusternetworkpolicies/status  ClusterNetworkPolicy  C get,patch,update
"""
ADMIN_V1 = """
adminnetworkpolicies          AdminNetworkPolicy          C + short=anp
baselineadminnetworkpolicies  BaselineAdminNetworkPolicy  C + short=banp
"""
GATEWAY = """
gatewayclasses  GatewayClass  C + short=gc
gateways        Gateway       N + short=gtw
httproutes      HTTPRoute     N +
"""
CERTIFICATES = "certificates Certificate N + short=cert,certs"

GROUPS: tuple[tuple[str, str], ...] = (
    ("v1", CORE),
    ("apiregistration.k8s.io/v1", ""), ("apps/v1", APPS), ("events.k8s.io/v1", ""), ("authentication.k8s.io/v1", ""),
    ("authorization.k8s.io/v1", ""), ("autoscaling/v2", ""), ("autoscaling/v1", ""), ("batch/v1", BATCH),
    ("certificates.k8s.io/v1", ""), ("networking.k8s.io/v1", NETWORKING), ("policy/v1", ""),
    ("rbac.authorization.k8s.io/v1", ""), ("storage.k8s.io/v1", ""), ("admissionregistration.k8s.io/v1", ""),
    ("apiextensions.k8s.io/v1", ""), ("scheduling.k8s.io/v1", ""), ("coordination.k8s.io/v1", ""),
    ("node.k8s.io/v1", ""),
    ("discovery.k8s.io/v1", DISCOVERY), ("resource.k8s.io/v1", ""), ("flowcontrol.apiserver.k8s.io/v1", ""),
    ("acme.cert-manager.io/v1", ""), ("cert-manager.io/v1", CERTIFICATES), ("gateway.networking.k8s.io/v1", GATEWAY),
    ("gateway.networking.k8s.io/v1beta1", GATEWAY), ("policy.networking.k8s.io/v1alpha2", ADMIN_V2),
    ("policy.networking.k8s.io/v1alpha1", ADMIN_V1),
)  # fmt: skip
"""Group versions in the order and preference of the recorded server, with what each serves."""


class Served:
    """Everything one server serves; groups keep the order they were added in, the first version is preferred."""

    def __init__(self, groups: Iterable[tuple[str, str]] = GROUPS) -> None:
        self.versions: dict[str, list[str]] = {}
        self.resources: dict[tuple[str, str], list[Resource]] = {}
        for group_version, table in groups:
            group, version = split(group_version)
            self.add_version(group, version)
            for line in filter(None, table.splitlines()):
                self.add(_resource(group, version, line.split()))

    def add_version(self, group: str, version: str) -> None:
        """Serve a group version, with nothing in it yet."""
        versions = self.versions.setdefault(group, [])
        if version not in versions:
            versions.append(version)
        self.resources.setdefault((group, version), [])

    def add(self, resource: Resource) -> None:
        """Serve a resource."""
        self.add_version(resource.group, resource.version)
        self.resources[resource.group, resource.version].append(resource)

    def remove_group(self, group: str) -> None:
        """Serve a group no longer."""
        for version in self.versions.pop(group):
            del self.resources[group, version]

    def find(self, group: str, version: str, name: str) -> Resource | None:
        """The resource at a path, or None when it is not served."""
        return next((each for each in self.resources.get((group, version), ()) if each.name == name), None)

    def of_kind(self, api_version: str, kind: str) -> Resource:
        """The resource of an object."""
        found = (
            each for each in self.resources.get(split(api_version), ()) if each.kind == kind and "/" not in each.name
        )
        return next(found)

    def group_list(self) -> dict[str, Any]:
        """The answer to ``/apis``."""
        groups = [self.group(name) for name in self.versions if name]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}

    def group(self, name: str) -> dict[str, Any]:
        """One group of ``/apis``."""
        versions = [{"groupVersion": f"{name}/{version}", "version": version} for version in self.versions[name]]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def resource_list(self, group: str, version: str) -> dict[str, Any]:
        """The answer to ``/api/v1`` and ``/apis/GROUP/VERSION``."""
        answer: dict[str, Any] = {"kind": "APIResourceList"}
        if group:
            answer["apiVersion"] = "v1"
        answer["groupVersion"] = f"{group}/{version}" if group else version
        return answer | {"resources": [each.discovery() for each in self.resources[group, version]]}


def split(group_version: str) -> tuple[str, str]:
    """``apps/v1`` in two; the core group is empty."""
    group, _, version = group_version.rpartition("/")
    return group, version


def default_resources() -> Served:
    """What the recorded server served, as far as Crenel looks at it."""
    return Served()


def _resource(group: str, version: str, words: list[str]) -> Resource:
    name, kind, scope, verbs, *options = words
    resource = Resource(group, version, name, kind, scope == "N", _verbs(verbs), custom=verbs == "+")
    for option in options:
        key, _, value = option.partition("=")
        if key == "of":
            resource = replace(resource, of=split(value))
        elif key == "short":
            resource = replace(resource, short=tuple(value.split(",")))
        else:
            resource = replace(resource, categories=tuple(value.split(",")))
    return resource


def _verbs(text: str) -> tuple[str, ...]:
    return {"*": BUILT_IN_VERBS, "+": CUSTOM_VERBS}.get(text) or tuple(text.split(","))

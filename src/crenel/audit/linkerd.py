"""Who may talk to the workloads of Linkerd without a certificate, and which setting says so.

Source of the rules: linkerd.io reference, Authorization Policy: the default of the cluster, of a namespace and of a
workload (``config.linkerd.io/default-inbound-policy``); a Server takes the port from the default, and denies unless its
``accessPolicy``, a ServerAuthorization or an AuthorizationPolicy allows. Proxy Configuration: skip-inbound-ports.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from crenel.audit.annotated import Annotated, annotated, namespace_annotations
from crenel.audit.finding import Thing
from crenel.audit.peers import labelled, table, tcp_ports
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.dialects.admission import Account, Client
from crenel.dialects.known import Truth
from crenel.dialects.linkerdpolicies import GROUP, Authorized
from crenel.kubernetes.decode import ConfigMap
from crenel.kubernetes.mesh import default_inbound_policy
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.provenance import FieldPath

INJECT = "linkerd.io/inject"
SKIP = "config.linkerd.io/skip-inbound-ports"
DEFAULT = "config.linkerd.io/default-inbound-policy"
OPEN = ("all-unauthenticated", "cluster-unauthenticated", "audit")
"""Defaults by which clients outside of the mesh get through."""
_GRANTS = ("ServerAuthorization", "AuthorizationPolicy")
_MESHED = ("MeshTLSAuthentication", "ServiceAccount")
"""What an AuthorizationPolicy may ask for that only a client with a certificate has."""


@dataclass(frozen=True)
class Opening:
    """Why some port takes clients without a certificate."""

    thing: Thing
    field: FieldPath
    words: str
    is_known: bool = True
    """False for the default of Linkerd, which the control plane may have been given another of."""


class Linkerd:
    """The policies of an input for the workloads of the mesh."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._spaces = namespace_annotations(subject)
        self._grants: dict[str, list[ForeignPolicy]] = defaultdict(list)
        for policy in subject.decoded.foreign_policies:
            if policy.api_version.partition("/")[0] == GROUP and policy.kind in _GRANTS:
                self._grants[policy.namespace].append(policy)

    @cached_property
    def _authorized(self) -> Authorized:
        decoded = self._subject.decoded
        return Authorized(decoded.foreign_policies, decoded.settings, labelled(self._subject))

    @cached_property
    def pods(self) -> Mapping[int, Annotated]:
        """What the objects of pods say, by endpoint."""
        return annotated(self._subject)

    def said(self, workload: Workload, key: str) -> tuple[str, Thing, FieldPath] | None:
        """What an annotation says of a workload: that of the pod, or else of its namespace."""
        pod = self.pods.get(workload.index)
        if pod is not None and key in pod.annotations:
            return pod.annotations[key], pod.thing, (*pod.field, key)
        value = self._spaces.get(workload.namespace, {}).get(key)
        if value is None:
            return None
        return value, self._subject.namespace(workload.namespace), ("metadata", "annotations", key)

    def inside(self, workload: Workload) -> bool:
        """Whether a proxy is put into the pods."""
        found = self.said(workload, INJECT)
        return not workload.hosted and found is not None and found[0] in ("enabled", "ingress")

    def openings(self, workload: Workload) -> Iterator[tuple[int, Opening]]:
        """The ports that take clients without a certificate, each with the reason."""
        default = self._default(workload)
        for port in tcp_ports(self._subject, workload):
            server = self._server(workload, port)
            opening = default if server is None else self._of_server(server)
            if opening is not None:
                yield port, opening

    def default(self, workload: Workload) -> str:
        """The policy for ports without a Server: that of the pod, its namespace, the mesh, or Linkerd's own."""
        found = self.said(workload, DEFAULT)
        if found is not None:
            return found[0]
        return self._of_mesh[1] if self._of_mesh is not None else OPEN[0]

    def _default(self, workload: Workload) -> Opening | None:
        found = self.said(workload, DEFAULT)
        if found is not None:
            said, thing, where = found
            return Opening(thing, where, f"the default policy is {said}") if said in OPEN else None
        if self._of_mesh is not None:
            config, value = self._of_mesh
            words = f"the default policy of the mesh is {value}"
            return Opening(config, ("data", "values"), words) if value in OPEN else None
        space = self._subject.namespace(workload.namespace)
        return Opening(space, (), f"the default policy of Linkerd is {OPEN[0]}", is_known=False)

    @cached_property
    def _of_mesh(self) -> tuple[ConfigMap, str] | None:
        return default_inbound_policy(self._subject.decoded)

    def servers(self, workload: Workload, port: int) -> list[ForeignPolicy]:
        """The Servers for a port of a workload, or those that may be."""
        return self._authorized.servers(workload.index, workload.namespace, port, _names(workload, port))

    def admits(self, workload: Workload, port: int, client: Client) -> Truth:
        """Whether policies let a client in at a port."""
        return self._authorized.admits(
            workload.index, workload.namespace, port, _names(workload, port), client, self.default(workload)
        )

    def named(self, workload: Workload) -> frozenset[Account] | None:
        """The accounts that policies for a workload name; None where they mean others otherwise."""
        return self._authorized.named(workload.namespace)

    def _server(self, workload: Workload, port: int) -> ForeignPolicy | None:
        return self._authorized.server(workload.index, workload.namespace, port, _names(workload, port))

    def _of_server(self, server: ForeignPolicy) -> Opening | None:
        value = server.spec.get("accessPolicy")
        if value in OPEN:
            return Opening(server, ("spec", "accessPolicy"), f"{server.title} lets in {value}")
        for grant in self._grants[server.namespace]:
            if grant.kind == "ServerAuthorization" and _is_of(grant, server):
                client = table(grant.spec.get("client"))
                if client.get("unauthenticated") is True:
                    words = f"{grant.title} lets in clients without a certificate"
                    return Opening(grant, ("spec", "client", "unauthenticated"), words)
            elif grant.kind == "AuthorizationPolicy" and _targets(grant, server) and not _is_meshed(grant):
                words = f"{grant.title} asks for no certificate"
                return Opening(grant, ("spec", "requiredAuthenticationRefs"), words)
        return None


def _names(workload: Workload, port: int) -> set[str]:
    """What the pods call a port."""
    return {name for name, protocol, number in workload.group.ports if number == port and name and protocol == "TCP"}


def _is_of(grant: ForeignPolicy, server: ForeignPolicy) -> bool:
    """Whether a ServerAuthorization is surely for a Server: by its name, or as one for all of the namespace."""
    wanted = table(grant.spec.get("server"))
    every = "selector" in wanted and not any(table(wanted["selector"]).values())
    return wanted.get("name") == server.name or every


def _targets(grant: ForeignPolicy, server: ForeignPolicy) -> bool:
    target = table(grant.spec.get("targetRef"))
    if target.get("kind") == "Server":
        return target.get("name") == server.name
    return target.get("kind") == "Namespace"


def _is_meshed(grant: ForeignPolicy) -> bool:
    """Whether an AuthorizationPolicy asks for a certificate."""
    wanted = grant.spec.get("requiredAuthenticationRefs")
    return any(table(each).get("kind") in _MESHED for each in (wanted if isinstance(wanted, list) else ()))


def skipped(text: str, port: int) -> bool:
    """Whether a list of ports and ranges (``25,4000-4100``) holds a port."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        if first.isdecimal() and (not last or last.isdecimal()) and int(first) <= port <= int(last or first):
            return True
    return False

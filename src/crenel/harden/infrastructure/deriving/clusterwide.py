"""What the parts of a cluster say to each other: API server, kubelets, etcd.

Sources: Kubernetes documentation, "Ports and Protocols" and "Communication between Nodes and the Control Plane"; EKS
user guide, "View Amazon EKS security group requirements for clusters".
"""

from __future__ import annotations

from crenel.harden.infrastructure.deriving.draft import CONTROL_PLANE, NODES, Draft
from crenel.harden.infrastructure.model import End
from crenel.harden.needs.controlplane import ApiServer
from crenel.network.rules import Direction
from crenel.network.traffic import parse_traffic

_KUBELET, _ETCD, _SSH = (parse_traffic(text) for text in ("TCP/10250", "TCP/2379-2380", "TCP/22"))
_WEBHOOKS = parse_traffic("TCP/443,8443,9443")
"""The ports that webhooks and aggregated APIs usually serve at."""


def clusterwide(draft: Draft, server: ApiServer) -> None:
    """Open all of it."""
    leading = draft.groups.get(CONTROL_PLANE)
    if leading is None and not server.known:
        draft.note(
            "the API server is not in the input: kubelets are open to no control plane; give its addresses"
            " (the endpoints of the Service default/kubernetes, or --api-server)"
        )
    for name in (NODES, CONTROL_PLANE):
        draft.let(name, CONTROL_PLANE, server.traffic, "the API server")
        draft.let(CONTROL_PLANE, name, _KUBELET, "kubelets, asked by the API server")
    if leading is not None and leading.members:
        draft.let(CONTROL_PLANE, CONTROL_PLANE, _ETCD, "etcd")
        draft.note("the API server is open to nodes alone; name who else uses it")
    elif leading is not None and draft.joined.tenants:
        draft.let(CONTROL_PLANE, NODES, _WEBHOOKS, "webhooks, called by the API server")
    if leading is None and NODES in draft.groups:  # machines that are both
        draft.let(NODES, NODES, [*server.traffic, *_ETCD] if _leads(draft) else [], "the control plane on nodes")
    for name in draft.machines:
        if draft.given.administrators:
            end = End(addresses=draft.given.administrators)
            draft.add(name, Direction.INGRESS, end, _SSH, "administrators, by SSH")
    if not draft.given.administrators:
        draft.note("no new SSH session is open to machines; name administrators to allow it")


def _leads(draft: Draft) -> bool:
    """Whether an API server runs on the nodes themselves."""
    return any(group.labels.get("component") == "kube-apiserver" for group in draft.joined.model.scope.groups.values())

"""Small clusters as Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Object: TypeAlias = dict[str, Any]
Ports: TypeAlias = Mapping[str, int]


def metadata(name: str, **more: Any) -> Object:
    """Metadata of ``namespace/name``, or of ``name`` where it is cluster-wide."""
    namespace, _, own = name.rpartition("/")
    return {"name": own, **({"namespace": namespace} if namespace else {}), **more}


def spec_of(ports: Ports | None = None, **more: Any) -> Object:
    """A pod's spec with named ports."""
    listed = [{"name": name, "containerPort": port} for name, port in (ports or {}).items()]
    return {"containers": [{"name": "c", "image": "example.org/app:1", "ports": listed}], **more}


def workload(
    name: str, ports: Ports | None = None, *, kind: str = "Deployment", labels: Object | None = None, replicas: int = 1
) -> Object:
    """A workload whose pods have the label ``app`` with its name."""
    own = name.rpartition("/")[2]
    chosen = {"app": own, **(labels or {})}
    spec: Object = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": own}},
        "template": {"metadata": {"labels": chosen}, "spec": spec_of(ports)},
    }
    if kind == "StatefulSet":
        spec["serviceName"] = own
    if kind == "DaemonSet":
        del spec["replicas"]
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": metadata(name), "spec": spec}


def pod(
    name: str,
    ip: str | tuple[str, ...] = (),
    *,
    labels: Object | None = None,
    ports: Ports | None = None,
    owner: tuple[str, str] | None = None,
    phase: str = "Running",
    **spec: Any,
) -> Object:
    """A pod."""
    addresses = (ip,) if isinstance(ip, str) else ip
    meta = metadata(name, labels=labels or {"app": name.rpartition("/")[2]})
    if owner is not None:
        kind, owned = owner
        meta["ownerReferences"] = [
            {"apiVersion": "apps/v1", "kind": kind, "name": owned, "uid": owned, "controller": True}
        ]
    status = {"phase": phase, "podIPs": [{"ip": address} for address in addresses]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec_of(ports, **spec), "status": status}


def node(name: str, ip: str, *, pods: str = "", further: str = "") -> Object:
    """A node, with the range of its pods and a further address if wanted."""
    listed = [{"type": "InternalIP", "address": ip}]
    listed += [{"type": "ExternalIP", "address": further}] if further else []
    spec = {"podCIDRs": [pods]} if pods else {}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": metadata(name),
        "spec": spec,
        "status": {"addresses": listed},
    }


def namespace(name: str, **labels: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(name, labels=labels)}


def service(name: str, ports: list[Object], selector: Object | None = None, **spec: Any) -> Object:
    """A Service."""
    found = {"ports": ports, **({"selector": selector} if selector else {}), **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata(name), "spec": found}


def policy(
    name: str, selects: Object | None = None, *, ingress: list[Object] | None = None, egress: list[Object] | None = None
) -> Object:
    """A NetworkPolicy; a direction that is given isolates, with no rule if it is empty."""
    spec: Object = {"podSelector": {"matchLabels": selects} if selects else {}, "policyTypes": []}
    for word, rules in (("ingress", ingress), ("egress", egress)):
        if rules is not None:
            spec["policyTypes"].append(word.capitalize())
            spec[word] = rules
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata(name), "spec": spec}


def app(name: str) -> Object:
    """A peer: the pods of a workload in the policy's namespace."""
    return {"podSelector": {"matchLabels": {"app": name}}}


def space(name: str) -> Object:
    """A peer: all pods of a namespace."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def port(number: int | str, protocol: str = "TCP") -> Object:
    """One port of a rule."""
    return {"port": number, "protocol": protocol}


def cluster_policy(name: str, priority: int, **directions: list[Object]) -> Object:
    """A ClusterNetworkPolicy of the admin tier, for all pods of the namespace ``data``."""
    subject = {"namespaces": {"matchLabels": {"kubernetes.io/metadata.name": "data"}}}
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": metadata(name),
        "spec": {"tier": "Admin", "priority": priority, "subject": subject, **directions},
    }

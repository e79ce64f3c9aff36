"""How a decision is written: a question about a small cluster, with its answer and the reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """A question with the answer that was settled. Ends are as the reference writes them: a pod is "ns/name"."""

    id: str
    why: str
    objects: list[Object]
    source: str
    destination: str
    traffic: str
    outcome: str
    pod_cidrs: tuple[str, ...] = field(default=())


def namespace(name: str, **labels: str) -> Object:
    """A namespace."""
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def node(name: str, *addresses: str, **labels: str) -> Object:
    """A node; the first address is internal, any other external."""
    kinds = ["InternalIP"] + ["ExternalIP"] * len(addresses)
    listed = [{"type": kind, "address": address} for kind, address in zip(kinds, addresses, strict=False)]
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"addresses": listed}}


def pod(
    full: str, *ips: str, on: str = "", host: bool = False, ports: str = "", phase: str = "Running", **labels: str
) -> Object:
    """A pod "ns/name". `ports` is like "http:80 dns:53/UDP"."""
    home, name = full.split("/")
    containers = [_container(number, each) for number, each in enumerate(ports.split() or [""])]
    spec: Object = {"containers": containers}
    spec |= {"nodeName": on} if on else {}
    spec |= {"hostNetwork": True} if host else {}
    status = {"phase": phase, "podIPs": [{"ip": ip} for ip in ips]}
    metadata = {"namespace": home, "name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def _container(number: int, port: str) -> Object:
    """A container for each port: within one of them, names are unique."""
    return {"name": f"c{number}", "image": "example.org/app:1", **({"ports": [_port(port)]} if port else {})}


def _port(text: str) -> Object:
    name, _, rest = text.partition(":")
    number, _, protocol = rest.partition("/")
    return {"name": name, "containerPort": int(number), **({"protocol": protocol} if protocol else {})}


def policy(home: str, name: str = "p", subject: Object | None = None, **spec: object) -> Object:
    """A NetworkPolicy; `spec` is the rest of its spec."""
    whole = {"podSelector": subject if subject is not None else {}, **spec}
    metadata = {"namespace": home, "name": name}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": whole}


def guard(name: str, priority: int = 10, tier: str = "Admin", **spec: object) -> Object:
    """A ClusterNetworkPolicy for every pod."""
    whole = {"tier": tier, "priority": priority, "subject": {"namespaces": {}}, **spec}
    version = "policy.networking.k8s.io/v1alpha2"
    return {"apiVersion": version, "kind": "ClusterNetworkPolicy", "metadata": {"name": name}, "spec": whole}


def deployment(full: str, replicas: int = 1, **labels: str) -> Object:
    """A Deployment "ns/name" without pods."""
    home, name = full.split("/")
    containers = [{"name": "c", "image": "example.org/app:1"}]
    template = {"metadata": {"labels": {"set": name, **labels}}, "spec": {"containers": containers}}
    spec = {"replicas": replicas, "selector": {"matchLabels": {"set": name}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"namespace": home, "name": name}, "spec": spec}


def rule(action: str, side: str, *peers: Object, protocols: list[Object] | None = None) -> Object:
    """A rule of a ClusterNetworkPolicy."""
    return {"action": action, side: list(peers), **({"protocols": protocols} if protocols else {})}


EVERYBODY: Object = {"namespaces": {}}

"""Clusters of the conformance data as Kubernetes objects."""

from __future__ import annotations

import ipaddress
from typing import Any


def cluster_objects(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    """The namespaces, nodes, pods and Services of a cluster."""
    objects = [_namespace(name, each["labels"]) for name, each in cluster["namespaces"].items()]
    objects += [_node(each) for each in cluster.get("nodes", [])]
    objects += [_pod(each) for each in cluster["pods"]]
    objects += cluster.get("services", [])
    return objects


def _namespace(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _node(node: dict[str, Any]) -> dict[str, Any]:
    addresses = [{"type": "InternalIP", "address": ip} for ip in node["ips"]]
    addresses.append({"type": "Hostname", "address": node["name"]})
    metadata = {"name": node["name"], "labels": node["labels"]}
    return {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": {"addresses": addresses}}


def _pod(pod: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [{"image": "example.org/agnhost:2", **each} for each in pod["containers"]]}
    if pod.get("hostNetwork"):
        spec["hostNetwork"] = True
    if pod.get("node"):
        spec["nodeName"] = pod["node"]
    status = {"phase": "Running", "podIP": pod["ips"][0], "podIPs": [{"ip": ip} for ip in pod["ips"]]}
    metadata = {"namespace": pod["namespace"], "name": pod["name"], "labels": pod["labels"]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


def service_for(cluster: dict[str, Any], pod: str, protocol: str, port: int) -> dict[str, Any]:
    """A Service "hairpin" in the pod's namespace that leads to that pod alone, on the same port."""
    (found,) = [each for each in cluster["pods"] if f"{each['namespace']}/{each['name']}" == pod]
    family = "IPv6" if ipaddress.ip_address(found["ips"][0]).version == 6 else "IPv4"
    spec = {
        "selector": found["labels"],
        "ports": [{"port": port, "targetPort": port, "protocol": protocol}],
        "ipFamilies": [family],
    }
    metadata = {"namespace": found["namespace"], "name": "hairpin"}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}

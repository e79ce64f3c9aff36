"""Random clusters: namespaces, nodes, bare pods and workloads with and without pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from properties.pieces import NAMESPACES, PORT_NAMES, PORTS, PROTOCOLS, VALUES, labels

Object = dict[str, Any]


@dataclass(frozen=True)
class Population:
    """The objects of a cluster without its policies.

    `endpoints` are the ways to name those who live there: what the library is asked, and the pods (as the reference
    names them) or the node that this stands for.
    """

    objects: list[Object]
    namespaces: list[str]
    endpoints: dict[str, list[str]]


@st.composite
def populations(draw: st.DrawFn, *, certain: bool = False) -> Population:
    """A cluster of 1 to 4 namespaces and 2 to 5 workloads; in a `certain` one every address and place is known."""
    namespaces = list(NAMESPACES[: draw(st.sampled_from((1, 2, 2, 3, 4)))])
    objects = [_namespace(name, draw(labels)) for name in namespaces]
    nodes = [draw(_nodes(number)) for number in range(draw(st.integers(1 if certain else 0, 3)))]
    endpoints = {f"node/{node['metadata']['name']}": [f"node/{node['metadata']['name']}"] for node in nodes}
    for number in range(draw(st.integers(2, 5))):
        makers = [_bare, _live] if certain else [_bare, _bare, _live, _planned]
        made, names = draw(draw(st.sampled_from(makers))(number, draw(st.sampled_from(namespaces)), nodes, certain))
        objects += made
        endpoints |= names
    return Population([*objects, *nodes], namespaces, endpoints)


def _namespace(name: str, chosen: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": chosen}}


@st.composite
def _nodes(draw: st.DrawFn, number: int) -> Object:
    addresses = draw(st.sampled_from((["4"], ["4"], ["6"], ["4", "6"])))
    texts = {"4": f"192.168.0.{number + 1}", "6": f"fdff::{number + 1}"}
    status = {"addresses": [{"type": "InternalIP", "address": texts[family]} for family in addresses]}
    zone = draw(st.sampled_from(VALUES))
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"k{number}", "labels": {"zone": zone}},
        "status": status,
    }


container_ports = st.lists(
    st.fixed_dictionaries(
        {"containerPort": st.sampled_from(PORTS)},
        optional={"name": st.sampled_from(PORT_NAMES), "protocol": st.sampled_from(PROTOCOLS)},
    ),
    max_size=2,
)


@st.composite
def _specs(draw: st.DrawFn, nodes: list[Object], certain: bool) -> Object:
    """A pod's spec. Each port has a container of its own, so that one name may stand for several ports."""
    ports = draw(container_ports)
    containers = [
        {"name": f"c{number}", "image": "example.org/app:1", "ports": [port]} for number, port in enumerate(ports)
    ]
    spec: Object = {"containers": containers or [{"name": "c", "image": "example.org/app:1"}]}
    if nodes and (certain or draw(st.booleans())):
        spec["nodeName"] = draw(st.sampled_from(nodes))["metadata"]["name"]
        if draw(st.integers(0, 3)) == 0:
            spec["hostNetwork"] = True
    return spec


def _families(draw: st.DrawFn, certain: bool) -> list[str]:
    known = (["4"], ["4"], ["6"], ["4", "6"])
    return draw(st.sampled_from(known if certain else ([], *known)))


def _status(draw: st.DrawFn, spec: Object, nodes: list[Object], host: int, families: list[str]) -> Object:
    if spec.get("hostNetwork"):
        (node,) = [each for each in nodes if each["metadata"]["name"] == spec["nodeName"]]
        ips = [each["address"] for each in node["status"]["addresses"]]
    else:
        texts = {"4": f"10.0.{host % 2}.{host + 1}", "6": f"fd00:0:0:{host % 2}::{host + 1}"}
        ips = [texts[family] for family in families]
    phase = draw(st.sampled_from(("Running", "Running", "Running", "Pending", "Succeeded")))
    status: Object = {"phase": phase}
    if ips:
        status |= {"podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]}
    return status


def _pod(namespace: str, name: str, chosen: dict[str, str], spec: Object, status: Object) -> Object:
    metadata = {"namespace": namespace, "name": name, "labels": chosen}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}


@st.composite
def _bare(
    draw: st.DrawFn, number: int, namespace: str, nodes: list[Object], certain: bool
) -> tuple[list[Object], dict[str, list[str]]]:
    """A pod that nothing owns."""
    spec = draw(_specs(nodes, certain))
    pod = _pod(
        namespace, f"w{number}", draw(labels), spec, _status(draw, spec, nodes, number * 4, _families(draw, certain))
    )
    return [pod], _living([pod])


@st.composite
def _live(
    draw: st.DrawFn, number: int, namespace: str, nodes: list[Object], certain: bool
) -> tuple[list[Object], dict[str, list[str]]]:
    """A Deployment or StatefulSet with pods, one or several replicas alike but for their addresses and places."""
    kind, name = draw(st.sampled_from(("Deployment", "StatefulSet"))), f"w{number}"
    workload = draw(_workloads(kind, namespace, name, draw(_specs(nodes, certain))))
    above, objects, own = (kind, name), [workload], {}
    if kind == "Deployment":
        own = {"pod-template-hash": "abc12"}
        above = ("ReplicaSet", f"{name}-abc12")
        objects.append(_replica_set(workload, above[1], own))
    pods, families = [], _families(draw, certain)
    for ordinal in range(workload["spec"]["replicas"]):
        own |= {"statefulset.kubernetes.io/pod-name": f"{name}-{ordinal}"} if kind == "StatefulSet" else {}
        spec = dict(workload["spec"]["template"]["spec"])
        if nodes and not spec.get("hostNetwork"):
            spec["nodeName"] = draw(st.sampled_from(nodes))["metadata"]["name"]
        status = _status(draw, spec, nodes, number * 4 + ordinal, families)
        pod = _pod(
            namespace, f"{name}-{ordinal}", workload["spec"]["template"]["metadata"]["labels"] | own, spec, status
        )
        pod["metadata"]["ownerReferences"] = [_reference("apps/v1", *above)]
        pods.append(pod)
    endpoints = _living(pods)
    if endpoints:
        endpoints[f"{namespace}/{kind.lower()}/{name}"] = [each for names in endpoints.values() for each in names]
    return [*objects, *pods], endpoints


def _living(pods: list[Object]) -> dict[str, list[str]]:
    found = {}
    for pod in pods:
        if pod["status"]["phase"] != "Succeeded":
            namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
            found[f"{namespace}/pod/{name}"] = [f"{namespace}/{name}"]
    return found


@st.composite
def _planned(
    draw: st.DrawFn, number: int, namespace: str, nodes: list[Object], certain: bool
) -> tuple[list[Object], dict[str, list[str]]]:
    """A workload as its manifest says, without any pod yet."""
    kind, name = draw(st.sampled_from(("Deployment", "StatefulSet", "Job"))), f"w{number}"
    spec = {key: value for key, value in draw(_specs(nodes, certain)).items() if key == "containers"}
    workload = draw(_workloads(kind, namespace, name, spec))
    replicas = workload["spec"]["parallelism" if kind == "Job" else "replicas"]
    pods = [f"{namespace}/{name}-{ordinal}" for ordinal in range(replicas)]
    return [workload], {f"{namespace}/{kind.lower()}/{name}": pods}


@st.composite
def _workloads(draw: st.DrawFn, kind: str, namespace: str, name: str, spec: Object) -> Object:
    chosen = {**draw(labels), "set": name}
    replicas = draw(st.integers(1, 3))
    template = {"metadata": {"labels": chosen}, "spec": spec}
    if kind == "Job":
        template["spec"] = {**spec, "restartPolicy": "Never"}
        whole: Object = {"parallelism": replicas, "template": template}
    else:
        whole = {"replicas": replicas, "selector": {"matchLabels": {"set": name}}, "template": template}
    if kind == "StatefulSet":
        whole["serviceName"] = name
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"namespace": namespace, "name": name}, "spec": whole}


def _replica_set(deployment: Object, name: str, own: dict[str, str]) -> Object:
    metadata = {
        **deployment["metadata"],
        "name": name,
        "ownerReferences": [_reference("apps/v1", "Deployment", name[:-6])],
    }
    template = deployment["spec"]["template"]
    chosen = template["metadata"]["labels"] | own
    spec = deployment["spec"] | {
        "template": {**template, "metadata": {"labels": chosen}},
        "selector": {"matchLabels": own},
    }
    return {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata, "spec": spec}


def _reference(version: str, kind: str, name: str) -> Object:
    return {"apiVersion": version, "kind": kind, "name": name, "uid": f"{kind}-{name}", "controller": True}

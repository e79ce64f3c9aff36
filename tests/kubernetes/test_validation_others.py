"""Services, pods, slices, nodes, names: the mistakes that matter to the network are named, and the object is used."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import decode
from crenel.provenance import Origin, field_text
from crenel.sources.document import Document

Json = dict[str, Any]


def judged(document: Json) -> list[str]:
    decoded = decode([Document(document, Origin("f"))])
    kept = decoded.services + decoded.pods + decoded.endpoint_slices + decoded.nodes + decoded.namespaces
    assert len(kept) + len(decoded.workloads) == 1
    return [f"{field_text(each.field)}: {each.message}" for each in decoded.problems]


def thing(api_version: str, kind: str, name: str = "web", **fields: Any) -> Json:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def service(*ports: Json, **spec: Any) -> Json:
    return thing("v1", "Service", spec={"ports": list(ports), **spec})


def pod(*ports: Json, **spec: Any) -> Json:
    return thing("v1", "Pod", spec={"containers": [{"name": "c", "ports": list(ports)}], **spec})


HTTP = {"name": "http", "port": 80}
RANGE = "must be between 1 and 65535, inclusive"


@pytest.mark.parametrize(
    "document",
    [
        service({"port": 80}),
        service({"port": 80, "targetPort": "http", "nodePort": 30080, "protocol": ""}, type="NodePort"),
        service({"port": 53, "name": "a", "protocol": "UDP"}, {"port": 53, "name": "b"}),
        service(clusterIP="None"),
        service(type="ExternalName", externalName="db.example.com."),
        service(HTTP, type="LoadBalancer", loadBalancerSourceRanges=[" 10.0.0.0/8"], externalTrafficPolicy="Local"),
        service(HTTP, externalIPs=["192.0.2.1"], externalTrafficPolicy="Cluster", clusterIPs=["10.0.0.1", "fd00::1"]),
        thing("v1", "Service", "1st", spec={"ports": [HTTP]}),
        pod({"containerPort": 80, "hostPort": 80}, {"containerPort": 80, "protocol": "UDP"}, hostNetwork=True),
        thing("discovery.k8s.io/v1", "EndpointSlice", addressType="FQDN", endpoints=[{"addresses": ["a.example.com"]}]),
        thing(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            addressType="IPv6",
            endpoints=[{"addresses": ["fd00::1"]}],
            ports=[{"name": "", "port": 80, "protocol": "TCP"}, {"name": "b"}],
        ),
        thing("v1", "Node", spec={"podCIDRs": ["10.0.0.0/24", "fd00::/64"]}),
    ],
)
def test_what_the_api_takes(document: Json) -> None:
    """Nothing is said of an object that is right."""
    assert judged(document) == []


SERVICES = [
    (service(), "spec.ports: Required value"),
    (
        service(HTTP, type="Loadbalancer"),
        (
            'spec.type: Unsupported value: "Loadbalancer": supported values: "ClusterIP", '
            '"ExternalName", "LoadBalancer", "NodePort"'
        ),
    ),
    (service({"port": 0}), f"spec.ports[0].port: Invalid value: 0: {RANGE}"),
    (service({"name": "a"}), "spec.ports[0].port: Required value"),
    (service({"port": "80"}), 'spec.ports[0].port: expected integer, got "80"'),
    (service({"port": 80, "targetPort": 70000}), f"spec.ports[0].targetPort: Invalid value: 70000: {RANGE}"),
    (
        service({"port": 80, "targetPort": "80"}),
        ('spec.ports[0].targetPort: Invalid value: "80": must contain at least one letter (a-z)'),
    ),
    (
        service({"port": 80, "protocol": "tcp"}),
        ('spec.ports[0].protocol: Unsupported value: "tcp": supported values: "SCTP", "TCP", "UDP"'),
    ),
    (
        service({"port": 80, "nodePort": 70000}, type="NodePort"),
        f"spec.ports[0].nodePort: Invalid value: 70000: {RANGE}",
    ),
    (
        service({"port": 80, "nodePort": 30000}),
        ("spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'"),
    ),
    (service(HTTP, {"port": 81}), "spec.ports[1].name: Required value"),
    (service(HTTP, {**HTTP, "port": 81}), 'spec.ports[1].name: Duplicate value: "http"'),
    (service(HTTP, {**HTTP, "name": "b"}), 'spec.ports[1]: Duplicate value: {"protocol": "TCP", "port": 80}'),
    (
        service(
            {"port": 80, "nodePort": 30000, "name": "a"}, {"port": 81, "nodePort": 30000, "name": "b"}, type="NodePort"
        ),
        "spec.ports[1].nodePort: Duplicate value: 30000",
    ),
    (
        service({"port": 10250}, type="LoadBalancer"),
        ("spec.ports[0].port: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet"),
    ),
    (service(type="ExternalName"), "spec.externalName: Required value"),
    (
        service(HTTP, type="NodePort", clusterIP="None"),
        ("spec.clusterIP: Invalid value: \"None\": may not be set to 'None' for NodePort services"),
    ),
    (
        service(HTTP, clusterIP="10.0.0"),
        ('spec.clusterIP: Invalid value: "10.0.0": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'),
    ),
    (
        service(HTTP, externalIPs=["127.0.0.1"]),
        ('spec.externalIPs[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)'),
    ),
    (
        service(HTTP, externalTrafficPolicy="Local"),
        ('spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'),
    ),
    (
        service(HTTP, internalTrafficPolicy="local"),
        ('spec.internalTrafficPolicy: Unsupported value: "local": supported values: "Cluster", "Local"'),
    ),
    (
        service(HTTP, loadBalancerSourceRanges=["10.0.0.0/8"]),
        ("spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'"),
    ),
    (
        service(HTTP, type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.1/8"]),
        (
            'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.1/8": '
            "must not have bits set beyond the prefix length"
        ),
    ),
    (service(HTTP, selector={"app": True}), "spec.selector.app: expected string, got true"),
    (
        service(HTTP, sessionAfinity="None"),
        ('spec.sessionAfinity: unknown field "spec.sessionAfinity", did you mean "sessionAffinity"?'),
    ),
]


@pytest.mark.parametrize(("document", "only"), SERVICES)
def test_services(document: Json, only: str) -> None:
    """What a Service may not say is one line, and the Service is used without it."""
    assert judged(document) == [only]


PORT = "spec.containers[0].ports[0]"
PODS = [
    (thing("v1", "Pod", spec={"containers": []}), "spec.containers: Required value"),
    (thing("v1", "Pod"), "spec.containers: Required value"),
    (pod({"containerPort": 65536}), f"{PORT}.containerPort: Invalid value: 65536: {RANGE}"),
    (pod({"containerPort": 0}), f"{PORT}.containerPort: Required value"),
    (pod({"name": "http"}), f"{PORT}.containerPort: Required value"),
    (pod({"containerPort": 80, "hostPort": -1}), f"{PORT}.hostPort: Invalid value: -1: {RANGE}"),
    (
        pod({"containerPort": 80, "hostPort": 81}, hostNetwork=True),
        (f"{PORT}.hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true"),
    ),
    (
        pod({"containerPort": 80, "protocol": "http"}),
        (f'{PORT}.protocol: Unsupported value: "http": supported values: "SCTP", "TCP", "UDP"'),
    ),
    (
        pod({"containerPort": 80, "name": "a_b"}),
        (f'{PORT}.name: Invalid value: "a_b": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'),
    ),
    (
        pod({"containerPort": 80, "name": "a"}, {"containerPort": 81, "name": "a"}),
        'spec.containers[0].ports[1].name: Duplicate value: "a"',
    ),
    (
        pod(containers=[{"name": "c", "targetContainerName": "d"}]),
        'spec.containers[0].targetContainerName: unknown field "spec.containers[0].targetContainerName"',
    ),
    (pod(hostNetwork="true"), 'spec.hostNetwork: expected boolean, got "true"'),
    (thing("apps/v1", "Deployment"), "spec: Required value"),
    (thing("apps/v1", "Deployment", spec={"replicas": 1}), "spec.template: Required value"),
    (thing("apps/v1", "Deployment", spec={"template": {"spec": {}}}), "spec.template.spec.containers: Required value"),
]


@pytest.mark.parametrize(("document", "only"), PODS)
def test_pods_and_workloads(document: Json, only: str) -> None:
    """Ports have a number and a right name, once per container; the pod is used without what is wrong."""
    assert judged(document) == [only]


def piece(kind: str | None, *addresses: str, **fields: Any) -> Json:
    endpoints = [{"addresses": list(addresses)}]
    return thing("discovery.k8s.io/v1", "EndpointSlice", addressType=kind, endpoints=endpoints, **fields)


ADDRESS = "endpoints[0].addresses[0]"


@pytest.mark.parametrize(
    ("document", "only"),
    [
        (piece(None, "10.0.0.1"), "addressType: Required value"),
        (piece("ipv4", "x"), 'addressType: Unsupported value: "ipv4": supported values: "FQDN", "IPv4", "IPv6"'),
        (piece("IPv4"), "endpoints[0].addresses: Required value: must contain at least 1 address"),
        (piece("IPv4", "fd00::1"), f'{ADDRESS}: Invalid value: "fd00::1": must be a valid IPv4 address'),
        (piece("IPv6", "10.0.0.1"), f'{ADDRESS}: Invalid value: "10.0.0.1": must be a valid IPv6 address'),
        (piece("IPv4", "010.0.0.1"), f'{ADDRESS}: Invalid value: "010.0.0.1": must not have leading 0s'),
        (
            piece("IPv4", "169.254.0.1"),
            f'{ADDRESS}: Invalid value: "169.254.0.1": may not be in the link-local range (169.254.0.0/16, fe80::/10)',
        ),
        (piece("IPv6", "::"), f'{ADDRESS}: Invalid value: "::": may not be unspecified (::)'),
        (
            piece("IPv6", "ff02::1"),
            (
                f'{ADDRESS}: Invalid value: "ff02::1": '
                "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
            ),
        ),
        (piece("IPv4", "10.0.0.1", ports=[{"port": 0}]), f"ports[0].port: Invalid value: 0: {RANGE}"),
        (piece("IPv4", "10.0.0.1", ports=[{}, {}]), 'ports[1].name: Duplicate value: ""'),
        (
            piece("IPv4", "10.0.0.1", ports=[{"protocol": "x"}]),
            'ports[0].protocol: Unsupported value: "x": supported values: "SCTP", "TCP", "UDP"',
        ),
    ],
)
def test_endpoint_slices(document: Json, only: str) -> None:
    """Addresses belong to the slice's family and can stand behind a Service."""
    assert judged(document) == [only]


@pytest.mark.parametrize("field", ["podCIDR", "podCIDRs"])
def test_nodes(field: str) -> None:
    """The CIDR of a node's pods is one; a wrong one is not taken for the pod range."""
    wrong = "10.0.0.0/40"
    document = thing("v1", "Node", spec={field: wrong if field == "podCIDR" else [wrong]})
    place = f"spec.{field}" + ("" if field == "podCIDR" else "[0]")
    words = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
    assert judged(document) == [f'{place}: Invalid value: "{wrong}": {words}']
    (node,) = decode([Document(document, Origin("f"))]).nodes
    assert node.spec is not None
    assert not node.spec.pod_cidr
    assert not node.spec.pod_cidrs


LABEL = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', "
    "regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)


@pytest.mark.parametrize(
    ("document", "only"),
    [
        (thing("v1", "Namespace", "Shop"), f'metadata.name: Invalid value: "Shop": {LABEL}'),
        (thing("v1", "Namespace", "a.b"), 'metadata.name: Invalid value: "a.b": must not contain dots'),
        (
            thing("v1", "Namespace", metadata={"name": "shop", "labels": {"team": "x" * 64}}),
            f'metadata.labels.team: Invalid value: "{"x" * 64}": must be no more than 63 bytes',
        ),
        (
            thing("v1", "Node", "n" * 254),
            f'metadata.name: Invalid value: "{"n" * 96}...: must be no more than 253 bytes',
        ),
    ],
)
def test_names_and_labels(document: Json, only: str) -> None:
    """A name follows the rule of its kind; an object with a wrong one keeps it, or nobody would know it again."""
    assert judged(document) == [only]


def test_a_name_that_is_no_text() -> None:
    """A namespace is known by its name alone, so without one it is not kept."""
    decoded = decode([Document(thing("v1", "Namespace", metadata={"name": 5}), Origin("f"))])
    assert [each.message for each in decoded.problems] == ["expected string, got 5"]
    assert decoded.namespaces == []

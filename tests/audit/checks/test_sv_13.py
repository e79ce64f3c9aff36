"""SV-13: a Service that leads nowhere, or to where it should not."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.pieces import deployment, node, service

WEB = deployment("web-front")


def selecting(value: str, more: str = "") -> str:
    """A Service in front of ``app: VALUE``."""
    return service(value, f"{more} ports: [{{port: 80, targetPort: 8080}}]").replace(f"name: {value},", "name: it,", 1)


def test_real_command(tmp_path: Path) -> None:
    """The Service is named at its selector, with what was probably meant."""
    assert command("SV-13", WEB + selecting("web-fornt"), tmp_path) == [
        "13 medium service shop/it: selects no pod by app=web-fornt; deployment shop/web-front has app=web-front"
    ]


@pytest.mark.parametrize(
    ("value", "more", "said"),
    [
        ("api", "", ["low service shop/it: selects no pod by app=api"]),
        (
            "api",
            "type: LoadBalancer,",
            [
                (
                    "low service shop/it: selects no pod by app=api; whoever makes a pod with that gets what comes "
                    "in at its load balancer"
                )
            ],
        ),
        ("web-front", "", []),
    ],
    ids=["not in the input", "on the edge", "there"],
)
def test_what_an_input_may_lack(value: str, more: str, said: list[str]) -> None:
    """A selector that nothing is like is for the pedantic: others may apply the pods."""
    assert messages("SV-13", WEB + selecting(value, more)) == []
    assert messages("SV-13", WEB + selecting(value, more), "--persona", "pedantic") == said


def test_numbers_mean_something() -> None:
    """Names that differ by a number alone are different things; what is scaled to none is there."""
    assert messages("SV-13", deployment("worker-1") + selecting("worker-2")) == []
    none = WEB.replace("spec:\n  selector", "spec:\n  replicas: 0\n  selector")
    assert messages("SV-13", none + selecting("web-front"), "--persona", "pedantic") == []


def sliced(address: str, more: str = "", labels: str = "", name: str = "it", namespace: str = "shop") -> str:
    """A Service without a selector, and a slice for it."""
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{more}ports: [{{port: 80}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: {namespace}, labels: {{kubernetes.io/service-name: {name}{labels}}}}}
addressType: IPv4
endpoints: [{{addresses: ["192.168.7.7"]}}, {{addresses: ["{address}"]}}]
ports: [{{port: 80}}]
---
"""


POD = """apiVersion: v1
kind: Pod
metadata: {name: db, namespace: bank, labels: {app: db}}
spec: {containers: [{name: db, image: example.org/db}]}
status: {phase: Running, podIPs: [{ip: 10.244.0.7}]}
---
"""
SAID = "endpointslice shop/it-1: has an address for service shop/it that is not its own:"


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("10.0.1.10", "10.0.1.10 is a node's"),
        ("10.244.0.7", "10.244.0.7 is of pod bank/db"),
        ("10.244.0.9", "10.244.0.9 is in the range of pods"),
    ],
)
def test_addresses_of_the_cluster(address: str, whose: str) -> None:
    """An address of a node, or of somebody else's pod; high where outside gets to the Service."""
    text = WEB + POD + node() + sliced(address)
    assert messages("SV-13", text) == [f"medium {SAID} {whose}"]
    opened = WEB + POD + node() + sliced(address, "type: LoadBalancer, ")
    assert messages("SV-13", opened, "--assume", "internet-facing=yes") == [
        f"high {SAID} {whose}; outside gets to the Service"
    ]


def test_endpoints(tmp_path: Path) -> None:
    """Endpoints that were written by hand are slices, and the address is named at its line."""
    text = (
        WEB
        + node()
        + """apiVersion: v1
kind: Service
metadata: {name: it, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: it, namespace: shop}
subsets:
  - addresses:
      - ip: 10.0.1.10
    ports: [{port: 80}]
"""
    )
    (line,) = command("SV-13", text, tmp_path)
    assert line == (
        f"{text[: text.index('10.0.1.10', text.index('subsets'))].count(chr(10)) + 1} medium endpoints shop/it: has an "
        "address for service shop/it that is not its own: 10.0.1.10 is a node's"
    )


def test_public_addresses() -> None:
    """A database elsewhere is what slices are for; a way for outside to outside is not."""
    assert messages("SV-13", WEB + sliced("1.1.1.1")) == []
    assert messages("SV-13", WEB + sliced("1.1.1.1"), "--persona", "pedantic") == [
        f"low {SAID} 1.1.1.1 is a public address"
    ]
    opened = WEB + sliced("1.1.1.1", "type: LoadBalancer, ")
    assert messages("SV-13", opened) == [f"medium {SAID} 1.1.1.1 is a public address; outside gets to the Service"]


@pytest.mark.parametrize(
    "text",
    [
        sliced("10.9.9.9"),
        sliced("10.0.1.10", labels=", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io"),
        sliced("10.0.1.10", name="kubernetes", namespace="default"),
        sliced("10.0.1.10", name="kubelet", namespace="kube-system"),
        sliced("10.244.0.7").replace("namespace: shop", "namespace: bank"),
    ],
    ids=["another network", "of a controller", "the API server", "the system", "of its own namespace"],
)
def test_clean(text: str) -> None:
    """Addresses of other networks, and slices that nobody wrote, are no finding."""
    assert messages("SV-13", WEB + POD + node() + text) == []

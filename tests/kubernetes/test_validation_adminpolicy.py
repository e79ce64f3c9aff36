"""The admin policies: what their definitions refuse is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from crenel.kubernetes.decode import decode
from crenel.provenance import Origin, Severity, field_text
from crenel.sources.document import Document

Json = dict[str, Any]
ALL: Json = {"namespaces": {}}
BOTH: Json = {"pods": {"namespaceSelector": {}, "podSelector": {}}}


def judged(document: Json) -> list[str]:
    decoded = decode([Document(document, Origin("f"))])
    errors = [each for each in decoded.problems if each.severity is Severity.ERROR]
    assert bool(decoded.admin_policies) is not bool(errors)
    return [f"{field_text(each.field)}: {each.message.removesuffix('; not applied')}" for each in decoded.problems]


def cluster_policy(**spec: Any) -> Json:
    whole = {"tier": "Admin", "priority": 5, "subject": ALL, **spec}
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "g"},
        "spec": {key: value for key, value in whole.items() if value is not None},
    }


def admin_policy(kind: str = "AdminNetworkPolicy", name: str = "default", **spec: Any) -> Json:
    whole = {"priority": 5 if kind == "AdminNetworkPolicy" else None, "subject": ALL, **spec}
    return {
        "apiVersion": "policy.networking.k8s.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": name},
        "spec": {key: value for key, value in whole.items() if value is not None},
    }


def out(*peers: Json, action: str = "Accept", **rule: Any) -> Json:
    return {"egress": [{"action": action, "to": list(peers), **rule}]}


def arriving(*peers: Json, action: str = "Accept", **rule: Any) -> Json:
    return {"ingress": [{"action": action, "from": list(peers), **rule}]}


def tcp(**port: Any) -> list[Json]:
    return [{"tcp": {"destinationPort": port}}]


RIGHT = [
    cluster_policy(),
    cluster_policy(tier="Baseline", priority=0, subject=BOTH),
    cluster_policy(priority=1000, subject={"pods": {"podSelector": {}}}),
    cluster_policy(**arriving(ALL, BOTH, action="Pass", name="n" * 100)),
    cluster_policy(**out({"networks": ["10.0.0.0/8", "fd00::/8"]}, {"nodes": {}}, {"domainNames": ["*.example.com"]})),
    cluster_policy(**out(ALL, protocols=[{"destinationNamedPort": "http"}, *tcp(range={"start": 1, "end": 65535})])),
    cluster_policy(**arriving(ALL, protocols=[{"udp": {"destinationPort": {"number": 53}}}])),
    cluster_policy(egress=[{"action": "Deny", "to": [ALL]}] * 25),
    admin_policy(
        **out(ALL, action="Allow", ports=[{"portNumber": {"port": 53, "protocol": "UDP"}}, {"namedPort": "a"}])
    ),
    admin_policy(
        **out({"networks": ["10.0.0.0/8"]}, {"nodes": {}}, {"domainNames": ["a.example.com."]}, action="Allow")
    ),
    admin_policy(**arriving(BOTH, action="Deny", ports=[{"portRange": {"start": 5, "end": 5}}])),
    admin_policy(egress=[{"action": "Deny", "to": [ALL]}] * 100),
    admin_policy("BaselineAdminNetworkPolicy", **out({"networks": ["10.0.0.0/8"]}, action="Deny")),
]


@pytest.mark.parametrize("document", RIGHT)
def test_what_the_definitions_take_is_applied(document: Json) -> None:
    """Standard and experimental fields alike are applied without a word."""
    assert judged(document) == []


def test_the_next_version_has_the_same_shape() -> None:
    """v1beta1 of ClusterNetworkPolicy is read as v1alpha2 is."""
    document = {**cluster_policy(**arriving(ALL)), "apiVersion": "policy.networking.k8s.io/v1beta1"}
    assert judged(document) == []


IN, OUT = "spec.ingress[0]", "spec.egress[0]"
NO_NAMES = "networks/nodes/domainNames"
WRONG = [
    (cluster_policy(tier=None), "spec.tier: Required value"),
    (cluster_policy(tier="admin"), 'spec.tier: Unsupported value: "admin": supported values: "Admin", "Baseline"'),
    (cluster_policy(priority=None), "spec.priority: Required value"),
    (
        cluster_policy(priority=1001),
        "spec.priority: Invalid value: 1001: spec.priority in body should be less than or equal to 1000",
    ),
    (
        cluster_policy(priority=-1),
        "spec.priority: Invalid value: -1: spec.priority in body should be greater than or equal to 0",
    ),
    (cluster_policy(priority="5"), 'spec.priority: expected integer, got "5"'),
    (cluster_policy(subject=None), "spec.subject: Required value"),
    (
        cluster_policy(subject={}),
        "spec.subject: Invalid value: 0: spec.subject in body should have at least 1 properties",
    ),
    (cluster_policy(subject={**ALL, **BOTH}), "spec.subject: Too many: 2: must have at most 1 item"),
    (cluster_policy(subject={"pods": {}}), "spec.subject.pods.podSelector: Required value"),
    (admin_policy(subject={"pods": {"podSelector": {}}}), "spec.subject.pods.namespaceSelector: Required value"),
    (
        cluster_policy(egress=[{"action": "Deny", "to": [ALL]}] * 26),
        "spec.egress: Too many: 26: must have at most 25 items",
    ),
    (
        admin_policy(egress=[{"action": "Deny", "to": [ALL]}] * 101),
        "spec.egress: Too many: 101: must have at most 100 items",
    ),
    (
        cluster_policy(**arriving(ALL, action="Allow")),
        f'{IN}.action: Unsupported value: "Allow": supported values: "Accept", "Deny", "Pass"',
    ),
    (
        admin_policy(**arriving(ALL)),
        f'{IN}.action: Unsupported value: "Accept": supported values: "Allow", "Deny", "Pass"',
    ),
    (
        admin_policy("BaselineAdminNetworkPolicy", **arriving(ALL, action="Pass")),
        f'{IN}.action: Unsupported value: "Pass": supported values: "Allow", "Deny"',
    ),
    (cluster_policy(ingress=[{"from": [ALL]}]), f"{IN}.action: Required value"),
    (cluster_policy(**arriving(ALL, name="n" * 101)), f"{IN}.name: Too long: may not be more than 100 bytes"),
    (cluster_policy(ingress=[{"action": "Deny"}]), f"{IN}.from: Required value"),
    (cluster_policy(ingress=[{"action": "Deny", "from": [ALL], "to": []}]), f'{IN}.to: unknown field "{IN}.to"'),
    (cluster_policy(**arriving()), f"{IN}.from: Invalid value: 0: {IN}.from in body should have at least 1 items"),
    (cluster_policy(**arriving(*[ALL] * 26)), f"{IN}.from: Too many: 26: must have at most 25 items"),
    (cluster_policy(**arriving({**ALL, **BOTH})), f"{IN}.from[0]: Too many: 2: must have at most 1 item"),
    (cluster_policy(**arriving({**ALL, "new": {}})), f"{IN}.from[0]: Too many: 2: must have at most 1 item"),
    *(
        (cluster_policy(**arriving({word: value})), f'{IN}.from[0].{word}: unknown field "{IN}.from[0].{word}"')
        for word, value in (("networks", ["10.0.0.0/8"]), ("nodes", {}), ("domainNames", ["a.b"]))
    ),
    (
        admin_policy("BaselineAdminNetworkPolicy", **out({"domainNames": ["a.b"]}, action="Allow")),
        f'{OUT}.to[0].domainNames: unknown field "{OUT}.to[0].domainNames"',
    ),
    (
        cluster_policy(**out({"networks": []})),
        f"{OUT}.to[0].networks: Invalid value: 0: {OUT}.to[0].networks in body should have at least 1 items",
    ),
    (
        cluster_policy(**out({"networks": [f"10.0.{octet}.0/24" for octet in range(26)]})),
        f"{OUT}.to[0].networks: Too many: 26: must have at most 25 items",
    ),
    (
        cluster_policy(**out({"networks": ["10.0.0.0"]})),
        f'{OUT}.to[0].networks[0]: Invalid value: "10.0.0.0": Invalid CIDR format provided',
    ),
    (
        cluster_policy(**out({"networks": ["10.0.0.0/8", "::/0", "10.0.0.0/8"]})),
        f'{OUT}.to[0].networks[2]: Duplicate value: "10.0.0.0/8"',
    ),
    *(
        (
            cluster_policy(**out({"domainNames": [name]})),
            (
                f'{OUT}.to[0].domainNames[0]: Invalid value: "{name}": {OUT}.to[0].domainNames[0] in body should match '
                r"'^(\*\.)?([a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.)+[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\.?$'"
            ),
        )
        for name in ("example", "*.com", "a.*.com", "-a.com", "a..com")
    ),
    (
        cluster_policy(**out({"nodes": {}}, protocols=[{"destinationNamedPort": "http"}])),
        (
            f'{OUT}: Invalid value: "object": {NO_NAMES} peer cannot be set with namedPorts since there are no '
            f"namedPorts for {NO_NAMES}"
        ),
    ),
    (cluster_policy(**arriving(ALL, ports=[])), f'{IN}.ports: unknown field "{IN}.ports"'),
    (admin_policy(**arriving(ALL, action="Deny", protocols=[])), f'{IN}.protocols: unknown field "{IN}.protocols"'),
    (admin_policy(tier="Admin"), 'spec.tier: unknown field "spec.tier"'),
    (admin_policy("BaselineAdminNetworkPolicy", priority=1), 'spec.priority: unknown field "spec.priority"'),
    (
        admin_policy("BaselineAdminNetworkPolicy", name="mine"),
        (
            'metadata.name: Invalid value: "mine": Only one baseline admin network policy with metadata.name="default" '
            "can "
            "be created in the cluster"
        ),
    ),
]


@pytest.mark.parametrize(("document", "only"), WRONG)
def test_what_the_definitions_refuse_is_not_applied(document: Json, only: str) -> None:
    """One mistake is one line, in the words of the API server."""
    assert judged(document) == [only]


PORT = f"{IN}.protocols[0].tcp.destinationPort"
WRONG_PROTOCOLS: list[tuple[list[Json], str]] = [
    ([], f"{IN}.protocols: Invalid value: 0: {IN}.protocols in body should have at least 1 items"),
    ([{}], f"{IN}.protocols[0]: Invalid value: 0: {IN}.protocols[0] in body should have at least 1 properties"),
    (
        [{"tcp": {}}],
        f"{IN}.protocols[0].tcp: Invalid value: 0: {IN}.protocols[0].tcp in body should have at least 1 properties",
    ),
    (tcp(), f"{PORT}: Invalid value: 0: {PORT} in body should have at least 1 properties"),
    (tcp(number=1, range={"start": 1, "end": 2}), f"{PORT}: Too many: 2: must have at most 1 item"),
    (tcp(number=0), f"{PORT}.number: Invalid value: 0: {PORT}.number in body should be greater than or equal to 1"),
    (
        tcp(range={"start": 80, "end": 80}),
        f'{PORT}.range: Invalid value: "object": Start port must be less than End port',
    ),
    (tcp(range={"start": 80}), f"{PORT}.range.end: Required value"),
    (
        tcp(range={"start": 1, "end": 2, "protocol": "TCP"}),
        f'{PORT}.range.protocol: unknown field "{PORT}.range.protocol"',
    ),
    (
        [{"tcp": {"destinationPort": {"number": 1}}, "destinationNamedPort": "a"}],
        f"{IN}.protocols[0]: Too many: 2: must have at most 1 item",
    ),
]


@pytest.mark.parametrize(("protocols", "only"), WRONG_PROTOCOLS)
def test_protocols(protocols: list[Json], only: str) -> None:
    """Exactly one protocol with exactly one port or range, whose start is below its end."""
    assert judged(cluster_policy(**arriving(ALL, protocols=protocols))) == [only]


FIRST = f"{IN}.ports[0]"
WRONG_PORTS: list[tuple[Json, str]] = [
    ({}, f"{FIRST}: Invalid value: 0: {FIRST} in body should have at least 1 properties"),
    ({"portNumber": {"port": 1}, "namedPort": "a"}, f"{FIRST}: Too many: 2: must have at most 1 item"),
    (
        {"portNumber": {"port": 65536}},
        (
            f"{FIRST}.portNumber.port: Invalid value: 65536: "
            f"{FIRST}.portNumber.port in body should be less than or equal to 65535"
        ),
    ),
    ({"portNumber": {"protocol": "UDP"}}, f"{FIRST}.portNumber.port: Required value"),
    (
        {"portNumber": {"port": 1, "protocol": "ICMP"}},
        f'{FIRST}.portNumber.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
    ),
    (
        {"portRange": {"start": 9, "end": 8}},
        f"{FIRST}.portRange.end: Invalid value: 8: must be greater than or equal to `start`",
    ),
]


@pytest.mark.parametrize(("port", "only"), WRONG_PORTS)
def test_ports(port: Json, only: str) -> None:
    """Exactly one of number, range and name; the protocol is one that policies know."""
    assert judged(admin_policy(**arriving(ALL, action="Deny", ports=[port]))) == [only]


@pytest.mark.parametrize(
    ("spec", "only"),
    [
        (
            out({"networks": ["10.0.0.5/8"]}),
            (
                f'{OUT}.to[0].networks[0]: CIDR value "10.0.0.5/8" is ambiguous in this context '
                '(should be "10.0.0.0/8" or "10.0.0.5/32"?): read as "10.0.0.0/8"'
            ),
        ),
        (
            out({"domainNames": ["a.example.com"]}, action="Deny"),
            f"{OUT}.to[0].domainNames: domainNames is only supported for rules that allow, and this one says Deny",
        ),
        (
            out({"new": 1}),
            f'{OUT}.to[0].new: unknown field "{OUT}.to[0].new": it fails closed, this peer matches nothing',
        ),
        (
            out({}, action="Pass"),
            f"{OUT}.to[0]: no field of the peer is set: it fails closed, this rule denies everybody",
        ),
    ],
)
def test_what_is_taken_but_odd_is_a_warning(spec: Json, only: str) -> None:
    """What the definitions take is applied; the reader is told where it does not mean what it seems to."""
    assert judged(cluster_policy(**spec)) == [only]


def test_the_document_is_left_as_it_was() -> None:
    """Looking for mistakes changes nothing in the input."""
    document = cluster_policy(**out({"networks": ["x"]}), wrong=1)
    before = copy.deepcopy(document)
    judged(document)
    assert document == before

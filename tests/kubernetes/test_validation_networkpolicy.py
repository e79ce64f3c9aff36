"""NetworkPolicy: what the API refuses is refused, in its words."""

from __future__ import annotations

from typing import Any

import pytest

from crenel.kubernetes.decode import decode
from crenel.provenance import Origin, field_text
from crenel.sources.document import Document


def mistakes(**spec: Any) -> list[str]:
    metadata = {"name": "db", "namespace": "shop"}
    document = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    decoded = decode([Document(document, Origin("f"))])
    assert bool(decoded.network_policies) is not bool(decoded.problems)
    return [f"{field_text(each.field)}: {each.message.removesuffix('; not applied')}" for each in decoded.problems]


def port(**written: Any) -> dict[str, Any]:
    return {"ingress": [{"ports": [written]}]}


def block(cidr: str, *holes: str) -> dict[str, Any]:
    return {"egress": [{"to": [{"ipBlock": {"cidr": cidr, **({"except": list(holes)} if holes else {})}}]}]}


RANGE = "must be between 1 and 65535, inclusive"
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
CIDR = "spec.egress[0].to[0].ipBlock.cidr"
HOLE = "spec.egress[0].to[0].ipBlock.except[0]"
PORT = "spec.ingress[0].ports[0]"


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"podSelector": {}},
        {"ingress": [{}], "egress": []},
        {"ingress": [{"from": [], "ports": []}]},
        {"policyTypes": []},
        {"policyTypes": ["Egress", "Ingress"]},
        {"policyTypes": ["Ingress", "Ingress"]},
        port(port=1),
        port(port=65535, protocol="SCTP"),
        port(port=80, endPort=80),
        port(port="serve-80-tcp"),
        port(protocol="UDP"),
        port(),
        block("0.0.0.0/0", "10.0.0.0/8", "192.168.0.0/16"),
        block("::/0", "fd00::/8"),
        block("2001:DB8:0::/48"),
        block("10.0.0.1/32"),
        {"podSelector": {"matchExpressions": [{"key": "a.b/c", "operator": "In", "values": ["", "x"]}]}},
        {"podSelector": {"matchExpressions": [{"key": "a", "operator": "Exists", "values": []}]}},
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": ""}}},
    ],
)
def test_what_the_api_takes_is_applied(spec: dict[str, Any]) -> None:
    """A right policy is applied without a word; a type may be listed twice, and everything may be left out."""
    assert mistakes(**spec) == []


PORTS = [
    (port(port=0), f"{PORT}.port: Invalid value: 0: {RANGE}"),
    (port(port=70000), f"{PORT}.port: Invalid value: 70000: {RANGE}"),
    (port(port="80"), f'{PORT}.port: Invalid value: "80": must contain at least one letter (a-z)'),
    (port(port="sixteen-letters-"), f'{PORT}.port: Invalid value: "sixteen-letters-": must be no more than 15 bytes'),
    (port(port="a--b"), f'{PORT}.port: Invalid value: "a--b": must not contain consecutive hyphens'),
    (port(port="-a"), f'{PORT}.port: Invalid value: "-a": must not begin or end with a hyphen'),
    (
        port(port="HTTp"),
        f'{PORT}.port: Invalid value: "HTTp": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
    ),
    (port(port=True), f"{PORT}.port: expected integer or string, got true"),
    (port(port=80.5), f"{PORT}.port: expected integer or string, got 80.5"),
    (port(endPort=90), f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is not specified"),
    (
        port(port="http", endPort=90),
        f"{PORT}.endPort: Invalid value: 90: may not be specified when `port` is non-numeric",
    ),
    (port(port=90, endPort=80), f"{PORT}.endPort: Invalid value: 80: must be greater than or equal to `port`"),
    (port(port=90, endPort=65536), f"{PORT}.endPort: Invalid value: 65536: {RANGE}"),
    (port(port=90, endPort="91"), f'{PORT}.endPort: expected integer, got "91"'),
    (port(protocol="ICMP"), f'{PORT}.protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"'),
    (port(protocol="tcp"), f'{PORT}.protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP"'),
]


@pytest.mark.parametrize(("spec", "first"), PORTS)
def test_ports(spec: dict[str, Any], first: str) -> None:
    """Ports are 1 to 65535 or an IANA service name; a range needs a number to begin with."""
    assert mistakes(**spec)[0] == first


BLOCKS = [
    (block(""), f"{CIDR}: Required value"),
    (block("10.0.0.5/33"), f'{CIDR}: Invalid value: "10.0.0.5/33": {NO_CIDR}'),
    (block("10.0.0.1"), f'{CIDR}: Invalid value: "10.0.0.1": {NO_CIDR}'),
    (block("10.0.0/8"), f'{CIDR}: Invalid value: "10.0.0/8": {NO_CIDR}'),
    (block("10.0.0.0/ 8"), f'{CIDR}: Invalid value: "10.0.0.0/ 8": {NO_CIDR}'),
    (block("fe80::1%eth0/64"), f'{CIDR}: Invalid value: "fe80::1%eth0/64": {NO_CIDR}'),
    (block("256.0.0.0/8"), f'{CIDR}: Invalid value: "256.0.0.0/8": {NO_CIDR}'),
    (block("10.0.0.5/8"), f'{CIDR}: Invalid value: "10.0.0.5/8": must not have bits set beyond the prefix length'),
    (
        block("2001:db8::1/64"),
        f'{CIDR}: Invalid value: "2001:db8::1/64": must not have bits set beyond the prefix length',
    ),
    (block("010.0.0.0/8"), f'{CIDR}: Invalid value: "010.0.0.0/8": must not have leading 0s in IP or prefix length'),
    (block("10.0.0.0/08"), f'{CIDR}: Invalid value: "10.0.0.0/08": must not have leading 0s in IP or prefix length'),
    (
        block("::ffff:10.0.0.0/104"),
        f'{CIDR}: Invalid value: "::ffff:10.0.0.0/104": must not have an IPv4-mapped IPv6 address',
    ),
    (
        block("10.0.0.0/8", "10.1.2.3/16"),
        (f'{HOLE}: Invalid value: "10.1.2.3/16": must not have bits set beyond the prefix length'),
    ),
    (
        block("10.0.0.0/8", "192.168.0.0/16"),
        f'{HOLE}: Invalid value: "192.168.0.0/16": must be a strict subset of `cidr`',
    ),
    (block("10.0.0.0/8", "10.0.0.0/8"), f'{HOLE}: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`'),
    (block("10.1.0.0/16", "10.0.0.0/8"), f'{HOLE}: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`'),
    (block("10.0.0.0/8", "fd00::/64"), f'{HOLE}: Invalid value: "fd00::/64": must be a strict subset of `cidr`'),
    (block("10.0.0.0/8", "x"), f'{HOLE}: Invalid value: "x": {NO_CIDR}'),
]


@pytest.mark.parametrize(("spec", "only"), BLOCKS)
def test_blocks(spec: dict[str, Any], only: str) -> None:
    """CIDRs are strict: no host bits, no leading zeros; a hole lies inside and is smaller."""
    assert mistakes(**spec) == [only]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"ingress": [{"from": [{}]}]}, ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        ({"ingress": [{"from": [None]}]}, ["spec.ingress[0].from[0]: Required value: must specify a peer"]),
        (
            {"ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.5/8"}, "podSelector": {}}]}]},
            [
                (
                    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.5/8": '
                    "must not have bits set beyond the prefix length"
                ),
                "spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer",
            ],
        ),
        (
            {"policyTypes": ["ingress"]},
            ['spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress"'],
        ),
        (
            {"policyTypes": ["Ingress", "Egress", "Ingress"]},
            [
                (
                    'spec.policyTypes: Invalid value: ["Ingress", "Egress", "Ingress"]: '
                    "may not specify more than two policyTypes"
                )
            ],
        ),
        ({"ingress": {}}, ["spec.ingress: expected array, got {}"]),
        ({"ingress": [{"to": []}]}, ['spec.ingress[0].to: unknown field "spec.ingress[0].to"']),
    ],
)
def test_peers_and_types(spec: dict[str, Any], expected: list[str]) -> None:
    """A peer is selectors or a block; types are Ingress and Egress, in these letters."""
    assert mistakes(**spec) == expected


KEY = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)


@pytest.mark.parametrize(
    ("selector", "first"),
    [
        ({"matchLabels": {"app": 1}}, "matchLabels.app: expected string, got 1"),
        ({"matchLabels": {"-x": "a"}}, f'matchLabels.-x: Invalid value: "-x": {KEY}'),
        ({"matchLabels": {"/x": "a"}}, 'matchLabels[/x]: Invalid value: "/x": prefix part must be non-empty'),
        (
            {"matchLabels": {"a" * 64: ""}},
            (f'matchLabels.{"a" * 64}: Invalid value: "{"a" * 64}": name part must be no more than 63 bytes'),
        ),
        (
            {"matchLabels": {"a": "b" * 64}},
            f'matchLabels.a: Invalid value: "{"b" * 64}": must be no more than 63 bytes',
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "In"}]},
            "matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["x"]}]},
            "matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
        (
            {"matchExpressions": [{"key": "a", "operator": "in", "values": ["x"]}]},
            'matchExpressions[0].operator: Invalid value: "in": not a valid selector operator',
        ),
        ({"matchExpressions": [{"operator": "Exists"}]}, "matchExpressions[0].key: Required value"),
        ({"matchExpressions": [{"key": "a"}]}, "matchExpressions[0].operator: Required value"),
    ],
)
def test_selectors(selector: dict[str, Any], first: str) -> None:
    """Keys and values are checked, and whether an operator takes values, wherever a selector stands."""
    assert mistakes(podSelector=selector)[0] == f"spec.podSelector.{first}"
    peer = {"ingress": [{"from": [{"namespaceSelector": selector}]}]}
    assert mistakes(**peer)[0] == f"spec.ingress[0].from[0].namespaceSelector.{first}"

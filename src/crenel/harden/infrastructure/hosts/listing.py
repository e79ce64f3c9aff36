"""The table as JSON for ``nft -j -f`` (libnftables-json(5)): the same as the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crenel.harden.infrastructure.hosts.rules import CHAINS, TABLE, Rule, said
from crenel.network.rules import Direction
from crenel.network.traffic import SCTP, TCP, UDP, Ports

_NAMES = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}
_SIDES = {Direction.INGRESS: "saddr", Direction.EGRESS: "daddr"}
_HEADS: dict[Direction, dict[str, Any]] = {
    Direction.INGRESS: {"type": "filter", "hook": "prerouting", "prio": -150, "policy": "accept"},
    Direction.EGRESS: {"type": "filter", "hook": "output", "prio": 0, "policy": "accept"},
}
_OWN = {"family": "inet", "table": TABLE}
_THERE = {"table": {"family": "inet", "name": TABLE}}


def listing(found: Sequence[Rule]) -> dict[str, Any]:
    """The whole document: it takes the place of an older one in one step."""
    items: list[dict[str, Any]] = [
        {"metainfo": {"json_schema_version": 1}}, {"add": _THERE}, {"delete": _THERE}, _THERE,
    ]  # fmt: skip
    items += [{"chain": {**_OWN, "name": chain, **_HEADS[way]}} for way, chain in CHAINS.items()]
    for direction, chain in CHAINS.items():
        for expressions, why in _rules(found, direction):
            items.append({"rule": {**_OWN, "chain": chain, "expr": expressions, **({"comment": why} if why else {})}})
    return {"nftables": items}


def _rules(found: Sequence[Rule], direction: Direction) -> Iterator[tuple[list[dict[str, Any]], str]]:
    inbound = direction is Direction.INGRESS
    accept: dict[str, Any] = {"accept": None}
    yield [_match({"ct": {"key": "state"}}, ["established", "related"], "in"), accept], ""
    yield [_match({"meta": {"key": "iifname" if inbound else "oifname"}}, "lo"), accept], ""
    if inbound:
        yield [_match({"fib": {"result": "type", "flags": ["daddr"]}}, "local", "!="), accept], ""
    for rule in said(found, direction):
        yield [*_matches(rule), accept], rule.why
    yield [{"drop": None}], ""


def _match(left: dict[str, Any], right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def _matches(rule: Rule) -> Iterator[dict[str, Any]]:
    if rule.cidrs:
        field = {"protocol": "ip" if rule.family == 4 else "ip6", "field": _SIDES[rule.direction]}
        yield _match({"payload": field}, _set([_prefix(each) for each in rule.cidrs]))
    elif rule.family is not None:
        yield _match({"meta": {"key": "nfproto"}}, f"ipv{rule.family}")
    if rule.ports and rule.protocol is not None:
        field = {"protocol": _NAMES[rule.protocol], "field": "dport"}
        yield _match({"payload": field}, _set([_range(each) for each in rule.ports]))
    elif rule.protocol is not None:
        yield _match({"meta": {"key": "l4proto"}}, rule.protocol)


def _set(values: Sequence[Any]) -> Any:
    return values[0] if len(values) == 1 else {"set": list(values)}


def _prefix(cidr: str) -> Any:
    address, slash, length = cidr.partition("/")
    return {"prefix": {"addr": address, "len": int(length)}} if slash else address


def _range(ports: Ports) -> Any:
    return ports[0] if ports[0] == ports[1] else {"range": list(ports)}

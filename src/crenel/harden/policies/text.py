"""Policies as text: YAML that a person could have written, with the evidence as comments."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from crenel.harden.needs.ground import MANAGED_BY, MANAGER
from crenel.harden.policies.model import Peer, Policy, Rule
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import LAST_PORT, Match, protocol_name

MARK = "# Written by crenel harden. Edit the application, its intents or its flows, and run it again."
"""The first line of every file that is written: what does not begin with it is somebody else's."""
_TYPES = {Direction.INGRESS: "Ingress", Direction.EGRESS: "Egress"}
_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*\Z")
_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "null", "y", "n"])
_MOST = 4
"""How many lines of evidence are written for one peer."""
_WIDTH = 118


def document(policy: Policy) -> str:
    """One policy as a YAML document."""
    lines = [
        *comments(policy.says, 0),
        "apiVersion: networking.k8s.io/v1",
        "kind: NetworkPolicy",
        "metadata:",
        f"  name: {scalar(policy.name)}",
        f"  namespace: {scalar(policy.namespace)}",
        "  labels:",
        f"    {MANAGED_BY}: {MANAGER}",
        "spec:",
        *_selector("podSelector", policy.choice.data, 2),
        "  policyTypes:",
        *(f"    - {_TYPES[each]}" for each in policy.directions),
    ]
    for direction in policy.directions:
        if policy.rules:
            lines.append(f"  {direction.value}:")
            for rule in policy.rules:
                lines += _rule(rule, direction)
    return "\n".join(lines) + "\n"


def _rule(rule: Rule, direction: Direction) -> Iterator[str]:
    yield from comments(rule.why, 4)
    if not rule.peers and rule.traffic is None:
        yield "    - {}"
        return
    dash = "    - "
    if rule.peers:
        yield f"{dash}{'from' if direction is Direction.INGRESS else 'to'}:"
        dash = "      "
        for peer in rule.peers:
            yield from _peer(peer)
    if rule.traffic is not None:
        yield f"{dash}ports:"
        for match in rule.traffic:
            yield from _port(match)


def _peer(peer: Peer) -> Iterator[str]:
    yield from comments([f"{peer.title}: {peer.why[0]}", *peer.why[1:]] if peer.why else [peer.title], 8)
    if peer.addresses is not None:
        yield from _blocks(peer.addresses)
        return
    assert peer.choice is not None
    dash = "        - "
    if peer.namespace:
        yield f"{dash}namespaceSelector:"
        yield "            matchLabels:"
        yield f"              kubernetes.io/metadata.name: {scalar(peer.namespace)}"
        dash = "          "
    first, *rest = _selector("podSelector", peer.choice.data, 10)
    yield dash + first.lstrip()
    yield from rest


def _blocks(addresses: AddressSet) -> Iterator[str]:
    """An ipBlock for each CIDR, its exceptions with it."""
    for cidr, holes in blocks(addresses):
        yield "        - ipBlock:"
        yield f"            cidr: {scalar(cidr)}"
        if holes:
            yield "            except:"
            yield from (f"              - {scalar(each)}" for each in holes)


def blocks(addresses: AddressSet) -> Iterator[tuple[str, list[str]]]:
    """A set of addresses as CIDRs, each with its exceptions."""
    shown, holes = addresses.written()
    for cidr in shown:
        whole = AddressSet.of(cidr)
        yield cidr, [each for each in holes if AddressSet.of(each) <= whole]


def _port(match: Match) -> Iterator[str]:
    name = protocol_name(match.protocol or 0)
    if match.ports is None or match.ports == (1, LAST_PORT):
        yield f"        - protocol: {name}"
        return
    first, last = match.ports
    yield f"        - port: {first}"
    if last != first:
        yield f"          endPort: {last}"
    yield f"          protocol: {name}"


def _selector(key: str, data: Mapping[str, Any], indent: int) -> Iterator[str]:
    space = " " * indent
    if not data:
        yield f"{space}{key}: {{}}"
        return
    yield f"{space}{key}:"
    for name in data.get("matchLabels", {}):
        if name == next(iter(data["matchLabels"])):
            yield f"{space}  matchLabels:"
        yield f"{space}    {scalar(name)}: {scalar(data['matchLabels'][name])}"
    expressions = data.get("matchExpressions", [])
    if expressions:
        yield f"{space}  matchExpressions:"
    for each in expressions:
        yield f"{space}    - key: {scalar(each['key'])}"
        yield f"{space}      operator: {each['operator']}"


def comments(lines: Sequence[str], indent: int) -> Iterator[str]:
    """Lines of comment, the long ones folded and only the first few of many."""
    space = " " * indent
    shown = list(lines[:_MOST])
    if len(lines) > _MOST:
        shown.append(f"and {len(lines) - _MOST} more")
    for line in shown:
        text = "".join(each if each.isprintable() else " " for each in line)
        first, *rest = textwrap.wrap(text, _WIDTH - indent, break_on_hyphens=False)[:3] or [""]
        yield f"{space}# {first}"
        yield from (f"{space}#   {each}" for each in rest)


def scalar(text: str) -> str:
    """A text as YAML reads it back, in quotes where it would be something else."""
    return text if _PLAIN.match(text) and text.lower() not in _WORDS else json.dumps(text)

"""The table as text for ``nft -f`` (nft(8))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.harden.infrastructure.hosts.rules import CHAINS, TABLE, Rule, said
from crenel.network.rules import Direction
from crenel.network.traffic import SCTP, TCP, UDP, Ports

HEADS = {
    Direction.INGRESS: "type filter hook prerouting priority -150; policy accept;",
    Direction.EGRESS: "type filter hook output priority 0; policy accept;",
}
FIRST = {
    Direction.INGRESS: ("ct state established,related accept", 'iifname "lo" accept', "fib daddr type != local accept"),
    Direction.EGRESS: ("ct state established,related accept", 'oifname "lo" accept'),
}
"""What is let through before all else: answers, what a host says to itself, and what it only passes on."""
_NAMES = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}
_SIDES = {Direction.INGRESS: "saddr", Direction.EGRESS: "daddr"}


def text(found: Sequence[Rule], group: str) -> str:
    """The whole file: it takes the place of an older one in one step."""
    listed = [
        f"# {group}, by crenel harden",
        f"table inet {TABLE}",
        f"delete table inet {TABLE}",
        f"table inet {TABLE} {{",
    ]
    for direction, chain in CHAINS.items():
        listed += [f"\tchain {chain} {{", f"\t\t{HEADS[direction]}"]
        listed += [f"\t\t{each}" for each in (*FIRST[direction], *map(_rule, said(found, direction)), "drop")]
        listed.append("\t}")
    return "\n".join([*listed, "}", ""])


def _rule(rule: Rule) -> str:
    comment = f' comment "{rule.why}"' if rule.why else ""
    return " ".join([*_matches(rule), f"accept{comment}"])


def _matches(rule: Rule) -> Iterator[str]:
    if rule.cidrs:
        yield f"{'ip' if rule.family == 4 else 'ip6'} {_SIDES[rule.direction]} {_set(rule.cidrs)}"
    elif rule.family is not None:
        yield f"meta nfproto ipv{rule.family}"
    if rule.ports and rule.protocol is not None:
        yield f"{_NAMES[rule.protocol]} dport {_set([_range(each) for each in rule.ports])}"
    elif rule.protocol is not None:
        yield f"meta l4proto {rule.protocol}"


def _set(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{{ {', '.join(values)} }}"


def _range(ports: Ports) -> str:
    return str(ports[0]) if ports[0] == ports[1] else f"{ports[0]}-{ports[1]}"

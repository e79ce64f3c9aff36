"""Where the rules in the kernel change their mind: the edges of their addresses and ports, as nft lists them.

Probes are planned at the edges of what the model tells apart. A ruleset that is wrong may have edges elsewhere, so
those that the kernel's own rules have are looked up and tried as well. Rules that are right have none that the model
lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crenel.enforce.hooks import Marks, hooks
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.lab.probing import tracing
from crenel.lab.twin import dataplane
from crenel.network.addresses import Family, parse_address, parse_network
from crenel.network.traffic import LAST_PORT, PORTED, SCTP, TCP, UDP

Span: TypeAlias = tuple[Family, int, int]
"""Family, first and last address."""

_PROTOCOLS = {"tcp": (TCP,), "udp": (UDP,), "sctp": (SCTP,)}
_OURS = {dataplane.TABLE, tracing.TABLE}
_FIXED = {chain.name for chain in hooks(Marks(), "")}
"""Tables and chains that no policy shapes."""


@dataclass(slots=True)
class Seams:
    """The ranges of addresses that rules tell apart, and (protocol, port) pairs on both sides of every edge."""

    addresses: set[Span] = field(default_factory=set)
    ports: set[tuple[int, int]] = field(default_factory=set)


def seams(nodes: Iterable[Namespace]) -> Seams:
    """The edges of all rules on some nodes."""
    found = Seams()
    for node in nodes:
        with Nftables(node) as nft:
            listed = nft.json("list ruleset")
        for entry in listed["nftables"] if isinstance(listed, dict) else ():
            for kind in ("set", "map", "rule"):
                one = entry.get(kind)
                if one is not None and one.get("table") not in _OURS and one.get("chain") not in _FIXED:
                    _read(one, found)
    return found


def _read(one: Mapping[str, Any], found: Seams) -> None:
    kinds = one.get("type")
    if not (isinstance(kinds, list) and "ifname" in kinds):
        found.addresses.update(_addresses([one.get("elem"), one.get("expr")]))
    if isinstance(kinds, list) and "inet_service" in kinds:
        for element in one.get("elem") or ():
            found.ports.update(_element(element, kinds))
    for statement in one.get("expr") or ():
        if isinstance(statement, dict) and "match" in statement:
            found.ports.update(_match(statement["match"]))


def _addresses(value: Any) -> Iterator[Span]:
    """Every address, prefix and range of addresses that is written anywhere."""
    if isinstance(value, dict):
        if (span := _span(value)) is not None:
            yield span
            return
        for part in value.values():
            yield from _addresses(part)
    elif isinstance(value, list):
        for part in value:
            yield from _addresses(part)
    elif isinstance(value, str):
        try:
            family, number = parse_address(value)
        except ValueError:
            return
        yield family, number, number


def _span(value: Mapping[str, Any]) -> Span | None:
    """A prefix or a range of addresses; None for anything else."""
    try:
        if isinstance(prefix := value.get("prefix"), dict) and isinstance(prefix.get("addr"), str):
            return parse_network(f"{prefix['addr']}/{prefix['len']}")
        if isinstance(ends := value.get("range"), list) and isinstance(ends[0], str):
            family, low = parse_address(ends[0])
            return family, low, parse_address(ends[1])[1]
    except ValueError:
        return None
    return None


def _element(element: Any, kinds: list[str]) -> Iterator[tuple[int, int]]:
    """The edges of the port in an element of a set whose type is a concatenation."""
    if isinstance(element, list):
        element = element[0]  # of a map: key and value
    if isinstance(element, dict) and "elem" in element:
        element = element["elem"].get("val")
    parts = element.get("concat") if isinstance(element, dict) else None
    if not isinstance(parts, list) or len(parts) != len(kinds):
        return
    protocols = next(
        (_protocols(part) for part, kind in zip(parts, kinds, strict=True) if kind == "inet_proto"), PORTED
    )
    for part, kind in zip(parts, kinds, strict=True):
        if kind == "inet_service":
            yield from ((protocol, port) for protocol in protocols for port in _ports(part))


def _match(match: Mapping[str, Any]) -> Iterator[tuple[int, int]]:
    """The edges of the ports that a rule names itself."""
    left = match.get("left")
    payload = left.get("payload") if isinstance(left, dict) else None
    if not isinstance(payload, dict) or payload.get("field") != "dport":
        return
    for port in _ports(match.get("right")):
        yield from ((protocol, port) for protocol in _protocols(payload.get("protocol")))


def _protocols(name: Any) -> tuple[int, ...]:
    return _PROTOCOLS.get(str(name), PORTED)


def _ports(value: Any) -> Iterator[int]:
    if isinstance(value, dict):
        if isinstance(ends := value.get("range"), list) and isinstance(ends[0], int):
            yield from (each for each in {ends[0] - 1, ends[0], ends[1], ends[1] + 1} if 1 <= each <= LAST_PORT)
        for part in value.get("set") or ():
            yield from _ports(part)
    elif isinstance(value, int):
        yield from (each for each in (value - 1, value, value + 1) if 1 <= each <= LAST_PORT)

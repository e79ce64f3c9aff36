"""The aggregation as one would write it first: a loop over records, with everything in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from crenel.flows.identities import Tenure

EPHEMERAL = 32768


@dataclass(frozen=True)
class Record:
    source: str
    source_port: int
    target: str
    target_port: int
    protocol: int
    flags: str
    """Those of all packets of an interval: SYN with ACK says nothing."""
    reply: bool
    at: int
    size: int
    verdict: str


Answer = dict[tuple[str, str, int, int, str], tuple[int, int, int, int, str]]
"""(client, server, protocol, port, verdict): (records, bytes, first, last, ends)."""


def owner(address: str, at: int, tenures: Sequence[Tenure]) -> str:
    found = [each.place for each in tenures if each.address == address and each.since <= at < each.until]
    assert len(found) < 2
    return found[0] if found else address


def told(record: Record) -> str:
    if record.reply:
        return "target"
    return "source" if record.protocol == 6 and record.flags == "S" else ""


def answer(records: Sequence[Record], tenures: Sequence[Tenure], declared: set[tuple[str, int, int]]) -> Answer:
    named = [(owner(each.source, each.at, tenures), owner(each.target, each.at, tenures), each) for each in records]
    serving = set(declared)
    for source, target, each in named:
        if each.verdict != "dropped":
            serving |= {(target, each.protocol, each.target_port)} if told(each) == "source" else set()
            serving |= {(source, each.protocol, each.source_port)} if told(each) == "target" else set()
    settled = [
        (source, target, each, *opener(source, target, each, serving, declared)) for source, target, each in named
    ]
    peers: dict[tuple[str, int, int], set[int]] = defaultdict(set)
    for source, target, each, who, _ in settled:
        if not who:
            peers[source, each.protocol, each.source_port].add(each.target_port)
            peers[target, each.protocol, each.target_port].add(each.source_port)
    total: dict[tuple[str, str, int, int, str], list[tuple[int, int, int]]] = defaultdict(list)
    for source, target, each, who, rank in settled:
        decided = who or by_peers(source, target, each, peers)
        ends = (source, target, each.target_port) if decided == "source" else (target, source, each.source_port)
        total[ends[0], ends[1], each.protocol, ends[2], each.verdict].append((each.size, each.at, rank))
    return {
        key: (
            len(found), sum(size for size, _, _ in found), min(at for _, at, _ in found),
            max(at for _, at, _ in found), ("told", "known", "guessed")[min(rank for _, _, rank in found)],
        )
        for key, found in total.items()
    }  # fmt: skip


def opener(
    source: str, target: str, record: Record, serving: set[tuple[str, int, int]], declared: set[tuple[str, int, int]]
) -> tuple[str, int]:
    """Who opened the connection, and how well that is known; nobody where only peers can tell."""
    if who := told(record):
        return who, 0
    seen_source, seen_target = visible(record, declared)
    at_source = seen_source and (source, record.protocol, record.source_port) in serving
    at_target = seen_target and (target, record.protocol, record.target_port) in serving
    if at_source != at_target:
        return ("target" if at_source else "source"), 1
    if not seen_source or (record.source_port >= EPHEMERAL > record.target_port):
        return "source", 2
    if not seen_target or (record.target_port >= EPHEMERAL > record.source_port):
        return "target", 2
    return "", 2


def visible(record: Record, declared: set[tuple[str, int, int]]) -> tuple[bool, bool]:
    """Whether each port is looked at: an ephemeral one against another is not, unless somebody declares its number."""
    numbers = {port for _, _, port in declared}
    source, target = record.source_port, record.target_port
    return (
        not (source >= EPHEMERAL > target and source not in numbers),
        not (target >= EPHEMERAL > source and target not in numbers),
    )


def by_peers(source: str, target: str, record: Record, peers: dict[tuple[str, int, int], set[int]]) -> str:
    at_source = len(peers[source, record.protocol, record.source_port])
    at_target = len(peers[target, record.protocol, record.target_port])
    if at_source != at_target:
        return "target" if at_source > at_target else "source"
    return "target" if record.source_port < record.target_port else "source"

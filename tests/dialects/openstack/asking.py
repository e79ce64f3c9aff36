"""Asks what becomes of a connection, given OpenStack's documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.dialects import openstack
from crenel.network.addresses import Family
from crenel.network.firewalls import Infrastructure, Interface
from crenel.network.traffic import parse_traffic
from crenel.network.wire import Wire, wire
from crenel.provenance import Origin
from crenel.questions.crossing import Crossing, block_of, crossing
from crenel.questions.verdict import Outcome

A, D, U, P = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN, Outcome.PARTIAL


def read(*documents: Any) -> Infrastructure:
    """Read documents, each from a file of its own."""
    return openstack.read([(data, Origin(f"file-{number}.json")) for number, data in enumerate(documents)])


def ask(ready: Wire, source: str, target: str, traffic: str = "TCP/443", family: Family | None = None) -> Crossing:
    """One connection; an end is an interface, or else an address, which tells the family unless that is given."""
    known = {each.name for each in ready.infrastructure.interfaces}
    ends = [ready.index(end) if end in known else block_of(ready.forth, end) for end in (source, target)]
    told: Family = family or (6 if ":" in f"{source}{target}" else 4)
    return crossing(ready, told, ends[0], ends[1], parse_traffic(traffic))


def outcome(
    documents: Sequence[Any], source: str, target: str, traffic: str = "TCP/443", family: Family | None = None
) -> Outcome:
    """What becomes of one connection."""
    return ask(wire(read(*documents)), source, target, traffic, family).outcome


def text(documents: Sequence[Any], source: str, target: str, traffic: str = "TCP/443") -> str:
    """What is said about one connection, all steps together."""
    return "\n".join(step.rule for step in ask(wire(read(*documents)), source, target, traffic).steps)


def interface(documents: Sequence[Any], name: str) -> Interface:
    """One interface."""
    return next(each for each in read(*documents).interfaces if each.name == name)

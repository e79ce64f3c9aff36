"""Asks what AWS' documents say of one connection."""

from __future__ import annotations

from typing import Any

from crenel.dialects import aws
from crenel.network.addresses import Family
from crenel.network.firewalls import Infrastructure
from crenel.network.traffic import parse_traffic
from crenel.network.wire import wire
from crenel.provenance import Origin
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome


def read(*documents: Any) -> Infrastructure:
    """What the documents say."""
    return aws.read([(each, Origin(f"{number}.json")) for number, each in enumerate(documents)])


def asked(made: Infrastructure, source: str, target: str, traffic: str) -> Outcome:
    """What becomes of a connection; an end is the name of an interface or an address, which tells the family."""
    ready, names = wire(made), {each.name for each in made.interfaces}
    ends = [ready.index(end) if end in names else block_of(ready.forth, end) for end in (source, target)]
    family: Family = 6 if any(":" in end for end in (source, target) if end not in names) else 4
    return crossing(ready, family, ends[0], ends[1], parse_traffic(traffic)).outcome

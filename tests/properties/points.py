"""The points where an answer could change: ports and addresses at every border, and one step beyond."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from properties.pieces import PROTOCOLS
from properties.strategies import Scenario

PORT_FIELDS = ("port", "endPort", "number", "start", "end", "containerPort")
NAMES = ("dns:example.com", "dns:api.example.com", "dns:a.b.example.com", "dns:example.org")
LAST = {4: 2**32 - 1, 6: 2**128 - 1}


class Point(NamedTuple):
    """One connection to ask about; ends as the library names them."""

    source: str
    destination: str
    protocol: str
    port: int


def ports_of(scenario: Scenario) -> list[int]:
    """Every port that is mentioned, with its neighbours."""
    found = {value for key, value in _fields(scenario.objects) if key in PORT_FIELDS and isinstance(value, int)}
    return sorted({near for port in found | {7} for near in (port - 1, port, port + 1) if 1 <= near <= 65535})


def addresses_of(scenario: Scenario) -> list[str]:
    """The first and last address of every CIDR that policies mention, with their neighbours."""
    texts: set[str] = set()
    for key, value in _fields(scenario.policies):
        if key == "cidr":
            texts.add(value)
        elif key in ("except", "networks"):
            texts.update(value)
    found = {"198.51.100.7", "2001:db8:ffff::7"}
    for text in texts:
        network = ipaddress.ip_network(text, strict=False)
        for border in (int(network[0]), int(network[-1])):
            near = {each for each in (border - 1, border, border + 1) if 0 < each < LAST[network.version]}
            kind = ipaddress.IPv4Address if network.version == 4 else ipaddress.IPv6Address
            found |= {str(kind(each)) for each in near}
    return sorted(found)


def _fields(value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for each in value:
            yield from _fields(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield key, each
            yield from _fields(each)


def sampled_points(scenario: Scenario, seed: int, most: int) -> list[Point]:
    """A fair choice of at most `most` points with an end in the cluster."""
    chance = random.Random(seed)
    inside = list(scenario.population.endpoints)
    outside = chance.sample(addresses := addresses_of(scenario), min(len(addresses), 12))
    pairs = [(one, two) for one in inside for two in inside]
    pairs += [pair for one in inside for two in outside for pair in ((one, two), (two, one))]
    pairs += [(one, name) for one in inside for name in NAMES]
    ports = ports_of(scenario)
    chosen = chance.sample(pairs, min(len(pairs), most))
    return [Point(*pair, chance.choice(PROTOCOLS), chance.choice(ports)) for pair in chosen]

"""What the translation says of packets in the lab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from crenel.dialects import hosts
from crenel.dialects.hosts import Site
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Infrastructure, with_tenants
from crenel.network.traffic import Match
from crenel.network.wire import wire
from crenel.provenance import Origin
from crenel.questions.crossing import block_of, crossing
from crenel.questions.verdict import Outcome
from dialects.hosts.lab import ADDRESSES, DEVICES, HOST, POD, TCP, UDP, Probe

SITE = Site(AddressSet.of(*HOST), DEVICES)


class Prediction:
    """Answers for one host's documents. Every address of the host and of the pod is an interface of its own."""

    def __init__(self, documents: Iterable[Any], site: Site | None = SITE) -> None:
        read = [(data, Origin(f"h.{number}")) for number, data in enumerate(documents)]
        self.infrastructure: Infrastructure = hosts.read(read, sites={"h": site} if site else None)
        own = {f"host {each}": ("host/h", AddressSet.of(each)) for each in HOST}
        pods = {f"pod {each}": ("host/h/pods", AddressSet.of(each)) for each in POD}
        self._wire = wire(with_tenants(self.infrastructure, own | pods))

    def outcomes(self, probe: Probe) -> tuple[Outcome, Outcome]:
        """What becomes of one packet, and of the reply to it."""
        ends = [self._end(each) for each in (probe.source, probe.destination)]
        asked = (Match(probe.protocol, (probe.port, probe.port)),)
        found = crossing(self._wire, 6 if ":" in probe.source else 4, ends[0], ends[1], asked)
        return found.request.outcome, found.reply.outcome

    def _end(self, address: str) -> int:
        name = "host" if address in HOST else "pod"
        if address in HOST or address in POD:
            return self._wire.index(f"{name} {address}")
        return block_of(self._wire.forth, address)


def probes(ports: Sequence[int], starts: Iterable[str] = tuple(ADDRESSES)) -> Iterator[Probe]:
    """Packets between all addresses of different namespaces, to some ports."""
    for start in starts:
        for end in ADDRESSES:
            for source in ADDRESSES[start] if start != end else ():
                for target in ADDRESSES[end]:
                    if (":" in source) == (":" in target):
                        yield from (Probe(start, source, target, each, port) for each in (TCP, UDP) for port in ports)

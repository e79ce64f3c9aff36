"""The running twin of a wire: interfaces and the world outside around a router, its rules loaded, a prober at hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from crenel.enforce.firewalls import compile_wire
from crenel.enforce.hooks import Marks
from crenel.enforce.ruleset import Denial, Ruleset
from crenel.enforce.site import LocalPod, Site
from crenel.enforce.text import write
from crenel.kernel.nftables import Nftables
from crenel.lab.probing.listeners import Ear
from crenel.lab.probing.observations import Observation
from crenel.lab.probing.prober import Prober
from crenel.lab.probing.probes import Probe
from crenel.lab.twin.namespaces import Twin
from crenel.lab.wire.ends import Ends, edges, ends
from crenel.lab.wire.wiring import ROUTER, wiring
from crenel.network.traffic import SCTP, UDP
from crenel.network.wire import Wire


class Router:
    """The twin. Close it, or use it as a context manager; its death takes everything away too.

    Everybody answers at every first and last port of the ranges that rules tell apart: on TCP with a reset, on UDP with
    what was sent, on SCTP with an ABORT.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.ends: Ends = ends(wire)
        topology = wiring(self.ends)
        self.rulesets = compile_wire(wire, site(wire, topology.interfaces))
        self.denials: dict[str, Denial] = {
            name: each for one in self.rulesets.values() for name, each in one.denials.items()
        }
        self._twin = Twin.build(topology)
        try:
            self.load(self.rulesets.values())
            self._prober = Prober(self._twin.spaces, [self._twin.spaces[ROUTER]], Marks().log_group)
            self._prober.conversing = frozenset({UDP, SCTP})
            self._prober.listeners.open(self._twin.spaces, self._ears())
        except BaseException:
            self._twin.close()
            raise

    def load(self, rulesets: Iterable[Ruleset]) -> None:
        """Put rules in the place of those of the same tables."""
        with Nftables(self._twin.spaces[ROUTER]) as nft:
            for ruleset in rulesets:
                nft.run(write(ruleset))

    def probe(self, probes: Sequence[Probe]) -> list[Observation]:
        """Send probes; what was observed, in their order. Connections of earlier ones are forgotten before."""
        self._prober.forget()
        return self._prober.run(probes)

    def _ears(self) -> Iterator[Ear]:
        for party in self.ends.all:
            for port in edges(self.wire, UDP):
                yield Ear(party.title, party.space, party.address, UDP, port)
            yield Ear(party.title, party.space, party.address, SCTP, 0, refuses=True)

    def close(self) -> None:
        """Take everything away."""
        self._prober.close()
        self._twin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def site(wire: Wire, links: Mapping[str, str]) -> Site:
    """What the router guards. `links` are those that lead to the interfaces, by their names."""
    guarded = [each for each in wire.infrastructure.interfaces if each.name in links]
    return Site(ROUTER, [LocalPod(wire.index(each.name), each.addresses, links[each.name]) for each in guarded])

"""What the compiled rules of a router do with a probe, by the naive interpreter of rulesets; no packet is sent."""

from __future__ import annotations

from collections.abc import Mapping

from crenel.enforce.firewalls import compile_wire
from crenel.enforce.hooks import Sight
from crenel.enforce.ruleset import Ruleset
from crenel.lab.probing.probes import Probe
from crenel.lab.wire.ends import Ends
from crenel.lab.wire.router import site
from crenel.network.rules import Direction
from crenel.network.wire import Wire
from enforce.interpreter import ACCEPTED, Packet, decide
from firewalls.foretelling import ANSWERED, REFUSED, UNANSWERED, number


def compiled(wire: Wire, ends: Ends) -> dict[Sight, Ruleset]:
    """The rules of the router between some ends."""
    return compile_wire(wire, site(wire, {party.name: "" for party in ends.interfaces}))


def became(rulesets: Mapping[Sight, Ruleset], probe: Probe) -> str:
    """What becomes of a probe."""
    source, target = number(probe.source.address), number(probe.address)
    request = Packet(probe.source.family, source, target, probe.protocol, probe.port)
    reply = Packet(probe.source.family, target, source, probe.protocol, probe.sport)
    if not _passes(rulesets, request, (Sight.FIRST, Sight.EVERY)):
        return REFUSED
    return ANSWERED if _passes(rulesets, reply, (Sight.EVERY, Sight.REPLIES)) else UNANSWERED


def _passes(rulesets: Mapping[Sight, Ruleset], packet: Packet, sights: tuple[Sight, ...]) -> bool:
    judging = [rulesets[each] for each in sights if each in rulesets]
    return all(decide(one, packet, direction) == ACCEPTED for one in judging for direction in Direction)

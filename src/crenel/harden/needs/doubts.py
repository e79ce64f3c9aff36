"""Guesses that something speaks against: they are taken back, and what they would have opened stays closed."""

from __future__ import annotations

from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, End, EvidenceKind, Pods, Traffic
from crenel.harden.needs.texts import words_of
from crenel.network.traffic import Match, protocol_number

_PROBED = frozenset({
    "probe", "probes", "health", "healthz", "healthcheck", "readyz", "livez", "liveness", "readiness", "profiling",
    "profile", "pprof", "debug", "metrics",
})  # fmt: skip
"""Words in the names of ports that kubelets, monitors and people use, and no part of the application."""


def taken_back(ground: Ground, server: End, basket: Basket) -> None:
    """Take back guesses at ports for probes and the like, and about those who answer the API server, `server`.

    Who serves its webhooks is hardly a client of others, and others are hardly clients of that.
    """
    serving = {target for source, target, _ in basket.found if source == server}
    unlikely = [
        (source, target, traffic)
        for (source, target, traffic), evidence in basket.found.items()
        if isinstance(source, Pods) and isinstance(target, Pods) and source != target
        if all(each.kind is EvidenceKind.GUESS for each in evidence)
        if source in serving or (server, target, traffic) in basket.found or _is_probed(ground, target, traffic)
    ]
    for key in unlikely:
        del basket.found[key]
    for target in dict.fromkeys(target for _, target, _ in unlikely):
        if not any(target == each for _, each, _ in basket.found):
            basket.remark(str(target), "nobody is known to use it: it is closed to everybody")


def _is_probed(ground: Ground, pods: Pods, traffic: Traffic) -> bool:
    names = {
        word
        for name, protocol, number in ground.group(pods).ports
        if traffic == Match(protocol_number(protocol), (number, number))
        for word in words_of(name)
    }
    return bool(names & _PROBED)

"""All needs of an input, from all of their sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crenel.audit.clusterdns import with_dns
from crenel.dialects.model import Input, build_with
from crenel.harden.needs import (
    concealed,
    controllers,
    controlplane,
    doubts,
    entering,
    existing,
    guesses,
    meshes,
    monitoring,
    naming,
    rights,
    rings,
)
from crenel.harden.needs.declared import Conflict, Declared, cuts
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, Needs, Pods
from crenel.harden.needs.naming import Resolving
from crenel.harden.needs.observed import Seen
from crenel.harden.needs.references import References
from crenel.intents import Intents
from crenel.provenance import Problem
from crenel.sources.document import Document

if TYPE_CHECKING:
    from crenel.flows.observed import Observed


@dataclass(frozen=True, slots=True)
class Sources:
    """Where needs come from beside the objects of the input."""

    documents: Sequence[Document] = ()
    default_namespace: str = "default"
    intents: Intents = field(default_factory=Intents)
    observed: Sequence[Observed] = ()
    proxies: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Who serves a proxy that cannot be found: by class or name its (namespace, workload)."""
    api_server: Sequence[str] = ()
    """The addresses of the API server, with a port or without."""
    resolving: Resolving = Resolving.NEEDED
    guess: bool = True
    """Whether guesses are made."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """The needs, the input with the DNS that a cluster has, and what was wrong with the intents."""

    needs: Needs
    ground: Ground
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()


def gather(given: Input, sources: Sources) -> Gathered:
    """Gather the needs of an input.

    Raises:
        ValueError: an address of the API server is none.
    """
    served = bool(sources.documents) and all(each.served for each in sources.documents)
    model = build_with(with_dns(given, live=served), cuts(sources.intents))
    ground, basket = Ground(model, sources.documents, sources.default_namespace), Basket()
    server = controlplane.api_server(ground, sources.api_server)
    declared = Declared(ground, sources.intents, entering.outside(ground))
    declared.allowed(basket)
    existing.spoken_of(ground, basket)
    _seen(ground, basket, sources)
    mentioned: list[Pods] = []
    References(ground, basket, mentioned).find()
    entering.entered(ground, basket, sources.proxies)
    monitoring.scraped(ground, basket)
    controlplane.callers(ground, server, basket)
    rights.connected(ground, server.caller, basket)
    rights.registering(ground, server.caller, basket)
    controllers.unknown(ground, basket)
    if sources.guess:
        guesses.guessed(ground, basket)
        rings.found(ground, basket)
        concealed.guessed(ground, basket)
        doubts.taken_back(ground, server.caller, basket)
    meshes.carried(ground, basket)
    meshes.joined(ground, basket)
    controlplane.clients(ground, server, mentioned, basket)
    naming.resolved(ground, basket, sources.resolving)
    if not sources.guess:
        basket = _sure(basket)
    needs, conflicts = declared.without_forbidden(basket.needs())
    return Gathered(needs, ground, conflicts, tuple(declared.problems))


def _seen(ground: Ground, basket: Basket, sources: Sources) -> None:
    if sources.observed:
        Seen(ground, basket, entering.outside(ground)).add(sources.observed)


def _sure(basket: Basket) -> Basket:
    """The needs that are more than guessed; the others are remarks."""
    needs = basket.needs()
    kept = {
        (each.source, each.target, each.traffic): dict.fromkeys(each.evidence)
        for each in needs.needs
        if not each.guessed
    }
    sure = Basket(kept, dict.fromkeys(needs.remarks))
    for each in needs.guesses:
        sure.remark(str(each.source), f"{each} is only guessed, and stays closed: {each.evidence[0].text}")
    return sure

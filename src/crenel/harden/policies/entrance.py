"""Hardens a `Network`, and makes the one that comes of it."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.flows.observed import Observed
from crenel.harden.needs.gather import Sources
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies import harden as whole
from crenel.harden.policies.harden import Hardening, Wishes
from crenel.intents import Intents
from crenel.library import Network


def harden(
    net: Network,
    wishes: Wishes | None = None,
    *,
    intents: Intents | None = None,
    observed: Sequence[Observed] = (),
    api_server: Sequence[str] = (),
    resolving: Resolving = Resolving.NEEDED,
    guess: bool = True,
) -> Hardening:
    """The policies that allow what an application needs and nothing else, proved on the model.

    Needs come from the input, from `intents` (those beside the input where None) and from what was `observed`.
    `api_server` are its addresses, with a port or without; `resolving` says who may ask for names; without `guess` what
    is only likely stays closed. ``net.proxies`` tell who serves a proxy that cannot be found.

    Raises:
        ValueError: an address of the API server is none.
    """
    statements = net.declared if intents is None else intents
    sources = Sources(
        net.documents, net.default_namespace, statements, observed, net.proxies, api_server, resolving, guess
    )
    return whole.harden(net.given, sources, wishes)


def unhardened(net: Network) -> Network:
    """A network without what earlier hardenings wrote."""
    ours = whole.earlier(net.given)
    return net.with_documents((), ours) if ours else net


def hardened(net: Network, hardening: Hardening) -> Network:
    """A network with what a hardening wrote, in the place of what an earlier one did."""
    return net.with_documents(hardening.documents, whole.outdated(net.given, hardening))

"""From the command line to what `crenel.harden.whole` is asked for."""

import argparse
from datetime import timedelta
from typing import TYPE_CHECKING

from crenel.audit.settings import Settings
from crenel.harden import services
from crenel.harden.infrastructure import Given
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies.harden import Wishes
from crenel.harden.policies.names import Kind
from crenel.harden.whole import Order
from crenel.intents import Intents
from crenel.network.addresses import AddressSet

if TYPE_CHECKING:
    from crenel.flows.observed import Observations


def order(args: argparse.Namespace, intents: Intents, observed: "Observations | None", settings: Settings) -> Order:
    """All that is asked for."""
    rows = observed.rows if observed is not None else ()
    return Order(
        policies=Wishes(tuple(args.namespace), args.guardrails, _naming(args.names), args.tighten),
        services=_services(args, intents, observed, settings) if args.services or args.tls else None,
        platforms=tuple(args.infrastructure),
        given=_given(args),
        in_place=args.write,
        intents=intents,
        observed=rows,
        api_server=tuple(args.api_server),
        resolving=Resolving(args.dns),
        guess=not args.no_guesses,
    )


def _naming(word: str | bool | None) -> Kind | bool:
    return Kind(word) if isinstance(word, str) else bool(word)


def _services(
    args: argparse.Namespace, intents: Intents, observed: "Observations | None", settings: Settings
) -> services.Wishes:
    return services.Wishes(
        intents=intents,
        observed=observed.rows if observed is not None else (),
        settings=settings,
        services=args.services,
        tls=args.tls,
        mesh_policies=args.mesh_policies,
        guess=not args.no_guesses,
        api_server=tuple(args.api_server),
        confirmed=tuple(args.confirm),
        internal=AddressSet.of(*args.internal),
        least=timedelta(days=args.observed_days),
        issuer=args.issuer or args.cluster_issuer or "",
        cluster_issuer=not args.issuer,
    )


def _given(args: argparse.Namespace) -> Given:
    return Given(
        tuple(args.api_server),
        AddressSet.of(*args.administrators),
        AddressSet.of(*args.registries),
        AddressSet.of(*args.resolvers),
        AddressSet.of(*args.clocks),
    )

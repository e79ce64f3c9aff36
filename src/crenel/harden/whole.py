"""All of a hardening, each part derived from what the one before leaves: Services and TLS, policies, infrastructure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from crenel.flows.observed import Observed
from crenel.harden import infrastructure, services
from crenel.harden.infrastructure import Given, Proof, Wanted
from crenel.harden.infrastructure import Written as Rules
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies import entrance, files
from crenel.harden.policies.harden import Hardening
from crenel.harden.policies.harden import Wishes as PolicyWishes
from crenel.harden.policies.model import Written
from crenel.harden.policies.text import MARK
from crenel.harden.services.rewriting import rewritten
from crenel.intents import Intents
from crenel.library import Network
from crenel.sources.walk import ASIDE

_ASIDE = f"{MARK}\n# What is here changes an input, or is none: crenel reads this folder only where it is named.\n"


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. Without `services` no Service is changed, without `platforms` no rule is written."""

    policies: PolicyWishes = field(default_factory=PolicyWishes)
    services: services.Wishes | None = None
    platforms: tuple[str, ...] = ()
    given: Given = field(default_factory=Given)
    in_place: bool = False
    """Changes of Services and TLS go into the user's own files, where these can say them."""
    intents: Intents = field(default_factory=Intents)
    observed: Sequence[Observed] = ()
    api_server: tuple[str, ...] = ()
    resolving: Resolving = Resolving.NEEDED
    guess: bool = True


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules for one platform, with the proof of each form that can be read back."""

    written: Rules
    proofs: tuple[Proof, ...]

    @property
    def holds(self) -> bool:
        """Whether every form says just what is meant."""
        return all(each.holds for each in self.proofs)


@dataclass(frozen=True, slots=True)
class Whole:
    """All of it. `wanted` is what the rule sets let through, None where none was asked for."""

    hardening: Hardening
    after: Network
    """The network with everything that is written."""
    files: tuple[Written, ...]
    """Everything that is written into the folder, by path."""
    plan: services.Plan | None = None
    wanted: Wanted | None = None
    rules: tuple[RuleSet, ...] = ()

    @property
    def proved(self) -> bool:
        """Whether every part is; changes of Services that could not be proved are in none."""
        return self.hardening.proved and all(each.holds for each in self.rules)

    @property
    def objections(self) -> Iterator[str]:
        """What speaks against the rules for the infrastructure."""
        if self.wanted is not None and not any(each.members for each in self.wanted.groups):
            yield "no rules for the infrastructure: no node of the input has an interface or an address"
        for each in self.rules:
            platform = each.written.platform
            yield from (f"{platform}: {unfit}" for unfit in each.written.unfit)
            for proof in each.proofs:
                yield from (f"{platform}, {proof.form} is not what is meant: {wrong}" for wrong in proof.differences)
                yield from (f"{platform}, {proof.form} cannot be read back: {wrong}" for wrong in proof.problems)


def harden(network: Network, order: Order) -> Whole:
    """Do all that is asked for; nothing is written.

    Raises:
        ValueError: an address of the API server is none.
    """
    network = network if order.services is None else entrance.unhardened(network)
    plan = _planned(network, order)
    hardening = entrance.harden(
        before := _changed(network, order, plan),
        order.policies,
        intents=order.intents,
        observed=order.observed,
        api_server=order.api_server,
        resolving=order.resolving,
        guess=order.guess,
    )
    after = entrance.hardened(before, hardening)
    wanted = infrastructure.wanted(after, order.given) if order.platforms else None
    rules = tuple(_rules(wanted, order.platforms)) if wanted is not None else ()
    component = plan.component if plan is not None else {}
    return Whole(hardening, after, tuple(_files(hardening, component, rules)), plan, wanted, rules)


def _planned(network: Network, order: Order) -> services.Plan | None:
    if order.services is None:
        return None
    found = services.plan(network, order.services)
    return services.in_place(network, found) if order.in_place else found


def _changed(network: Network, order: Order, plan: services.Plan | None) -> Network:
    """The network with the changes of a plan; places of evidence are those that its reader will have."""
    if plan is None or not plan.made:
        return network
    return plan.after if order.in_place else rewritten(network, plan.made)


def _rules(wanted: Wanted, platforms: Sequence[str]) -> Iterator[RuleSet]:
    if not any(each.members for each in wanted.groups):
        return
    for platform in dict.fromkeys(platforms):
        written = infrastructure.write(wanted, platform)
        yield RuleSet(written, tuple(infrastructure.prove(written)))


def _files(hardening: Hardening, component: dict[str, str], rules: Sequence[RuleSet]) -> Iterator[Written]:
    """The files of all parts: one folder each, and those but the policies set aside."""
    policies = hardening.files if hardening.namespaces else ()
    found = [Written(f"policies/{each.path}", each.text, each.policies) for each in policies]
    found += [Written(f"services/{name}", text) for name, text in component.items()]
    for each in rules:
        folder = f"infrastructure/{each.written.platform}"
        found += [Written(f"{folder}/{name}", text) for name, text in each.written.files.items()]
    asides = (("services", component), ("infrastructure", rules))
    found += [Written(f"{part}/{ASIDE}", _ASIDE) for part, content in asides if content]
    yield from found
    yield from files.sums(found)

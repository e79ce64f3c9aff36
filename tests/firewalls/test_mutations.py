"""The proof notices every mistake in the compiled rules that matters to a packet, and no other.

Which ones matter is decided by the naive interpreter of rulesets. Ordinary runs take a part of the catalogue, always
the same; with HYPOTHESIS_PROFILE=soak it is the whole of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from crenel.enforce.hooks import Sight
from crenel.enforce.ruleset import Ruleset
from crenel.lab.wire.router import Router
from crenel.network.addresses import Family
from crenel.network.firewalls import Infrastructure
from crenel.network.wire import wire
from firewalls.proof import Proof
from firewalls.reading import became
from firewalls.strategies import SOAK
from firewalls.worlds import ACLS, EGRESS, GROUPS, HOST, LOOSE_GROUPS, NSG, A, B, C
from kernel.needs import needs_namespaces
from lab.mutations import Mutant, mutants

pytestmark = needs_namespaces

MOST = 10**6 if SOAK else 6
"""How many mutants of each world are tried, about."""
FATES = "the model says"
"""What is in the line of a probe that becomes something else, and not in that of one that others drop."""

WORLDS = {
    "stateful": Infrastructure([A, B], [EGRESS, NSG]),
    "stateless": Infrastructure([A, B], [LOOSE_GROUPS, *ACLS]),
    "replies": Infrastructure([A, C], HOST),
    "union": Infrastructure([A, B, C], [GROUPS]),
}


@pytest.mark.parametrize("made", WORLDS.values(), ids=WORLDS)
def test_the_proof_notices_every_mistake(made: Infrastructure) -> None:
    """With each mutant, just those probes differ from the model whose fate the mutant changes."""
    noticed = 0
    with Router(wire(made)) as router:
        proof = Proof(router)
        assert proof.run().wrong == []
        for sight, mutant in sampled(list(catalogue(router))):
            changed = changes(proof, sight, mutant.ruleset)
            wrong = [each for each in proof.run_with([mutant.ruleset]).wrong if FATES in each]
            assert len(wrong) == changed, f"{mutant.kind}, {mutant.what}: {wrong[:3]}"
            noticed += changed > 0
        assert proof.run().wrong == []
    assert noticed >= 3


def catalogue(router: Router) -> Iterator[tuple[Sight, Mutant]]:
    """Every mutant of every table."""
    strangers: dict[Family, list[int]] = {4: [], 6: []}
    for each in router.wire.infrastructure.interfaces:
        for family in each.addresses.families():
            strangers[family] += [low for low, _ in each.addresses.ranges(family)]
    for sight, ruleset in router.rulesets.items():
        yield from ((sight, mutant) for mutant in mutants(ruleset, strangers))


def sampled(found: Sequence[tuple[Sight, Mutant]]) -> list[tuple[Sight, Mutant]]:
    """Mutants at equal distances in the catalogue ordered by what is wrong."""
    ordered = sorted(found, key=lambda each: (each[1].kind, each[0].value))
    return ordered[:: max(1, len(ordered) // MOST)]


def changes(proof: Proof, sight: Sight, mutant: Ruleset) -> int:
    """How many probes become something else."""
    mutated = {**proof.router.rulesets, sight: mutant}
    return sum(became(mutated, probe) != expected.fate for probe, expected in proof.foretelling.probes)

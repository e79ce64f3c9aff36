"""The whole of it: needs, policies, their proof, and what a reader has to know before they land."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from crenel.dialects.model import Input, enforcement_of
from crenel.dialects.understood import is_certain
from crenel.harden.needs.declared import Conflict
from crenel.harden.needs.existing import by_name
from crenel.harden.needs.gather import Sources, gather
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import End, Need, Needs, Pods
from crenel.harden.policies import byname, files, guardrails
from crenel.harden.policies.cutting import Cut, cuts
from crenel.harden.policies.draft import draft, hardened
from crenel.harden.policies.kept import Kept, denies_all, with_policies, without_ours
from crenel.harden.policies.model import Left, Written
from crenel.harden.policies.names import Kind, Naming, chosen, plan
from crenel.harden.policies.open import doubts, opened
from crenel.harden.policies.proof import Proof, documents_of, prove
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy, NetworkPolicy
from crenel.provenance import Problem
from crenel.sources.document import Document

_LATER = f"its priority is {guardrails.FIRST} or more, so that guardrails would come before it and pass it by"

_FORGOTTEN = "and nothing else speaks of it: declare it, or the next run, when that policy is gone, closes it"

_FOREIGN, _BESIDE = "what it allows and denies", "its kind is not understood: it holds beside what is written"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What shall be written. No `namespaces` are all but the cluster's own."""

    namespaces: Sequence[str] = ()
    guardrails: bool = False
    names: Kind | bool = False
    """Egress by DNS name, as policies of some kind; True for the one that the input shows to be enforced."""
    tighten: bool = False
    """NetworkPolicies of the input give way to narrower ones; what says that they go is written beside."""


@dataclass(frozen=True, slots=True)
class Hardening:
    """What was written and why, and what remains to be said."""

    namespaces: tuple[str, ...]
    needs: Needs
    files: tuple[Written, ...]
    """All files by their paths, the kustomization last."""
    proof: Proof
    ground: Ground
    cut: tuple[Cut, ...] = ()
    open: tuple[Left, ...] = ()
    """What is open beyond the needs, or wider than they are, and why."""
    left: tuple[Left, ...] = ()
    """Needs, and differences between workloads, that policies cannot express."""
    kept: tuple[Left, ...] = ()
    """The policies of the input, which stay."""
    conflicts: tuple[Conflict, ...] = ()
    problems: tuple[Problem, ...] = ()
    gone: tuple[NetworkPolicy, ...] = ()
    """The policies of the input that give way."""

    @property
    def documents(self) -> list[Document]:
        """The policies as our loader reads them."""
        return documents_of(each for each in self.files if PurePosixPath(each.path).name != files.INDEX)[0]

    @property
    def proved(self) -> bool:
        """Whether all needs are allowed and what was written was read back without a mistake."""
        return not self.proof.missing and not self.proof.problems


def harden(given: Input, sources: Sources, wishes: Wishes | None = None) -> Hardening:
    """Harden an input; what an earlier run wrote of it is as if it were not there.

    Raises:
        ValueError: an address of the API server is none.
    """
    wishes = wishes or Wishes()
    found = gather(_understood(own := without_ours(given)), sources)
    ground, needs = found.ground, found.needs.needs
    namespaces = hardened(ground, wishes.namespaces)
    blocked = [Left(title, "no ClusterNetworkPolicy was written", _LATER) for title in guardrails.in_the_way(ground)]
    stays, goes = _parted(ground, namespaces, wishes)
    kept = Kept(ground, needs, stays)
    naming, unsure = _naming(wishes, own, ground, needs, namespaces, kept, blocked)
    drafted = draft(ground, needs, namespaces, kept, naming)
    made = list(files.of_policies(drafted.policies))
    if naming is not None:
        made += byname.files(ground, naming)
    if wishes.guardrails and namespaces and not blocked:
        made += guardrails.guardrails(ground, needs, namespaces)
    proof = prove(ground.model.given, with_policies(ground.model.given, stays), made, needs, namespaces)
    made += [files.index(made), *([files.removal(goes)] if goes else [])]
    return Hardening(
        namespaces,
        _near(found.needs, ground, namespaces),
        tuple(made),
        proof,
        ground,
        tuple(cuts(proof, needs, namespaces)),
        (*drafted.open, *opened(proof, ground)),
        (
            *drafted.left,
            *unsure,
            *_forgotten(needs, goes),
            *doubts(proof, ground),
            *(Left(each.title, _FOREIGN, _BESIDE, each.origin) for each in _beside(own)),
            *(blocked if wishes.guardrails else ()),
        ),
        (*drafted.kept, *map(_gone, goes)),
        found.conflicts,
        found.problems,
        tuple(goes),
    )


def _naming(
    wishes: Wishes,
    given: Input,
    ground: Ground,
    needs: Sequence[Need],
    namespaces: Sequence[str],
    kept: Kept,
    blocked: Sequence[Left],
) -> tuple[Naming | None, list[Left]]:
    """What is said by name, None for nothing; and what is not certain of that."""
    if not wishes.names:
        return None, []
    kind, unsure = chosen(wishes.names, enforcement_of(given.decoded), given.decoded)
    if kind is Kind.CLUSTER and blocked:
        return None, list(blocked)
    naming = plan(kind, ground, needs, namespaces, kept)
    return naming, [*(unsure if naming.names else ()), *naming.left]


def _understood(given: Input) -> Input:
    """An input without policies of kinds that are not understood: no proof could be made beside them."""
    certain = [each for each in given.decoded.foreign_policies if is_certain(each)]
    return replace(given, decoded=replace(given.decoded, foreign_policies=certain))


def _beside(given: Input) -> list[ForeignPolicy]:
    return [each for each in given.decoded.foreign_policies if not is_certain(each)]


def _near(needs: Needs, ground: Ground, namespaces: Sequence[str]) -> Needs:
    """The needs that have an end in the hardened namespaces, and what is not known about these."""
    others = {pods.namespace for pods in ground.owners} - set(namespaces)

    def is_near(subject: str) -> bool:
        return subject.partition("/")[0] in namespaces if "/" in subject else subject not in others

    return Needs(
        tuple(need for need in needs.needs if _inside(need.source, namespaces) or _inside(need.target, namespaces)),
        tuple(each for each in needs.remarks if is_near(each.subject)),
    )


def _inside(end: End, namespaces: Sequence[str]) -> bool:
    return isinstance(end, Pods) and end.namespace in namespaces


def _parted(
    ground: Ground, namespaces: Sequence[str], wishes: Wishes
) -> tuple[list[NetworkPolicy], list[NetworkPolicy]]:
    """The NetworkPolicies of the input that stay, and those that give way."""
    policies = ground.decoded.network_policies
    goes = [each for each in policies if wishes.tighten and each.namespace in namespaces and not denies_all(each)]
    return [each for each in policies if each not in goes], goes


def _gone(policy: NetworkPolicy) -> Left:
    why = "narrower ones take its place: delete it, or use the component in the folder policies/tighten"
    return Left(policy.title, "gives way", why, policy.origin)


def _forgotten(needs: Sequence[Need], goes: Sequence[NetworkPolicy]) -> Iterator[Left]:
    """The needs that nothing speaks for but policies that give way: without these a later run does not know them."""
    titles = {by_name(policy) for policy in goes}
    for need in needs:
        texts = dict.fromkeys(each.text for each in need.evidence)
        if titles.issuperset(texts):
            yield Left(str(need), str(need), f"{', '.join(texts)}, {_FORGOTTEN}")


def outdated(given: Input, hardening: Hardening) -> list[str]:
    """What earlier runs wrote and this one does not, as ``KIND/NAMESPACE/NAME``."""
    fresh = {_key(document.data) for document in hardening.documents}
    named = [*_ours(given), *((each.kind, each.namespace, each.name) for each in hardening.gone)]
    return ["/".join(filter(None, each)) for each in named if each not in fresh]


def earlier(given: Input) -> list[str]:
    """All that earlier runs wrote, as ``KIND/NAMESPACE/NAME``."""
    return ["/".join(filter(None, each)) for each in _ours(given)]


def _ours(given: Input) -> list[tuple[str, str, str]]:
    left = without_ours(given).decoded
    kept = {id(each) for each in (*left.network_policies, *left.admin_policies, *left.foreign_policies)}
    every: tuple[NetworkPolicy | AdminPolicy | ForeignPolicy, ...]
    every = (*given.decoded.network_policies, *given.decoded.admin_policies, *given.decoded.foreign_policies)
    return [(each.kind, each.namespace, each.name) for each in every if id(each) not in kept]


def _key(data: dict[str, Any]) -> tuple[str, str, str]:
    metadata = data["metadata"]
    return data["kind"], metadata.get("namespace", ""), metadata["name"]

"""From the neutral network to the ruleset of one node.

Stages become chains in the order of the model. Each stage begins with a verdict map from the address of a subject to
its *profile*: the chain of all subjects that the same policies guard. A profile jumps to the chain of each policy in
turn. What no rule decides goes on to the next stage or, in a stage that isolates, is dropped by the profile, under an
id that names all of the policies that isolate. After the last stage it is accepted.

*Allow* is ``accept``, which ends the base chain of its own direction only. *Next* is ``goto`` the following stage;
since that always ends in a verdict, nobody comes back from there. So rules are compiled one by one and need no packet
mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crenel.bits import union
from crenel.enforce.hooks import REVOKED, Marks, Sight, hooks, site_sets
from crenel.enforce.names import comment, digest, identifier
from crenel.enforce.rules import RuleCompiler, chain_name
from crenel.enforce.ruleset import (
    Accept,
    Chain,
    Denial,
    Dispatch,
    Drop,
    Goto,
    Jump,
    LocalOrigin,
    Rule,
    Ruleset,
    Side,
    Verdict,
    VerdictMap,
)
from crenel.enforce.sets import SetBook
from crenel.enforce.site import Site
from crenel.enforce.text import drop_text
from crenel.network.addresses import FAMILIES, AddressSet
from crenel.network.endpoints import Endpoint, Kind
from crenel.network.network import Network
from crenel.network.rules import Action, Direction, Policy, Stage
from crenel.network.rules import Rule as NeutralRule

TABLE = "crenel"
_SUBJECT = {Direction.EGRESS: Side.SOURCE, Direction.INGRESS: Side.DESTINATION}


def compile_node(
    network: Network,
    site: Site,
    *,
    marks: Marks | None = None,
    resolved: Mapping[str, AddressSet] | None = None,
    table: str = TABLE,
) -> Ruleset:
    """Compile what one node enforces: the rules that guard the pods of `site`.

    `resolved` has the addresses that DNS names are known by. Needs a network whose endpoints have their addresses;
    what has none is left out of every set.
    """
    marks, stages = marks or Marks(), network.blueprint.stages
    return _Compilation(network.endpoints, stages, site, marks, resolved or {}, table, Sight.FIRST).ruleset()


def compile_stages(
    endpoints: Mapping[int, Endpoint], stages: Sequence[Stage], site: Site, *, marks: Marks, table: str, sight: Sight
) -> Ruleset:
    """Compile some stages for the packets that they judge."""
    return _Compilation(endpoints, stages, site, marks, {}, table, sight).ruleset()


@dataclass(slots=True)
class _Compilation:
    endpoints: Mapping[int, Endpoint]
    stages: Sequence[Stage]
    site: Site
    marks: Marks
    resolved: Mapping[str, AddressSet]
    table: str
    sight: Sight
    book: SetBook = field(init=False)
    rules: RuleCompiler = field(init=False)
    chains: dict[str, Chain] = field(default_factory=dict)
    counters: dict[str, str] = field(default_factory=dict)
    denials: dict[str, Denial] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    titles: dict[Policy, str] = field(default_factory=dict)
    """What tells the policies of one direction apart: the title, and a number where several have it."""

    def __post_init__(self) -> None:
        self.book = SetBook(self.endpoints, self.resolved)
        pods = union(index for index, each in self.endpoints.items() if each.kind is Kind.WORKLOAD and not each.hosted)
        self.rules = RuleCompiler(self.book, pods)

    def ruleset(self) -> Ruleset:
        for direction in Direction:
            self._direction(direction)
        spoofed = self._denial(Denial(None, ()))
        self.counters[REVOKED] = "packets of connections that are no longer allowed"
        sets = {**self.book.sets, **site_sets(self.site)}
        return Ruleset(
            table=self.table,
            sets=sets,
            counters=self.counters,
            chains=self.chains,
            hooks=tuple(hooks(self.marks, drop_text(spoofed, self.marks.log_group), self.sight)),
            denials=self.denials,
            log_group=self.marks.log_group,
            doubts=tuple(self.doubts),
        )

    def _direction(self, direction: Direction) -> None:
        stages = [stage for stage in self.stages if stage.direction is direction]
        policies = [policy for stage in stages for rank in stage.ranks for policy in rank]
        self.titles = dict(zip(policies, _numbered(policy.title for policy in policies), strict=True))
        guarded = [(stage, profiles) for stage in stages if (profiles := self._profiles(stage))]
        names = [identifier(direction.value, name) for name in _numbered(stage.name for stage, _ in guarded)]
        following = [*names[1:], ""] if names else []
        entry = (Rule((), Goto(names[0])),) if names else ()
        self.chains[direction.value] = Chain(direction.value, entry, f"{direction.value} of the pods on this node")
        for (stage, profiles), name, after in zip(guarded, names, following, strict=True):
            self._stage(stage, profiles, name, Goto(after) if after else Accept())

    def _profiles(self, stage: Stage) -> dict[tuple[Policy, ...], list[int]]:
        """The numbers of the site's pods by the policies of a stage that guard them, by rank and title."""
        found: dict[tuple[Policy, ...], list[int]] = {}
        ordered = [policy for rank in stage.ranks for policy in sorted(rank, key=lambda each: each.title)]
        for number, pod in enumerate(self.site.pods):
            policies = tuple(each for each in ordered if (each.subjects | each.possible) >> pod.endpoint & 1)
            if policies:
                found.setdefault(policies, []).append(number)
        return found

    def _stage(self, stage: Stage, profiles: Mapping[tuple[Policy, ...], list[int]], name: str, after: Verdict) -> None:
        chain_of: dict[int, str] = {}
        for policies, pods in profiles.items():
            profile = identifier("profile", name, digest(tuple(self.titles[policy] for policy in policies)))
            self._profile(profile, stage, policies, after)
            chain_of |= dict.fromkeys(pods, profile)
        side = _SUBJECT[stage.direction]
        dispatch: list[Rule] = []
        for family in FAMILIES:
            known = identifier(name, "subjects", f"v{family}")
            elements = frozenset(
                (value, chain)
                for number, chain in chain_of.items()
                for low, high in self.site.pods[number].addresses.ranges(family)
                for value in range(low, high + 1)
            )
            if elements:
                self.book.sets[known] = VerdictMap(known, family, elements)
                dispatch.append(Rule((), Dispatch(side, family, known)))
        self.chains[name] = Chain(name, (*dispatch, Rule((), after)), f"the stage {stage.name}")

    def _profile(self, name: str, stage: Stage, policies: Sequence[Policy], after: Verdict) -> None:
        lines: list[Rule] = []
        if stage.local_exempt and stage.direction is Direction.INGRESS and stage.isolating:
            lines.append(Rule((LocalOrigin(),), Accept()))
        for policy in policies:
            chain = self._policy(policy, stage, after)
            if self.chains[chain].rules:
                lines.append(Rule((), Jump(chain)))
        lines.append(Rule((), after if not stage.isolating else self._isolation(stage, policies)))
        self.chains[name] = Chain(name, tuple(lines), comment(", ".join(policy.title for policy in policies)))

    def _isolation(self, stage: Stage, policies: Sequence[Policy]) -> Drop:
        titles = tuple(policy.title for policy in policies)
        return Drop(self._denial(Denial(stage.direction, titles, isolation=True)))

    def _denial(self, denial: Denial) -> str:
        name = identifier("denied", digest(denial.direction, denial.policies, denial.isolation))
        self.denials[name] = denial
        self.counters[name] = comment(", ".join(denial.policies) or "a source that is not the pod's")
        return name

    def _policy(self, policy: Policy, stage: Stage, after: Verdict) -> str:
        name = chain_name(stage.direction, self.titles[policy])
        if name not in self.chains:
            self.chains[name] = Chain(name, tuple(self._rules(policy, stage, name, after)), comment(policy.title))
        return name

    def _rules(self, policy: Policy, stage: Stage, chain: str, after: Verdict) -> Iterator[Rule]:
        for number, rule in enumerate(policy.rules):
            if rule.action in (Action.MAY_DENY, Action.MAY_DECIDE):
                self.doubts[f"{policy.title} is not understood, so it is not enforced"] = None
                continue
            if rule.peers.doubt is not None:
                self.doubts[f"{policy.title}: a rule is left out, for it depends on {rule.peers.doubt.what}"] = None
                continue
            verdict = self._verdict(rule, policy, stage, after)
            counter = "" if isinstance(verdict, Drop) else identifier(chain, rule.action.name.lower())
            if counter:
                self.counters[counter] = comment(f"{policy.title} {rule.action.name.lower()}s")
            role = identifier(chain, str(number))
            text = comment(f"{policy.title} {stage.direction.value} rule {number + 1}")
            yield from self.rules.compile(rule, stage.direction, role, verdict, counter, text)

    def _verdict(self, rule: NeutralRule, policy: Policy, stage: Stage, after: Verdict) -> Verdict:
        if rule.action is Action.ALLOW:
            return Accept()
        if rule.action is Action.NEXT:
            return after
        return Drop(self._denial(Denial(stage.direction, (policy.title,))))


def _numbered(names: Iterable[str]) -> Iterator[str]:
    """The names, each but the first of several that are the same with its number."""
    seen: Counter[str] = Counter()
    for name in names:
        seen[name] += 1
        yield name if seen[name] == 1 else f"{name} #{seen[name]}"

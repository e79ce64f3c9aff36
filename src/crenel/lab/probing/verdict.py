"""Where the kernel and the model agree, and where they do not.

They agree on a probe when both let it through, or both deny it for the same direction; and when a drop names policies
that guard the pod in that direction. A packet of which nothing was seen agrees with nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

from crenel.enforce.ruleset import Denial, Ruleset
from crenel.lab.probing.observations import Fate, Observation
from crenel.lab.probing.probes import Candidate, Probe
from crenel.lab.tls.findings import TLS
from crenel.lab.twin.dataplane import OUT_OF_RANGE, UNSERVED
from crenel.network.addresses import address_text
from crenel.network.network import Network
from crenel.network.rules import Direction

_SERVICE = {
    UNSERVED: "the Service has no backend that may serve it",
    OUT_OF_RANGE: "loadBalancerSourceRanges of the Service",
}
_NOTHING_SEEN = "neither an answer nor a logged drop was seen"


@dataclass(frozen=True, slots=True)
class Result:
    """One probe with both answers. `why` says in words how they differ; empty where they agree."""

    probe: Probe
    model: bool
    kernel: Fate
    policies: tuple[str, ...] = ()
    """The policies that the drop names, or what of a Service refused it."""
    candidate: Candidate | None = None
    """The end that it arrived at, or was for."""
    why: str = ""
    model_trace: tuple[str, ...] = ()
    kernel_trace: tuple[str, ...] = ()
    """For a disagreement: how each came to its answer, step by step."""


@dataclass(frozen=True, slots=True)
class Report:
    """All results of a run, and what was not tried."""

    results: Sequence[Result]
    undecided: int = 0
    """How many probes the model cannot foretell; they were not sent."""
    unprobed: Sequence[str] = ()
    """Blocks of addresses that no host outside can have."""
    notes: Sequence[str] = ()
    seconds: float = 0.0
    """How long the probing took."""
    drops: Counter[str] = field(default_factory=Counter)
    """How many probes each policy, or set of isolating policies, dropped."""
    tls: TLS | None = None
    """What was found out about TLS, in a lab that serves it."""

    @property
    def disagreements(self) -> list[Result]:
        """Where the answers differ."""
        return [result for result in self.results if result.why]


class Judge:
    """Compares observations with what the model said."""

    def __init__(self, network: Network, rulesets: Iterable[Ruleset]) -> None:
        self._denials: dict[str, Denial] = {}
        for ruleset in rulesets:
            self._denials |= ruleset.denials
        self._guards = _guards(network)

    def judge(self, probe: Probe, seen: Observation) -> Result:
        """Compare one."""
        candidate = _met(probe, seen)
        expected = self._expected(probe, candidate)
        if seen.fate is Fate.LOST:
            return Result(probe, expected, seen.fate, candidate=candidate, why=_NOTHING_SEEN)
        if seen.fate is Fate.ARRIVED:
            return Result(
                probe, expected, seen.fate, candidate=candidate, why=_misled(probe, seen, candidate, expected)
            )
        if seen.log in _SERVICE:
            why = "" if seen.log == probe.refused else f"{_SERVICE[seen.log]}, which it should not"
            return Result(probe, expected, seen.fate, (_SERVICE[seen.log],), candidate, why)
        denial = self._denials.get(seen.log)
        if denial is None:
            return Result(probe, expected, seen.fate, (), candidate, f"dropped under an unknown name, {seen.log!r}")
        why = "the model allows it" if expected else self._misattributed(denial, candidate)
        return Result(probe, expected, seen.fate, denial.policies, candidate, why)

    def _expected(self, probe: Probe, candidate: Candidate | None) -> bool:
        if candidate is not None:
            return bool(candidate.expected.allowed)
        return any(each.expected.allowed for each in probe.candidates)

    def _misattributed(self, denial: Denial, candidate: Candidate | None) -> str:
        if denial.direction is None:
            return "dropped because its source is not the pod's own"
        if candidate is None:
            return "dropped on the way to somebody who is no backend"
        if denial.direction not in candidate.expected.denied_by:
            denied_by = " and ".join(each.value for each in candidate.expected.denied_by)
            return f"dropped on {denial.direction.value}, while the model denies on {denied_by}"
        subject = candidate.source if denial.direction is Direction.EGRESS else candidate.destination
        strange = [
            title for title in denial.policies if not self._guards.get((denial.direction, title), 0) >> subject & 1
        ]
        return f"dropped by {strange[0]}, which does not guard it" if strange else ""


def _guards(network: Network) -> Mapping[tuple[Direction, str], int]:
    found: dict[tuple[Direction, str], int] = {}
    for stage in network.blueprint.stages:
        for policy in (policy for rank in stage.ranks for policy in rank):
            found[stage.direction, policy.title] = policy.subjects | policy.possible
    return found


def _met(probe: Probe, seen: Observation) -> Candidate | None:
    """The end that a probe arrived at, or was on its way to when it was dropped."""
    if probe.direct:
        return probe.candidates[0]
    for candidate in probe.candidates:
        if seen.target == (int(ip_address(candidate.address)), candidate.port):
            return candidate
    # A refusal does not say whose it is; that matters only if the model tells the backends apart.
    one = {each.expected.allowed for each in probe.candidates}
    return probe.candidates[0] if len(one) == 1 and seen.target is None else None


def _misled(probe: Probe, seen: Observation, candidate: Candidate | None, expected: bool) -> str:
    if probe.refused:
        return f"it arrived{_at(probe, seen)}, although {_SERVICE[probe.refused]}"
    if candidate is None and seen.target is not None:
        return f"it arrived{_at(probe, seen)}, which is no backend"
    return "" if expected else "the model denies it"


def _at(probe: Probe, seen: Observation) -> str:
    if seen.target is None:
        return ""
    address, port = seen.target
    return f" at {address_text(probe.source.family, address)} port {port}"


def report(
    judge: Judge, probes: Sequence[Probe], seen: Sequence[Observation], *, undecided: int, unprobed: Sequence[str],
    notes: Sequence[str], seconds: float,
) -> Report:  # fmt: skip
    """Compare all."""
    results = [judge.judge(probe, each) for probe, each in zip(probes, seen, strict=True)]
    drops: Counter[str] = Counter(
        ", ".join(result.policies) for result in results if result.kernel is Fate.DROPPED and result.policies
    )
    return Report(results, undecided, unprobed, notes, seconds, drops)

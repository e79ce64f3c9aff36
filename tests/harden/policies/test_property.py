"""For random clusters and random needs: what is written, read back, allows exactly what policies can express."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies import entrance
from crenel.harden.policies.harden import Hardening, Wishes
from crenel.intents import read
from crenel.library import Network
from crenel.provenance import Origin
from harden.pieces import Object, workload

NAMESPACES = ("a", "b")
PORTS = ("80", "81", "53/UDP", "9000-9010")
ASKED = {"80": "TCP/80", "81": "TCP/81", "53/UDP": "UDP/53", "9000-9010": "TCP/9005"}
OTHER = "TCP/7777"
OUTSIDE = ("203.0.113.0/24", "198.51.100.7/32")
PROBED = {"203.0.113.0/24": "203.0.113.9", "198.51.100.7/32": "198.51.100.7"}
STRANGER = "192.0.2.1"


@dataclass(frozen=True)
class Pods:
    """One workload of a random cluster."""

    name: str
    namespace: str
    labels: tuple[tuple[str, str], ...]
    hosted: bool

    @property
    def place(self) -> str:
        return f"{self.namespace}/{self.name}"

    def alike(self, other: Pods) -> bool:
        """Whether policies cannot tell them apart."""
        return (self.namespace, self.labels, self.hosted) == (other.namespace, other.labels, other.hosted)


@dataclass(frozen=True)
class Case:
    """A cluster, and who needs whom on which port; an end is the number of a workload, or addresses."""

    pods: tuple[Pods, ...]
    needs: tuple[tuple[int | str, int | str, str], ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Small clusters in which labels are often the same, or some of another's."""
    count = draw(st.integers(2, 5))
    pods = []
    for number in range(count):
        labels = {"app": draw(st.sampled_from(("x", "y", "z")))}
        if draw(st.booleans()):
            labels["tier"] = draw(st.sampled_from(("1", "2")))
        if draw(st.booleans()):
            labels["version"] = draw(st.sampled_from(("v1", "v2")))
        namespace, hosted = draw(st.sampled_from(NAMESPACES)), draw(st.integers(0, 9)) == 0
        pods.append(Pods(f"w{number}", namespace, tuple(sorted(labels.items())), hosted))
    ends = st.integers(0, count - 1)
    need = st.one_of(
        st.tuples(ends, ends, st.sampled_from(PORTS)),
        st.tuples(st.sampled_from(OUTSIDE), ends, st.sampled_from(PORTS)),
        st.tuples(ends, st.sampled_from(OUTSIDE), st.sampled_from(PORTS)),
    )
    needs = draw(st.lists(need, max_size=6, unique=True))
    return Case(tuple(pods), tuple(each for each in needs if each[0] != each[1]))


def objects(case: Case) -> list[Object]:
    """The cluster as manifests."""
    return [
        workload(each.name, each.namespace, labels=dict(each.labels), spec={"hostNetwork": True} if each.hosted else {})
        for each in case.pods
    ]


def intents(case: Case) -> object:
    """The needs as statements."""

    def written(end: int | str, port: str = "") -> str:
        text = case.pods[end].place if isinstance(end, int) else end
        return f"{text}:{port}" if port else text

    statements = [{"allow": {"from": written(s), "to": written(t, port)}} for s, t, port in case.needs]
    return {"schema": "crenel/intents/v1", "intents": statements}


def network(case: Case) -> Network:
    """The cluster, whose pods have addresses of their own."""
    return crenel.load(objects(case), pod_cidrs=["10.0.0.0/8"])


def hardened(case: Case, net: Network, *, guardrails: bool) -> Hardening:
    """What is written for it, without names being asked for."""
    declared = read([(intents(case), Origin("crenel.yaml"))])
    assert not declared.problems
    return entrance.harden(net, Wishes(guardrails=guardrails), intents=declared, resolving=Resolving.NONE)


def expected(case: Case, source: int | str, target: int | str, port: str) -> bool | None:
    """Whether a connection is needed, by somebody like the source of somebody like the target; None: no policy says."""
    ends = [case.pods[each] for each in (source, target) if isinstance(each, int)]
    if any(each.hosted for each in ends):
        return None

    def same(one: int | str, other: int | str) -> bool:
        if isinstance(one, int) and isinstance(other, int):
            return case.pods[one].alike(case.pods[other])
        return one == other

    by_host = any(
        isinstance(s, int) and isinstance(t, int) and (case.pods[s].hosted or case.pods[t].hosted)
        for s, t, _ in case.needs
    )
    if by_host and not all(isinstance(each, int) for each in (source, target)):
        return None
    return any(same(source, s) and same(target, t) and port == p for s, t, p in case.needs)


def pairs(case: Case) -> Iterator[tuple[int | str, int | str]]:
    """All pairs of ends of which one is a workload."""
    inside: Sequence[int] = range(len(case.pods))
    for one in inside:
        yield from ((one, other) for other in inside if one != other)
        yield from ((one, each) for each in OUTSIDE)
        yield from ((each, one) for each in OUTSIDE)


@given(cases(), st.booleans())
@settings(max_examples=60)
def test_exactly_the_needs(case: Case, guardrails: bool) -> None:
    """Every needed connection is allowed, every other one denied, on every port, but where no policy decides."""
    net = network(case)
    found = hardened(case, net, guardrails=guardrails)
    assert found.proved
    after = entrance.hardened(net, found)
    for source, target in pairs(case):
        one, other = (case.pods[each].place if isinstance(each, int) else PROBED[each] for each in (source, target))
        for port in PORTS:
            wanted = expected(case, source, target, port)
            if wanted is not None:
                outcome = after.can(one, other, ASKED[port]).outcome.value
                assert outcome == ("allowed" if wanted else "denied"), (one, other, port)
        if expected(case, source, target, "none") is not None:
            assert not after.can(one, other, OTHER).allowed
    for each in case.pods:
        if not each.hosted and not any(pods.hosted for pods in case.pods):
            assert not after.can(STRANGER, each.place, "TCP/80").allowed
            assert not after.can(each.place, STRANGER, "TCP/80").allowed


@given(cases())
@settings(max_examples=60)
def test_what_cannot_be_said_is_listed(case: Case) -> None:
    """Workloads with the same labels, and needs of those in the network of their nodes."""
    found = hardened(case, network(case), guardrails=False)
    told = {(each.subject, "label" in each.why) for each in found.left}
    for each in case.pods:
        twins = [other for other in case.pods if other != each and other.alike(each)]
        assert ((each.place, True) in told) == bool(twins and not each.hosted)
    for source, target, _ in case.needs:
        for end in (source, target):
            if isinstance(end, int) and case.pods[end].hosted:
                assert (case.pods[end].place, False) in told


@given(cases(), st.booleans())
@settings(max_examples=30)
def test_hardening_the_result_changes_nothing(case: Case, guardrails: bool) -> None:
    """What is written for an input that has the result beside it is the same again."""
    net = network(case)
    first = hardened(case, net, guardrails=guardrails)
    second = hardened(case, entrance.hardened(net, first), guardrails=guardrails)
    assert second.files == first.files

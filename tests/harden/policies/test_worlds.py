"""For random worlds: what is written, read by simple means, allows what is needed and can be said, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import event, given, settings
from hypothesis import strategies as st

import crenel
from crenel.harden.needs.naming import Resolving
from crenel.harden.policies import entrance
from crenel.harden.policies.files import INDEX
from crenel.harden.policies.harden import Hardening, Wishes
from crenel.harden.policies.model import Written
from crenel.intents import read
from crenel.library import Network
from crenel.provenance import Origin
from harden.policies.worlds import ASKED, RANGES, SAMPLES, Need, World, worlds
from reference import Cluster, families, verdict

Object = dict[str, Any]
DNS = "kube-system/coredns-0"

wishes = st.builds(Wishes, guardrails=st.booleans(), tighten=st.booleans())
resolving = st.sampled_from(Resolving)


def loaded(world: World) -> Network:
    """The input."""
    return crenel.load([dict(each) for each in world.objects], pod_cidrs=RANGES)


def hardened(world: World, net: Network, wanted: Wishes, asking: Resolving) -> Hardening:
    """What is written for it."""
    declared = read([({"schema": "crenel/intents/v1", "intents": world.statements}, Origin("crenel.yaml"))])
    assert not declared.problems
    return entrance.harden(net, wanted, intents=declared, resolving=asking, guess=False)


def written(found: Hardening) -> list[Object]:
    """The policies, as PyYAML reads them."""
    texts = [each.text for each in found.files if not each.path.endswith(INDEX)]
    return [each for text in texts for each in yaml.safe_load_all(text) if each is not None and "spec" in each]


@dataclass
class Judge:
    """Says of a connection whether it is needed, and whether a policy of the input speaks of it."""

    world: World
    needs: list[Need]
    asking: Resolving
    cluster: Cluster

    def _like(self, name: str, wanted: frozenset[str] | str, need: Need) -> bool:
        if name not in self.cluster.pods:
            return isinstance(wanted, str) and need.means(name, wanted)
        return not isinstance(wanted, str) and bool(self.world.alike(name) & wanted)

    def needed(self, source: str, target: str, protocol: str, port: int, *, exactly: bool = False) -> bool:
        """Whether it is needed; by themselves, or (not `exactly`) by somebody whom no policy tells apart from them."""
        end = self._own if exactly else self._like
        return any(
            end(source, each.source, each) and end(target, each.target, each) and each.covers(protocol, port)
            for each in self.needs
        )

    def _own(self, name: str, wanted: frozenset[str] | str, need: Need) -> bool:
        return "/" not in name and need.means(name, wanted) if isinstance(wanted, str) else name in wanted

    def resolves(self) -> bool | None:
        """Whether everybody may ask for names; None where that is not for this to say."""
        if self.asking is Resolving.NONE:
            return False
        return True if self.asking is Resolving.ALL else None


def pairs(cluster: Cluster) -> Iterator[tuple[str, str]]:
    """All pairs of ends of which one is a pod of the application, and that are not in the network of a node."""
    pods = [name for name, pod in cluster.pods.items() if not pod.host_network]
    own = [name for name in pods if name != DNS]
    yield from ((one, other) for one in own for other in own if one != other)
    yield from ((one, DNS) for one in own if DNS in pods)
    yield from ((DNS, one) for one in own if DNS in pods)
    for address in SAMPLES:
        yield from ((one, address) for one in own)
        yield from ((address, one) for one in own)


def answers(cluster: Cluster, policies: Sequence[Object], source: str, target: str) -> Iterator[tuple[str, int, str]]:
    """What the naive reference says, for every traffic and every family that both ends have."""
    for family in families(cluster, source, target):
        for protocol, port in ASKED:
            yield protocol, port, verdict(cluster, policies, source, target, protocol, port, family=family)


def hosts(world: World) -> bool:
    """Whether somebody in the network of a node is at one end of a need: that opens more, which the report says."""
    pods = world.cluster.pods
    ends = [end for need in world.needs() for end in (need.source, need.target) if not isinstance(end, str)]
    return any(pods[name].host_network for end in ends for name in end)


@given(worlds(), wishes, resolving)
@settings(max_examples=60)
def test_exactly_the_needs(world: World, wanted: Wishes, asking: Resolving) -> None:
    """Without policies before: what is needed, what nobody can tell apart from it, names where asked, no more."""
    found = hardened(world, loaded(world), wanted, asking)
    assert found.proved
    after, judge = written(found), Judge(world, list(world.needs()), asking, world.cluster)
    bold = hosts(world)
    told = {each.subject for each in found.left if "label" in each.why}
    for source, target in pairs(world.cluster):
        for protocol, port, answer in answers(world.cluster, after, source, target):
            what = (source, target, protocol, port, after)
            if target == DNS and port == 53 and (resolves := judge.resolves()) is not False:
                assert answer == "allowed" or not resolves or world.forbids(source, target), what
            elif judge.needed(source, target, protocol, port):
                assert answer == "allowed", what
                if not judge.needed(source, target, protocol, port, exactly=True):
                    event("allowed for want of labels")
                    assert told, what
            elif not (bold and {source, target} & set(SAMPLES)):
                assert answer == "denied", what
    event(f"needs: {min(len(judge.needs), 3)}, bold: {bold}")


@given(worlds(existing=True), wishes, resolving)
@settings(max_examples=60)
def test_beside_policies_of_the_input(world: World, wanted: Wishes, asking: Resolving) -> None:
    """Needs are allowed unless an admin tier denies them; what is allowed beyond them, a policy of the input allows."""
    found = hardened(world, loaded(world), wanted, asking)
    gone = {(each.namespace, each.name) for each in found.gone}
    plain = [each for each in world.policies if each["kind"] == "NetworkPolicy"]
    tiers = [each for each in world.policies if each["kind"] != "NetworkPolicy"]
    stays = [each for each in plain if (each["metadata"]["namespace"], each["metadata"]["name"]) not in gone]
    after = [*stays, *tiers, *written(found)]
    judge, bold = Judge(world, list(world.needs()), asking, world.cluster), hosts(world)
    missing = bool(found.proof.missing or found.proof.doubtful)
    for source, target in pairs(world.cluster):
        for protocol, port, answer in answers(world.cluster, after, source, target):
            what = (source, target, protocol, port, after)
            if target == DNS and port == 53:
                continue
            if judge.needed(source, target, protocol, port, exactly=True):
                assert answer == "allowed" or (tiers and missing), what
            elif answer != "denied" and not judge.needed(source, target, protocol, port):
                spoken = _spoken(world.cluster, plain, tiers, source, target, (protocol, port))
                assert spoken or (bold and {source, target} & set(SAMPLES)), what


def _spoken(
    cluster: Cluster,
    plain: Sequence[Object],
    tiers: Sequence[Object],
    source: str,
    target: str,
    traffic: tuple[str, int],
) -> bool:
    """Whether a policy of the input lets it through at one end: it may stay, or may be taken for somebody's word."""
    if any(rule["action"] in ("Allow", "Accept") for each in tiers for rule in _rules(each["spec"])):
        return True
    for policy in plain:
        for direction, end in (("Egress", source), ("Ingress", target)):
            pod = cluster.pods.get(end)
            if pod is not None and pod.namespace == policy["metadata"]["namespace"]:
                alone = {**policy, "spec": {**policy["spec"], "policyTypes": [direction]}}
                shut = {**policy, "spec": {"podSelector": {}, "policyTypes": [direction]}}
                for family in families(cluster, source, target):
                    if verdict(cluster, [alone, shut], source, target, *traffic, family=family) != "denied":
                        return True
    return False


def _rules(spec: Object) -> list[Object]:
    return [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]


@given(worlds(existing=True), wishes, resolving)
@settings(max_examples=40)
def test_hardening_the_result_changes_nothing(world: World, wanted: Wishes, asking: Resolving) -> None:
    """With the result beside the input, the same is written again; what a policy that gave way knew alone is said."""
    net = loaded(world)
    first = hardened(world, net, wanted, asking)
    second = hardened(world, entrance.hardened(net, first), wanted, asking)
    if any("nothing else speaks of it" in each.why for each in first.left):
        assert first.gone
    else:
        assert policies_of(second) == policies_of(first)


def policies_of(found: Hardening) -> list[Written]:
    """All files but that which says what gives way."""
    return [each for each in found.files if "tighten" not in each.path]

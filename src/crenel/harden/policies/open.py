"""What is open although no need asks for it, with the rules that open it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.audit.clusterdns import STAND_IN
from crenel.bits import members
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import ASSUMED_DNS, Need
from crenel.harden.policies.kept import is_ours
from crenel.harden.policies.masks import Masks
from crenel.harden.policies.model import Left
from crenel.harden.policies.proof import Excess, Proof
from crenel.kubernetes.objects.policies import AdminPolicy, ForeignPolicy, NetworkPolicy
from crenel.network.endpoints import Kind
from crenel.network.traffic import ALL
from crenel.questions.explain import passage
from crenel.questions.parties import Parties
from crenel.questions.verdict import Decision

_TRACED = 200
"""How many of these are looked into."""
_SHOWN = 3
UNKNOWN_RANGES = (
    "where pods get their addresses from is not known, so that a range of addresses may mean them (--pod-cidr says it)"
)

OWN_NODE = "what runs on the very node of a pod reaches it, whatever policies say"


def opened(proof: Proof, ground: Ground) -> Iterator[Left]:
    """Each of them, those with one reason together."""
    parties = Parties(proof.after.network)
    together: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for number, excess in enumerate(proof.excess):
        why = _why(proof, ground, excess) if number < _TRACED else "not looked into; `crenel can` tells"
        target = _written(parties, excess.targets)
        traffic = proof.after.network.table.describe(excess.traffic)
        words = " ".join(protocol if ports == "*" else f"{protocol}/{ports}" for protocol, ports in traffic)
        what = f"{_written(parties, excess.sources)} -> {target} {words}"
        together[why].append((target, what))
    for why, found in together.items():
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        yield Left(found[0][0], "; ".join(what for _, what in found[:_SHOWN]) + more, why)


def doubts(proof: Proof, ground: Ground) -> Iterator[Left]:
    """The needs that are allowed only perhaps, with what that hangs on."""
    together: dict[str, list[str]] = defaultdict(list)
    for need in proof.doubtful:
        together[_doubt(proof, ground, need)].append(str(need))
    for why, found in together.items():
        more = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        yield Left(found[0], f"is perhaps not allowed: {'; '.join(found[:_SHOWN])}{more}", why)


def _doubt(proof: Proof, ground: Ground, need: Need) -> str:
    masks, network = Masks(proof.after), proof.after.network
    for source in members(masks.of(need.source))[:_SHOWN]:
        for target in members(masks.of(need.target))[:_SHOWN]:
            for view in network.views_of(source, target)[:1]:
                asked = ALL if need.traffic is None else network.table.mask(need.traffic)
                steps = passage(network, view, source, target, asked).steps
                titles = dict.fromkeys(
                    step.policy for step in steps if step.decision is Decision.POSSIBLE and step.policy
                )
                if titles:
                    known = (
                        ""
                        if ground.pod_ranges_known
                        else "; where pods get their addresses from would tell (--pod-cidr)"
                    )
                    return f"{', '.join(titles)} may deny it{known}"
    return "it depends on something that the input does not say"


def _written(parties: Parties, mask: int) -> str:
    text = ", ".join(str(parties.named(part)) for part in parties.classes(mask)) or "nobody"
    return text.replace(f"kube-system/{STAND_IN}", ASSUMED_DNS).replace(f"openshift-dns/{STAND_IN}", ASSUMED_DNS)


def _why(proof: Proof, ground: Ground, excess: Excess) -> str:
    network = proof.after.network
    source, target = members(excess.sources)[0], members(excess.targets)[0]
    pods = Kind.WORKLOAD in (network.endpoints[source].kind, network.endpoints[target].kind)
    if not excess.sure and not ground.pod_ranges_known and pods:
        return UNKNOWN_RANGES
    hosted = all(network.endpoints[index].hosted for index in members(excess.sources))
    if not excess.sure and hosted:
        return OWN_NODE
    views = network.views_of(source, target)
    if not views:
        return "in no address family that both have"
    found = passage(network, views[0], source, target, excess.traffic)
    titles = dict.fromkeys(
        step.policy or step.rule for step in found.steps if step.decision in (Decision.ALLOW, Decision.POSSIBLE)
    )
    if hosted and not any(titles):
        return OWN_NODE
    unknown = not ground.pod_ranges_known and network.endpoints[source].kind is Kind.WORKLOAD
    return _by_rules([title for title in titles if title], {policy.title for policy in _ours(proof)}, unknown=unknown)


def _by_rules(titles: list[str], own: set[str], *, unknown: bool) -> str:
    """The policies that allow something, those of the input first."""
    if kept := [title for title in titles if title not in own]:
        return f"{', '.join(kept)} of the input allows it"
    if titles and unknown:
        return f"a range of addresses in {', '.join(titles)} means pods too: where those are is not known (--pod-cidr)"
    if titles:
        return f"{', '.join(titles)} cannot tell it apart from what is needed"
    return "no policy of the hardened namespaces stands in between"


def _ours(proof: Proof) -> Iterator[NetworkPolicy | AdminPolicy | ForeignPolicy]:
    decoded = proof.after.given.decoded
    yield from (each for each in decoded.network_policies if is_ours(each))
    yield from (each for each in decoded.admin_policies if is_ours(each))
    yield from (each for each in decoded.foreign_policies if is_ours(each))

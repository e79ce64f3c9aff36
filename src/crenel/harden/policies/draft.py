"""From needs to policies: default-deny for each namespace, and one policy for each workload and direction.

Source of the rules: k8s.io/api networking/v1. Policies see packets after the translation of Services, so that ports are
those of pods, and they never stand between a pod and its own node (kubernetes.io, "Network Policies").
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from crenel.audit.clusterdns import STAND_IN
from crenel.harden.needs.ground import Ground, governed, is_system
from crenel.harden.needs.model import End, Named, Need, Outside, Pods, Traffic
from crenel.harden.policies.kept import Kept
from crenel.harden.policies.labels import Choice, Chooser
from crenel.harden.policies.model import Drafted, Left, Peer, Policy, Rule
from crenel.harden.policies.names import Naming
from crenel.network.addresses import AddressSet
from crenel.network.rules import Direction
from crenel.network.traffic import PORTED, Match

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")
"""What a namespace may be called (RFC 1123); of one that is called otherwise the input says that it cannot be."""
_OTHER = re.compile(r"[^a-z0-9]+")
DEFAULT_DENY = "default-deny"


def hardened(ground: Ground, wanted: Sequence[str]) -> tuple[str, ...]:
    """The namespaces that get policies: those that are wanted, or else all but the cluster's own."""
    inhabited = sorted({pods.namespace for pods in ground.owners if _LABEL.match(pods.namespace)})
    return tuple(name for name in inhabited if (name in wanted if wanted else not is_system(name)))


def draft(
    ground: Ground, needs: Sequence[Need], namespaces: Sequence[str], kept: Kept, naming: Naming | None = None
) -> Drafted:
    """Draft all policies. `kept` are those of the input that stay; `naming` are needs that other kinds speak of."""
    return _Draft(ground, namespaces, kept, naming).all(needs)


def stem(ground: Ground, pods: Pods) -> str:
    """What the policies of a workload are called after: its name, with its kind where two have the same."""
    alike = [each for each in ground.by_name[pods.namespace, pods.name] if not ground.hosted(each)]
    name = _OTHER.sub("-", pods.name.lower()).strip("-") or "workload"
    return f"{name}-{pods.kind.lower()}" if len(alike) > 1 else name


@dataclass(frozen=True)
class _Side:
    """One end of a need, seen from the other: the peer that a rule names."""

    need: Need
    other: End


class _Draft:
    def __init__(self, ground: Ground, namespaces: Sequence[str], kept: Kept, naming: Naming | None) -> None:
        self._ground = ground
        self._namespaces = namespaces
        self._kept = kept
        self._naming = naming
        self._chooser = Chooser(ground)
        self._left: dict[Left, None] = {}
        self._open: dict[Left, None] = {}
        self._names: set[tuple[str, str]] = set(kept.names)

    def all(self, needs: Sequence[Need]) -> Drafted:
        policies = list(self._denying())
        sides = self._sides(needs)
        for pods in self._subjects():
            for direction in (Direction.INGRESS, Direction.EGRESS):
                found = sides.get((pods, direction), [])
                policy = self._policy(pods, direction, found)
                if policy is not None:
                    policies.append(policy)
        self._undivided()
        return Drafted(policies, tuple(self._left), tuple(self._open), tuple(self._kept.said()))

    def _subjects(self) -> Iterator[Pods]:
        for pods in self._ground.owners:
            if governed(self._ground.group(pods), self._namespaces):
                yield pods

    def _denying(self) -> Iterator[Policy]:
        guarded = {pods.namespace for pods in self._subjects()}
        for name in self._namespaces:
            if name in self._ground.incomplete:
                yield from self._denying_each(name)
            elif name in guarded and not self._kept.denies(name):
                says = (
                    f"Nobody reaches the pods of {name}, and they reach nobody, but for what the other policies allow.",
                )
                title = self._free(name, DEFAULT_DENY)
                yield Policy(name, title, says, Choice({}), (Direction.INGRESS, Direction.EGRESS))

    def _denying_each(self, namespace: str) -> Iterator[Policy]:
        """Of a namespace that has more than the input only what the input has is isolated."""
        why = "its DNS is not in the input: what is, is isolated, and the rest of the namespace is left as it is"
        self._leave(namespace, "default-deny for all of the namespace", why)
        for pods in self._subjects():
            if pods.namespace == namespace and not self._kept.denies(namespace):
                says = (f"Nobody reaches {pods}, and it reaches nobody, but for what the other policies allow.",)
                title = self._free(namespace, f"{DEFAULT_DENY}-{stem(self._ground, pods)}")
                yield Policy(namespace, title, says, self._chooser.of(pods), (Direction.INGRESS, Direction.EGRESS))

    def _free(self, namespace: str, name: str) -> str:
        """A name that nobody has."""
        wanted, number = name[:253], 2
        while (namespace, wanted) in self._names:
            suffix = "-crenel" if number == 2 else f"-crenel-{number}"
            wanted, number = f"{name[: 253 - len(suffix)]}{suffix}", number + 1
        self._names.add((namespace, wanted))
        return wanted

    def _sides(self, needs: Sequence[Need]) -> dict[tuple[Pods, Direction], list[_Side]]:
        """The needs of each workload and direction; those that have no policy at one end are listed."""
        found: dict[tuple[Pods, Direction], list[_Side]] = defaultdict(list)
        for need in needs:
            if isinstance(need.source, Pods):
                self._side(found, need, need.source, need.target, Direction.EGRESS)
            if isinstance(need.target, Pods):
                self._side(found, need, need.target, need.source, Direction.INGRESS)
        return found

    def _side(
        self, found: dict[tuple[Pods, Direction], list[_Side]], need: Need, own: Pods, other: End, direction: Direction
    ) -> None:
        if own.namespace not in self._namespaces or own.name == STAND_IN:
            return
        if self._ground.hosted(own):
            way = "whom it reaches" if direction is Direction.EGRESS else "who reaches it"
            why = f"it shares the network of its node, so that no policy decides {way}"
            self._leave(str(own), str(need), why)
        elif need.traffic is not None and need.traffic.protocol not in PORTED:
            self._leave(str(own), str(need), "a NetworkPolicy speaks of TCP, UDP and SCTP alone")
        else:
            found[own, direction].append(_Side(need, other))

    def _leave(self, subject: str, what: str, why: str) -> None:
        self._left.setdefault(Left(subject, what, why))

    def _policy(self, pods: Pods, direction: Direction, sides: list[_Side]) -> Policy | None:
        missing = [side for side in sides if not self._is_said(side.need, pods, direction)]
        by_peer: dict[str, tuple[Peer | None, dict[Traffic, list[Need]]]] = {}
        for side in missing:
            for key, peer in self._peers(side, pods):
                by_peer.setdefault(key, (peer, {}))[1].setdefault(side.need.traffic, []).append(side.need)
        rules = tuple(_rules(by_peer, self._ground.short))
        if not rules:
            return None
        name = self._free(pods.namespace, f"{stem(self._ground, pods)}-{direction.value}")
        verb = "Who may connect to" if direction is Direction.INGRESS else "Whom may be connected to by"
        return Policy(
            pods.namespace, name, (f"{verb} {pods} ({pods.kind}).",), self._chooser.of(pods), (direction,), rules, pods
        )

    def _is_said(self, need: Need, pods: Pods, direction: Direction) -> bool:
        """Whether a policy of the input, or of another kind, allows a need already."""
        if direction is Direction.EGRESS and self._naming is not None and self._naming.takes(need, pods):
            return True
        return self._kept.allows(need, pods, direction)

    def _peers(self, side: _Side, own: Pods) -> Iterator[tuple[str, Peer | None]]:
        """The peers that an end becomes: None for everybody."""
        other = side.other
        if isinstance(other, Pods):
            yield from self._pods(side, other, own)
        elif isinstance(other, Outside):
            yield f"addresses {other.addresses}", Peer(str(other), (), addresses=other.addresses)
        elif isinstance(other, Named):
            yield from self._anywhere(side, other)
        else:
            self._opened(str(own), side.need, f"{other}: nothing narrower than everybody is known")
            yield "everybody", None

    def _pods(self, side: _Side, other: Pods, own: Pods) -> Iterator[tuple[str, Peer | None]]:
        if self._ground.hosted(other):
            yield from self._host(side, other)
            return
        choice = self._chooser.of(other)
        namespace = other.namespace if other.namespace != own.namespace else ""
        text = f"pods {other.namespace} {sorted(choice.labels.items())} {choice.absent}"
        yield text, Peer(str(other), (), namespace, choice)

    def _host(self, side: _Side, other: Pods) -> Iterator[tuple[str, Peer | None]]:
        """Pods in the network of their nodes are known by the addresses of those alone."""
        group = self._ground.group(other)
        addresses = AddressSet.of(*group.addresses) if group.addresses else self._ground.node_addresses
        if addresses:
            why = "it shares the network of its node: whoever else does, is taken for it"
            self._leave(str(other), str(side.need), f"{why}; rules name it by nodes' addresses")
            yield f"addresses {addresses}", Peer(f"{other}, by the addresses of nodes", (), addresses=addresses)
            return
        why = "it shares the network of its node, whose address the input does not have"
        self._leave(str(other), str(side.need), why)
        everywhere = self._ground.everywhere
        yield f"addresses {everywhere}", Peer(f"{other}, wherever its node is", (), addresses=everywhere)

    def _anywhere(self, side: _Side, other: Named) -> Iterator[tuple[str, Peer | None]]:
        addresses = self._ground.far
        why = "a NetworkPolicy knows no names, so that every address outside is open with this traffic"
        self._opened(str(side.need.source), side.need, why)
        yield f"addresses {addresses}", Peer(f"{other.name}, and every other address outside", (), addresses=addresses)

    def _opened(self, subject: str, need: Need, why: str) -> None:
        self._open.setdefault(Left(subject, str(need), why))

    def _undivided(self) -> None:
        """Workloads that have the labels of others."""
        for pods in self._subjects():
            shared = self._chooser.of(pods).shared
            if shared:
                names = ", ".join(map(str, shared))
                self._leave(str(pods), f"{pods} apart from {names}", f"no label tells it apart from {names}")


def _rules(
    by_peer: dict[str, tuple[Peer | None, dict[Traffic, list[Need]]]], short: Callable[[str], str]
) -> Iterator[Rule]:
    """One rule for all peers that have the same traffic; what everybody may is not said again."""
    everybody = by_peer.get("everybody", (None, {}))[1]
    together: dict[tuple[Traffic, ...], list[Peer]] = defaultdict(list)
    for key in sorted(by_peer):
        peer, needed = by_peer[key]
        if peer is None:
            continue
        left = {
            traffic: needs for traffic, needs in needed.items() if traffic not in everybody and None not in everybody
        }
        if left:
            together[_traffic(left)].append(
                Peer(peer.title, tuple(_why(left, short)), peer.namespace, peer.choice, peer.addresses)
            )
    if everybody:
        yield Rule((), _written(_traffic(everybody)), tuple(_why(everybody, short)))
    for traffic, peers in sorted(together.items(), key=lambda each: each[1][0].title):
        yield Rule(tuple(peers), _written(traffic))


def _traffic(needed: Iterable[Traffic]) -> tuple[Traffic, ...]:
    """What is needed in all; everything, where all traffic is."""
    found = set(needed)
    return (None,) if None in found else tuple(sorted(found, key=_order))


def _order(traffic: Traffic) -> tuple[int, int, int]:
    assert traffic is not None
    return (*(traffic.ports or (0, 0)), traffic.protocol or 0)


def _written(traffic: tuple[Traffic, ...]) -> tuple[Match, ...] | None:
    return None if None in traffic else tuple(each for each in traffic if each is not None)


def _why(needed: dict[Traffic, list[Need]], short: Callable[[str], str]) -> Iterator[str]:
    """The evidence of some needs, each line once."""
    lines: dict[str, None] = {}
    for needs in needed.values():
        for need in needs:
            for each in need.evidence:
                prefix = "guess, to be confirmed: " if need.guessed else ""
                place = f" ({short(each.place)})" if each.place else ""
                lines.setdefault(f"{prefix}{each.text}{place}")
    yield from lines

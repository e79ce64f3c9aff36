"""Which setting closes a path, with the least that is closed beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from crenel.dialects.entries import EntryKind
from crenel.provenance import NOWHERE, FieldPath, Origin
from crenel.questions.exposure.paths import Path, State
from crenel.questions.exposure.trip import FIREWALL, HOST_FIREWALL
from crenel.questions.verdict import Decision


@dataclass(frozen=True, slots=True)
class Setting:
    """One change that closes a path. `also` is how many other paths that are open, or may be, it closes with it."""

    what: str
    origin: Origin = field(default=NOWHERE, compare=False)
    field_path: FieldPath = ()
    also: int = field(default=0, compare=False)

    @property
    def place(self) -> str:
        """``file:line`` of what has to be changed, as much of it as there is."""
        return self.origin.place(self.field_path)


def cheapest(paths: Sequence[Path]) -> list[Setting | None]:
    """For each path the setting that closes it and fewest others; None for one that is closed.

    Of several with the same cost the one that stands nearest to what opens the path is first.
    """
    offered = [list(_settings(path)) if path.state is not State.CLOSED else [] for path in paths]
    closes: dict[Setting, int] = defaultdict(int)
    for settings in offered:
        for setting in dict.fromkeys(settings):
            closes[setting] += 1
    return [_best(settings, closes) for settings in offered]


def _best(settings: Iterable[Setting], closes: dict[Setting, int]) -> Setting | None:
    priced = [Setting(each.what, each.origin, each.field_path, closes[each] - 1) for each in settings]
    return min(priced, key=lambda each: each.also, default=None)


def _settings(path: Path) -> Iterator[Setting]:
    """The settings that close a path by themselves, the rule of a proxy first, then those of its entry."""
    entry = path.entry
    if path.route is not None:
        yield Setting(f"remove the rule for {path.request}", *path.route)
    match entry.kind:
        case EntryKind.BALANCER:
            yield from _of_balancer(path)
        case EntryKind.NODE_PORT:
            yield from _of_node_port(path)
        case EntryKind.EXTERNAL_ADDRESS:
            yield Setting(f"{entry.title}: remove {entry.address} from externalIPs", entry.origin, entry.field)
        case EntryKind.HOST_PORT:
            yield Setting(f"{entry.title}: remove hostPort {entry.port}", entry.origin, entry.field)
        case EntryKind.HOST_NETWORK:
            yield Setting(f"{entry.title}: hostNetwork: false", entry.origin, entry.field)
        case EntryKind.POD_ADDRESS:
            yield Setting(f"a network policy that isolates {path.target} for ingress", entry.origin)
    yield from _of_firewalls(path)


def _of_balancer(path: Path) -> Iterator[Setting]:
    service, entry = path.entry.service, path.entry
    if service is None:
        yield Setting(f"{entry.title}: {entry.remedy}", entry.origin, entry.field)
        return
    what = f"{entry.title}: an internal load balancer, or narrower loadBalancerSourceRanges"
    yield Setting(what, service.origin, ("spec", "type"))


def _of_node_port(path: Path) -> Iterator[Setting]:
    service, entry = path.entry.service, path.entry
    assert service is not None
    assert service.spec is not None
    if service.spec.type == "LoadBalancer":
        yield Setting(f"{entry.title}: allocateLoadBalancerNodePorts: false", service.origin, ("spec", "type"))
    else:
        yield Setting(f"{entry.title}: type: ClusterIP", service.origin, ("spec", "type"))


def _of_firewalls(path: Path) -> Iterator[Setting]:
    """The one rule of a firewall that lets it through, where it is one."""
    for layer in path.layers:
        if layer.name not in (FIREWALL, HOST_FIREWALL):
            continue
        passing = (Decision.ALLOW, Decision.PASS)
        allowing = [step for step in layer.explain() if step.decision in passing and step.policy]
        for step in allowing[:1]:
            yield Setting(f"remove or narrow: {step.rule}", step.origin, step.field)

"""Identities out of what was read of a cluster: once, or several times in order, the last being the one that is asked.

A pod's place is the workload that answers about it now. Pods of the host network have the node's address, and are the
node. Addresses behind a Service that no pod of the input has are its workload's where it selects a single one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from crenel.bits import members
from crenel.dialects.model import Model
from crenel.flows.identities import BEGINNING, END, Identities, Tenure, settled
from crenel.kubernetes.objects.meta import KubernetesObject, LabelSelector
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.objects.workloads import Pod
from crenel.kubernetes.population import ENDED, further_addresses, is_address, node_addresses, owners
from crenel.network.addresses import AddressSet, address_text, parse_address
from crenel.network.endpoints import Kind
from crenel.network.traffic import protocol_number

_SERVICE_NAME = "kubernetes.io/service-name"


@dataclass(frozen=True, slots=True)
class State:
    """One reading of a cluster: `taken` is when, in RFC 3339; empty where that is not known."""

    model: Model
    taken: str = ""


def census(states: Sequence[State]) -> Identities:
    """The identities of some states, in order of time; names are those of the last."""
    if not states:
        return Identities()
    now = states[-1].model
    names = _Names(now)
    tenures = [*_pods(states, names), *_services(states), *_nodes(states), *_slices(states)]
    return Identities(
        tuple(settled(tenures)),
        {(pod.namespace, pod.name): names.of(pod, state.model) for state in states for pod in _all_pods(state.model)},
        names.workloads,
        _prefixes(states, names),
        frozenset(_serving(now)),
        _inside(states),
    )


class _Names:
    """What answers about the last state call pods and workloads."""

    def __init__(self, now: Model) -> None:
        self.workloads: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
        self._live: dict[tuple[str, str], str] = {}
        self._owners: dict[int, Callable[[Pod], tuple[str, str]]] = {}
        for index, group in now.scope.groups.items():
            shown = now.network.endpoints[index].name
            self._live |= {(group.namespace, pod): shown for pod in group.members}
            self.workloads[group.namespace, group.workload].setdefault(group.kind.lower(), shown)
        for (namespace, name), kinds in self.workloads.items():
            for kind in kinds:
                kinds[kind] = f"{namespace}/{name}" if len(kinds) == 1 else f"{namespace}/{kind}/{name}"

    def of(self, pod: Pod, model: Model) -> str:
        """The place of a pod of some state."""
        if (known := self._live.get((pod.namespace, pod.name))) is not None:
            return known
        if (owner := self._owners.get(id(model))) is None:
            owner = self._owners[id(model)] = owners(model.given.decoded)
        kind, name = owner(pod)
        kinds = self.workloads.get((pod.namespace, name), {})
        return kinds.get(kind.lower(), f"{pod.namespace}/{name}")


def _all_pods(model: Model) -> Iterable[Pod]:
    return model.given.decoded.pods


def _hosted(pod: Pod) -> bool:
    return bool(pod.spec and pod.spec.host_network)


def _addresses(pod: Pod) -> Iterator[str]:
    if pod.status is None or _hosted(pod):
        return
    listed = [each.ip for each in pod.status.pod_ips or ()] or [pod.status.pod_ip]
    yield from (address_text(*parse_address(text)) for text in listed if text and is_address(text))


def _pods(states: Sequence[State], names: _Names) -> Iterator[Tenure]:
    """The tenures of pods: from their creation until a state no longer has them."""
    seen: dict[tuple[str, str, str], list[tuple[int, Pod]]] = defaultdict(list)
    for number, state in enumerate(states):
        for pod in _all_pods(state.model):
            seen[pod.namespace, pod.name, pod.metadata.uid or ""].append((number, pod))
    for sightings in seen.values():
        last, pod = sightings[-1]
        since = _moment(pod.metadata.creation_timestamp, BEGINNING)
        until, certain = _end(states, last, since, gone=_ended(pod))
        place = names.of(pod, states[last].model)
        for address in dict.fromkeys(text for _, each in sightings for text in _addresses(each)):
            yield Tenure(address, place, since, until, certain)


def _ended(pod: Pod) -> bool:
    return pod.status is not None and pod.status.phase in ENDED


def _end(states: Sequence[State], last: int, since: int, *, gone: bool = False) -> tuple[int, int]:
    """Until when what was seen in a state for the last time was there, and until when that is certain."""
    if last == len(states) - 1:
        return END, since if gone else END
    return _moment(states[last + 1].taken, END), since if gone else _moment(states[last].taken, since)


def _moment(value: Any, otherwise: int) -> int:
    """Milliseconds of a time of the API; `otherwise` where it is none."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return otherwise
    if found is None:
        return otherwise
    return int((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _services(states: Sequence[State]) -> Iterator[Tenure]:
    """The addresses of Services: in the cluster, and where load balancers have them."""
    seen: dict[tuple[str, str, str], tuple[int, Service]] = {}
    for number, state in enumerate(states):
        for service in state.model.given.decoded.services:
            seen |= {(service.namespace, service.name, text): (number, service) for text in _of_service(service)}
    for (namespace, name, address), (last, service) in seen.items():
        since = _moment(service.metadata.creation_timestamp, BEGINNING)
        yield Tenure(address, f"{namespace}/svc/{name}", since, *_end(states, last, since))


def _of_service(service: Service) -> set[str]:
    spec = service.spec
    if spec is None:
        return set()
    listed = [spec.cluster_ip, *(spec.cluster_ips or ()), *(spec.external_ips or ())]
    status = service.status if isinstance(service.status, dict) else {}
    balancer = status.get("loadBalancer")
    ingress = balancer.get("ingress") if isinstance(balancer, dict) else None
    listed += [each.get("ip") for each in ingress or () if isinstance(each, dict)]
    return {address_text(*parse_address(text)) for text in listed if isinstance(text, str) and is_address(text)}


def _nodes(states: Sequence[State]) -> Iterator[Tenure]:
    seen: dict[tuple[str, str], tuple[int, KubernetesObject]] = {}
    for number, state in enumerate(states):
        for node in state.model.given.decoded.nodes:
            seen |= {(node.name, text): (number, node) for text in (*node_addresses(node), *further_addresses(node))}
    for (name, address), (last, found) in seen.items():
        since = _moment(found.metadata.creation_timestamp, BEGINNING)
        yield Tenure(address_text(*parse_address(address)), f"node/{name}", since, *_end(states, last, since))


def _slices(states: Sequence[State]) -> Iterator[Tenure]:
    """Addresses behind Services that no pod of the input has."""
    for number, state in enumerate(states):
        decoded = state.model.given.decoded
        known = {address for pod in decoded.pods for address in _addresses(pod)}
        services = {(service.namespace, service.name): service for service in decoded.services}
        for piece in decoded.endpoint_slices:
            service = services.get((piece.namespace, piece.labels.get(_SERVICE_NAME, "")))
            place = _only_workload(service, state.model) if service is not None else None
            for each in piece.endpoints or ():
                for text in each.addresses or ():
                    if place and is_address(text) and address_text(*parse_address(text)) not in known:
                        until = _end(states, number, BEGINNING)
                        yield Tenure(address_text(*parse_address(text)), place, BEGINNING, *until)


def _only_workload(service: Service, model: Model) -> str | None:
    if service.spec is None or not service.spec.selector:
        return None
    selector = LabelSelector(match_labels=service.spec.selector)
    found = members(model.scope.behind_service(service.namespace, selector)[1])
    if len(found) != 1 or model.network.endpoints[found[0]].hosted:
        return None
    return model.network.endpoints[found[0]].name


def _prefixes(states: Sequence[State], names: _Names) -> dict[tuple[str, str], str]:
    """What the names of generated pods begin with; nothing where two workloads' begin alike."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for state in states:
        for pod in _all_pods(state.model):
            if pod.metadata.generate_name:
                found[pod.namespace, pod.metadata.generate_name].add(names.of(pod, state.model))
    return {key: next(iter(places)) for key, places in found.items() if len(places) == 1}


def _serving(model: Model) -> Iterator[tuple[str, int, int]]:
    """The ports that containers declare, those of Services, and node ports at every node."""
    nodes = [f"node/{node.name}" for node in model.given.decoded.nodes]
    for endpoint in model.network.endpoints.values():
        if endpoint.kind is not Kind.WORKLOAD:
            continue
        homes = [f"node/{name}" for name in endpoint.nodes or ()] if endpoint.hosted else []
        for protocol, port in endpoint.listens:
            yield from ((place, protocol, port) for place in (endpoint.name, *homes))
    for service in model.given.decoded.services:
        for offered in (service.spec.ports or ()) if service.spec is not None else ():
            protocol = _protocol(offered.protocol)
            yield f"{service.namespace}/svc/{service.name}", protocol, offered.port
            if offered.node_port:
                yield from ((node, protocol, offered.node_port) for node in nodes)


def _protocol(name: str | None) -> int:
    try:
        return protocol_number(name or "TCP")
    except ValueError:
        return 0


def _inside(states: Sequence[State]) -> AddressSet:
    total = AddressSet()
    for state in states:
        total |= state.model.assembly.blueprint.inside
    return total

"""What comes in from outside: through load balancers to node ports or pods, their probes, and ways to proxies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from crenel.dialects import loadbalancer
from crenel.dialects.destinations import PRIVATE
from crenel.dialects.entries import Entry, EntryKind, entries
from crenel.harden.infrastructure.deriving.draft import NODES, Draft
from crenel.harden.infrastructure.deriving.groups import balancer
from crenel.harden.infrastructure.model import End, union
from crenel.kubernetes.objects.services import Service
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import Answer, Balancer, Listening
from crenel.network.rules import Direction
from crenel.network.traffic import TCP, Match, protocol_name
from crenel.questions.exposure.paths import State

_PROBES = {
    "azure": AddressSet.of("168.63.129.16"),
    "gcp": AddressSet.of("35.191.0.0/16", "130.211.0.0/22", "209.85.152.0/22", "209.85.204.0/22"),
}
"""Where clouds probe from whose load balancers have no addresses of their own (Azure, "What is IP address
168.63.129.16?"; Google Cloud, "Health checks overview", "Probe IP ranges")."""
_HEALTH = (Match(TCP, (10256, 10256)),)
"""Where kube-proxy tells whether a node takes traffic (its ``--healthz-bind-address``)."""


def entering(draft: Draft) -> None:
    """Open all ways in that are meant; name those that are not."""
    listed = list(entries(draft.joined.model))
    behind: dict[int, list[Service]] = defaultdict(list)
    unseen: list[int] = []
    for service in (each for each in draft.decoded.services if each.spec and each.spec.type == "LoadBalancer"):
        found = draft.joined.balancers_of(service)
        unseen += [] if found else [id(service)]
        for one in found:
            behind[id(one)].append(service)
    for each in draft.joined.infrastructure.balancers:
        if id(each) in behind or _is_ours(each, draft):
            _through(each, behind[id(each)], listed, draft)
    for entry in listed:
        if entry.kind is EntryKind.BALANCER and id(entry.service) in unseen:
            _unseen(entry, draft)
    _others(listed, draft)


def _is_ours(each: Balancer, draft: Draft) -> bool:
    """Whether any of its targets is a node of the cluster, or a pod."""
    pods, machines = draft.pods, draft.own
    return any(
        target.machine in machines if target.machine else bool(pods & AddressSet.of(target.address))
        for listening in each.listeners
        for target in listening.targets or ()
        if target.machine or target.address
    )


def _through(each: Balancer, services: Sequence[Service], listed: Sequence[Entry], draft: Draft) -> None:
    group = balancer(each, draft)
    for listening in each.listeners:
        entry = _entry(listening, services, listed)
        service = entry.service if entry is not None else None
        why = _why(each, listening, service)
        clients = _clients(each, service, draft)
        if group:
            port = Match(listening.protocol, (listening.port, listening.port))
            draft.add(group, Direction.INGRESS, End(addresses=clients), [port], why)
        _behind(group, clients, listening, _targets(listening, entry), why, draft)
        _probed(group, service, _targets(listening, entry), why, draft)


def _entry(listening: Listening, services: Sequence[Service], listed: Sequence[Entry]) -> Entry | None:
    return next(
        (
            each
            for each in listed
            if each.kind is EntryKind.BALANCER
            and any(each.service is service for service in services)
            and (each.protocol, each.port) == (listening.protocol, listening.port)
        ),
        None,
    )


def _why(each: Balancer, listening: Listening, service: Service | None) -> str:
    port = f"{protocol_name(listening.protocol)}/{listening.port} of load balancer {each.name}"
    return f"Service {service.namespace}/{service.name}: {port}" if service is not None else port


def _targets(listening: Listening, entry: Entry | None) -> list[Match]:
    """The ports behind a listener: those of its targets, or else the node port of the Service."""
    ports = {each.port or listening.port for each in listening.targets or ()}
    if not ports and entry is not None:
        ports = {_node_port(entry)}
    return [Match(listening.protocol, (port, port)) for port in sorted(ports) if port]


def _behind(
    group: str, clients: AddressSet, listening: Listening, targets: list[Match], why: str, draft: Draft
) -> None:
    """Let the load balancer to its targets, or its clients where their addresses are kept."""
    if group:
        draft.let(group, NODES, targets, why)
    if listening.keeps_client is not False or not group:
        draft.add(NODES, Direction.INGRESS, End(addresses=clients), targets, why)


def _probed(group: str, service: Service | None, targets: list[Match], why: str, draft: Draft) -> None:
    """Let probes in: to the port that the Service has for them, to the node port, to kube-proxy."""
    number = service.spec.health_check_node_port if service is not None and service.spec is not None else None
    own = [Match(TCP, (number, number))] if number else []
    if group and own:
        draft.let(group, NODES, own, f"{why}, its probes")
    if probes := _PROBES.get(draft.cloud):
        tcp = [each for each in targets if each.protocol == TCP]
        draft.add(NODES, Direction.INGRESS, End(addresses=probes), [*own, *tcp, *_HEALTH], f"{why}, its probes")


def _clients(each: Balancer | None, service: Service | None, draft: Draft) -> AddressSet:
    """Who may come to a load balancer: its source ranges; of an internal one the private networks; else everybody."""
    if service is not None and (found := loadbalancer.source_ranges(service)) is not None:
        return found[0]
    answer = each.facing.answer if each is not None else Answer.UNKNOWN
    if answer is Answer.UNKNOWN and service is not None:
        answer = loadbalancer.facing(service).answer
    if answer is not Answer.NO:
        return draft.everywhere
    own = union(one.addresses for one in draft.joined.infrastructure.subnets)
    if own:
        return union(own.only(family) for family in draft.families)
    return union(PRIVATE.only(family) for family in draft.families)


def _node_port(entry: Entry) -> int:
    """The port of nodes behind a load balancer, that of the Service if it is to have none; 0 while it is not chosen."""
    spec = entry.service.spec if entry.service is not None else None
    if spec is not None and spec.allocate_load_balancer_node_ports is False:
        return entry.node_port or entry.port
    return entry.node_port or 0


def _unseen(entry: Entry, draft: Draft) -> None:
    """A Service whose load balancer is not in the input: its node ports are open to all that may come to it."""
    service, port = entry.service, _node_port(entry)
    assert service is not None
    title = f"{service.namespace}/{service.name}"
    if not port:
        draft.note(
            f"{title}: no node port is chosen for it yet, so none is open; write the rules from the live cluster"
        )
        return
    clients = _clients(None, service, draft)
    why = f"Service {title}: {protocol_name(entry.protocol)}/{entry.port} of its load balancer"
    draft.add(NODES, Direction.INGRESS, End(addresses=clients), [Match(entry.protocol, (port, port))], why)
    _probed("", service, [Match(entry.protocol, (port, port))], why, draft)
    draft.note(f"{title}: its load balancer is not in the input, so its ports on nodes are open to {clients}")


def _others(listed: Sequence[Entry], draft: Draft) -> None:
    """Ways past load balancers: those that lead to the proxy of an Ingress or a Gateway are meant if they are open."""
    meant = {(each.title, each.protocol, each.port): clients for each, clients in _to_proxies(draft)}
    for each in listed:
        if each.kind is EntryKind.BALANCER or _is_balanced(each):
            continue
        words = f"{each.kind.value} {each.port_text}/{protocol_name(each.protocol)} of {each.title}"
        clients = meant.get((each.title, each.protocol, each.port))
        if each.kind is EntryKind.EXTERNAL_ADDRESS:
            clients = draft.everywhere
        if clients:
            draft.add(NODES, Direction.INGRESS, End(addresses=clients), [each.match], words)
        elif each.kind in (EntryKind.NODE_PORT, EntryKind.HOST_PORT):
            draft.note(f"{words} is closed to all but nodes: nothing shows who needs it")


def _is_balanced(entry: Entry) -> bool:
    """Whether it is but the way behind a load balancer."""
    spec = entry.service.spec if entry.service is not None else None
    return entry.kind is EntryKind.NODE_PORT and spec is not None and spec.type == "LoadBalancer"


def _to_proxies(draft: Draft) -> Iterator[tuple[Entry, AddressSet]]:
    for path in draft.asked.exposed.paths:
        if path.request and path.state is not State.CLOSED and path.entry.kind is not EntryKind.BALANCER:
            yield path.entry, path.sources | path.possible

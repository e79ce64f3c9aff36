"""What the rights of service accounts say of connections: to kubelets, and from the API server.

Sources: kubernetes.io, "Kubelet authentication/authorization" (what is asked of a kubelet is allowed by subresources of
``nodes``), "Access Services Running on Clusters" (``services/proxy``, by ``[SCHEME:]NAME[:PORT]``), "Dynamic Admission
Control", "Using RBAC Authorization".
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from crenel.audit.granting import Holder, granted, holders
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, End, Evidence, EvidenceKind, Outside, Pods
from crenel.harden.needs.texts import words_of
from crenel.kubernetes.objects.rbac import PolicyRule, Role
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.traffic import TCP, Match, protocol_number
from crenel.provenance import FieldPath

_KUBELET = 10250
_OF_KUBELETS = ("nodes/metrics", "nodes/stats", "nodes/log", "nodes/checkpoint", "nodes/configz", "nodes/healthz")
_ACCOUNT = "ServiceAccount"
_WRITE = ("create", "update", "patch")
_ADMISSION = "admissionregistration.k8s.io"
_HOOKS = ("validatingwebhookconfigurations", "mutatingwebhookconfigurations")
_HOOK_WORDS = frozenset({"webhook", "webhooks", "admission", "wh", "hook", "conversion"})


@dataclass(frozen=True, slots=True)
class Right:
    """One rule of a role that somebody has, by its place among the rules."""

    role: Role
    place: int

    @property
    def field(self) -> FieldPath:
        """Where it stands in the role."""
        return "rules", self.place

    @property
    def rule(self) -> PolicyRule:
        """What it allows."""
        return (self.role.rules or [])[self.place]


def rights(ground: Ground) -> Iterator[tuple[Right, list[Pods]]]:
    """All rules of roles that workloads have by their service accounts, each with these workloads."""
    roles = [role for role in ground.decoded.roles if role.rules]
    for role, found in zip(roles, holders(ground.decoded, roles), strict=True):
        if holding := _pods(ground, found):
            yield from ((Right(role, place), holding) for place, _ in enumerate(role.rules or ()))


def holding(
    ground: Ground, verbs: Collection[str], group: str, resources: Collection[str], *, named: bool = True
) -> dict[Pods, Right]:
    """The workloads that have some right, each with one rule that gives it.

    With `named` a rule counts only where it names the resource: who may do everything has no reason to do just this.
    """
    found: dict[Pods, Right] = {}
    for resource in resources:
        for each in granted(ground.decoded, verbs, group, resource):
            chosen = [Right(each.role, place) for place in each.places]
            right = next((one for one in chosen if not named or resource in (one.rule.resources or ())), None)
            if right is not None:
                found = dict.fromkeys(_pods(ground, each.holders), right) | found
    return found


def _pods(ground: Ground, found: Iterable[Holder]) -> list[Pods]:
    accounts = ((each.namespace or ground.default_namespace, each.name) for each in found if each.kind == _ACCOUNT)
    return [pods for account in accounts for pods in ground.accounts.get(account, ())]


def nodes(ground: Ground) -> End:
    """All nodes, by their addresses where those are known."""
    if ground.node_addresses:
        return Outside(ground.node_addresses, "the nodes")
    return Outside(ground.far, "the nodes, wherever they are")


def connected(ground: Ground, server: End, basket: Basket) -> None:
    """Add what rights say of connections: to kubelets, and from the API server, which is `server`."""
    _kubelets(ground, basket)
    for service, evidence, ports in _proxied(ground):
        for target, traffic in ground.behind(service, ports):
            basket.add(server, target, [traffic], evidence)


def registering(ground: Ground, server: End, basket: Basket) -> None:
    """Guess who is called by webhooks that the input does not have, because it registers them itself."""
    called = {target for source, target, _ in basket.found if source == server}
    for pods, right in holding(ground, _WRITE, _ADMISSION, _HOOKS).items():
        if pods in called:
            continue
        text = f"{right.role.title} lets it register webhooks, for which it may be called here"
        evidence = Evidence(EvidenceKind.GUESS, text, right.role.origin, right.field)
        for service, port in _hooks(ground, pods):
            for target, traffic in ground.behind(service, (_match(port),)):
                if target == pods:
                    basket.add(server, target, [traffic], evidence)


def registered(ground: Ground) -> Iterator[Service]:
    """The Services of those who register webhooks themselves."""
    for pods in holding(ground, _WRITE, _ADMISSION, _HOOKS):
        yield from (service for service, _ in _hooks(ground, pods))


def _kubelets(ground: Ground, basket: Basket) -> None:
    """Who has rights at kubelets; with one to go through the API server as well, it may leave it at that."""
    through = holding(ground, ("get",), "", ("nodes/proxy",))
    for pods, right in holding(ground, ("get",), "", _OF_KUBELETS).items():
        text = f"{right.role.title} lets it ask kubelets"
        kind = EvidenceKind.GUESS if pods in through else EvidenceKind.FACT
        evidence = Evidence(kind, text, right.role.origin, right.field)
        basket.add(pods, nodes(ground), [Match(TCP, (_KUBELET, _KUBELET))], evidence)


def _proxied(ground: Ground) -> Iterator[tuple[Service, Evidence, tuple[Match, ...] | None]]:
    """The Services that somebody may reach through the API server, because a Role names them."""
    for each in granted(ground.decoded, ("get", "create"), "", "services/proxy"):
        for place in each.places if each.role.namespace and each.holders else ():
            rule = (each.role.rules or [])[place]
            for name in rule.resource_names or ():
                service, ports = _named(ground, each.role.namespace, name)
                if service is not None:
                    text = f"{each.role.title} lets Service {service.name} be asked through the API server"
                    where: FieldPath = ("rules", place, "resourceNames")
                    yield service, Evidence(EvidenceKind.FACT, text, each.role.origin, where), ports


def _named(ground: Ground, namespace: str, text: str) -> tuple[Service | None, tuple[Match, ...] | None]:
    """A Service by ``NAME``, ``NAME:PORT`` or ``SCHEME:NAME:PORT``; the ports are None for all."""
    parts = text.split(":")
    name, wanted = (parts[1], parts[2]) if len(parts) == 3 else (parts[0], parts[1] if len(parts) == 2 else "")
    service = ground.services.get((namespace, name))
    ports = [each for each in _ports(service) if wanted in (each.name, str(each.port))] if wanted else []
    return service, tuple(map(_match, ports)) or None


def _hooks(ground: Ground, pods: Pods) -> list[tuple[Service, ServicePort]]:
    """The ports by which webhooks are called: those that are called so, or else 443."""
    own = [
        (service, port)
        for service in ground.decoded.services
        if service.namespace == pods.namespace and pods in ground.pods_behind(service)
        for port in _ports(service)
        if (port.protocol or "TCP") == "TCP"
    ]
    called = [
        (service, port)
        for service, port in own
        if _HOOK_WORDS & {*words_of(port.name or ""), *words_of(str(port.target_port or ""))}
        or (_HOOK_WORDS & set(words_of(service.name)) and len(_ports(service)) == 1)
    ]
    return called or [(service, port) for service, port in own if port.port == 443]


def _ports(service: Service | None) -> list[ServicePort]:
    return list((service.spec.ports if service is not None and service.spec else None) or ())


def _match(port: ServicePort) -> Match:
    return Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))

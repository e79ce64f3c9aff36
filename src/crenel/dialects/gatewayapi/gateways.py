"""The Gateway API as a whole: a proxy for each Gateway, and the status of every object.

Source of the rules: kubernetes-sigs/gateway-api apis/v1; the files beside this one name the types.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from crenel.dialects.gatewayapi.attachment import AnyRoute, Attachment, attach, hosts, parents
from crenel.dialects.gatewayapi.backends import Backends, Policies, client_certificate
from crenel.dialects.gatewayapi.conditions import (
    ACCEPTED,
    FALSE,
    PROGRAMMED,
    RESOLVED,
    TRUE,
    UNKNOWN,
    Condition,
    GatewayStatus,
    ListenerSetStatus,
    Parent,
    ParentStatus,
    conditions,
)
from crenel.dialects.gatewayapi.listeners import Entry, admitted, entries
from crenel.dialects.gatewayapi.references import GROUP, Finding, Grants
from crenel.dialects.gatewayapi.rules import Rules
from crenel.dialects.known import Known, Name, Truth
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.gateway import Gateway, ListenerSet
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.provenance import FieldPath, Problem, Severity
from crenel.routing.proxy import Listener, Protocol, Proxy, Route

KIND = "Gateway"


@dataclass(slots=True)
class GatewayApi:
    """The proxies that Gateways make, and status by (namespace, name); of routes by (kind, namespace, name)."""

    proxies: list[Proxy] = field(default_factory=list)
    gateways: dict[Name, GatewayStatus] = field(default_factory=dict)
    listener_sets: dict[Name, ListenerSetStatus] = field(default_factory=dict)
    routes: dict[tuple[str, str, str], list[ParentStatus]] = field(default_factory=dict)
    backend_tls_policies: dict[Name, list[ParentStatus]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def translate(decoded: Decoded, *, closed: bool = False) -> GatewayApi:
    """Translate all Gateways. `closed` says that what the input lacks does not exist (`crenel.dialects.known`)."""
    return _Translation(Known(decoded, closed)).run()


@dataclass(slots=True)
class _Translation:
    known: Known
    found: GatewayApi = field(default_factory=GatewayApi)
    grants: Grants = field(init=False)
    policies: Policies = field(init=False)
    entries: dict[tuple[str, str, str], list[Entry]] = field(default_factory=dict)
    """The listeners of each Gateway and ListenerSet, by kind, namespace and name."""
    routes: dict[int, list[Route]] = field(default_factory=lambda: defaultdict(list))
    """The routes of each listener, by identity of its entry."""
    backends: dict[Name, Backends] = field(default_factory=dict)
    admitted: dict[Name, list[ListenerSet]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.grants = Grants(self.known.decoded.reference_grants)
        self.policies = Policies(self.known, self.grants)

    def run(self) -> GatewayApi:
        """Listeners first, then the routes that attach to them, then what is made of both."""
        decoded = self.known.decoded
        for gateway in decoded.gateways:
            self._listen(gateway)
        for listeners in decoded.listener_sets:
            self._orphan(listeners)
        routes: list[AnyRoute] = [*decoded.http_routes, *decoded.grpc_routes, *decoded.stream_routes]
        for route in routes:
            self.found.routes[route.kind, route.namespace, route.name] = list(self._attach(route))
        for gateway in decoded.gateways:
            self._finish(gateway)
        return self.found

    def _class(self, gateway: Gateway) -> tuple[str, str]:
        """The name of a Gateway's class and its controller; the latter empty when the class is not in the input."""
        name = gateway.spec.gateway_class_name if gateway.spec else ""
        for each in self.known.decoded.gateway_classes:
            if each.name == name and each.spec is not None:
                return name, each.spec.controller_name or ""
        return name, ""

    def _listen(self, gateway: Gateway) -> None:
        sets = []
        for listeners, truth in admitted(gateway, self.known.decoded.listener_sets, self.known):
            if truth is Truth.NO:
                self._refuse(listeners, "NotAllowed", f"Gateway {gateway.namespace}/{gateway.name} does not admit it")
                continue
            sets.append(listeners)
            if truth is Truth.UNKNOWN:
                words = f"the labels of namespace {listeners.namespace}, by which it is admitted, are not in the input"
                self._notice(listeners, words, ("spec", "parentRef"))
        self.admitted[gateway.namespace, gateway.name] = sets
        owned: dict[int, list[Entry]] = defaultdict(list)
        for entry in entries(gateway, sets, self.known, self.grants):
            owned[id(entry.owner)].append(entry)
        self.entries[KIND, gateway.namespace, gateway.name] = owned[id(gateway)]
        for listeners in sets:
            own = owned[id(listeners)]
            self.entries["ListenerSet", listeners.namespace, listeners.name] = own
            self.found.listener_sets[listeners.namespace, listeners.name] = _set_status(own)
        self.backends[gateway.namespace, gateway.name] = Backends(self.known, self.grants, self.policies, gateway)

    def _refuse(self, listeners: ListenerSet, reason: str, message: str) -> None:
        refusals = (Condition(each, FALSE, reason, message) for each in (ACCEPTED, PROGRAMMED))
        self.found.listener_sets[listeners.namespace, listeners.name] = ListenerSetStatus(conditions(*refusals))
        self._notice(listeners, message, ("spec", "parentRef"))

    def _orphan(self, listeners: ListenerSet) -> None:
        """Report a ListenerSet whose Gateway is not in the input."""
        if (listeners.namespace, listeners.name) not in self.found.listener_sets:
            self._refuse(listeners, "ParentNotAccepted", "its Gateway is not in the input")

    def _notice(self, thing: KubernetesObject, message: str, where: FieldPath = ()) -> None:
        self.found.problems.append(Problem(message, thing.origin, where, thing.title, Severity.NOTICE))

    def _attach(self, route: AnyRoute) -> Iterator[ParentStatus]:
        made: dict[Name, Rules] = {}
        taken: set[int] = set()
        for place, parent in enumerate(parents(route)):
            if (parent.group, parent.kind) not in ((GROUP, KIND), (GROUP, "ListenerSet")):
                continue
            where: FieldPath = ("spec", "parentRefs", place)
            offered = self.entries.get((parent.kind, parent.namespace, parent.name))
            if offered is None:
                self._notice(route, f"{parent.kind} {parent.namespace}/{parent.name} is not in the input", where)
                continue
            attachment = attach(route, parent, offered, self.known)
            if attachment.accepted.status == FALSE:
                self._notice(route, f"does not attach: {attachment.accepted.message}", where)
            gateway = self._gateway(parent, offered)
            if gateway is None:
                continue
            name = gateway.namespace, gateway.name
            if name not in made:
                made[name] = Rules(route, self.backends[name])
            rules = made[name]
            self._put(route, rules, attachment, taken)
            yield ParentStatus(
                parent, self._class(gateway)[1], conditions(attachment.accepted, _resolved(rules.findings))
            )
        for rules in list(made.values())[:1]:
            for finding in dict.fromkeys(each for each in rules.findings if each.reason):
                self._notice(route, finding.message)

    def _gateway(self, parent: Parent, offered: list[Entry]) -> Gateway | None:
        if offered:
            return offered[0].gateway
        return next((each for each in self.known.decoded.gateways if _is(each, parent)), None)

    def _put(self, route: AnyRoute, rules: Rules, attachment: Attachment, taken: set[int]) -> None:
        age = (str(route.metadata.creation_timestamp or "~"), route.namespace, route.name)
        unsure = tuple(attachment.unsure)
        noted = tuple(replace(each, notes=unsure) for each in rules.rules) if unsure else rules.rules
        for entry in attachment.entries:
            if id(entry) in taken:
                continue
            taken.add(id(entry))
            entry.status.attached_routes += 1
            self.routes[id(entry)].append(Route(route.title, hosts(route), noted, age, route.origin))

    def _finish(self, gateway: Gateway) -> None:
        own = self.entries[KIND, gateway.namespace, gateway.name]
        sets = [
            each
            for each, truth in admitted(gateway, self.known.decoded.listener_sets, self.known)
            if truth is not Truth.NO
        ]
        further = [entry for each in sets for entry in self.entries["ListenerSet", each.namespace, each.name]]
        statuses = [self.found.listener_sets[each.namespace, each.name] for each in sets]
        attached = sum(each.conditions[ACCEPTED].status == TRUE for each in statuses)
        status = GatewayStatus(self._conditions(gateway, own), [each.status for each in own], attached)
        self.found.gateways[gateway.namespace, gateway.name] = status
        for entry in (*own, *further):
            for finding in entry.findings:
                self._notice(entry.owner, finding.message, entry.field)
        self._policy_status(gateway, [*own, *further])
        if status.conditions[ACCEPTED].status != FALSE:
            self.found.proxies.append(self._proxy(gateway, [*own, *further]))
        else:
            self._notice(gateway, status.conditions[ACCEPTED].message or "it is not accepted")

    def _conditions(self, gateway: Gateway, own: list[Entry]) -> dict[str, Condition]:
        accepted = self._accepted(gateway, own)
        finding, _ = client_certificate(gateway, self.known, self.grants)
        programmed = Condition(PROGRAMMED, TRUE, "Programmed")
        if accepted.status == FALSE or not any(each.holds(PROGRAMMED) for each in own):
            programmed = Condition(PROGRAMMED, FALSE, "Invalid", "none of its listeners can be served")
        return conditions(accepted, programmed, _resolved([finding]))

    def _accepted(self, gateway: Gateway, own: list[Entry]) -> Condition:
        name, controller = self._class(gateway)
        if not controller:
            words = f"there is no GatewayClass {name} in the input"
            self._notice(gateway, words, ("spec", "gatewayClassName"))
            return Condition(ACCEPTED, FALSE if self.known.closed else UNKNOWN, "Pending", words)
        if (wrong := self._parameters(gateway)) is not None:
            return wrong
        valid = [each for each in own if each.holds(ACCEPTED)]
        if len(valid) == len(own):
            return Condition(ACCEPTED, TRUE, "Accepted")
        return Condition(ACCEPTED, TRUE if valid else FALSE, "ListenersNotValid", "some of its listeners are not valid")

    def _parameters(self, gateway: Gateway) -> Condition | None:
        """What is wrong with a Gateway's parameters: of a kind that the input has not one object of."""
        infrastructure = gateway.spec.infrastructure if gateway.spec else None
        ref = infrastructure.parameters_ref if infrastructure else None
        if ref is None or (ref.group, ref.kind) == ("", "ConfigMap"):
            return None
        seen = {(api.rpartition("/")[0], kind) for api, kind in self.known.decoded.others_seen}
        if (ref.group, ref.kind) in seen or not self.known.closed:
            return None
        return Condition(ACCEPTED, FALSE, "InvalidParameters", f"there is no {ref.kind} {ref.name} of {ref.group}")

    def _policy_status(self, gateway: Gateway, listening: list[Entry]) -> None:
        """Tell of the policies about backends of a Gateway's routes what becomes of them there."""
        _, controller = self._class(gateway)
        ancestor = Parent(KIND, gateway.namespace, gateway.name)
        about: dict[Name, None] = {}
        for entry in listening:
            for route in self.routes[id(entry)]:
                for rule in route.rules:
                    for backend in (*rule.backends, *rule.mirrors):
                        about |= dict.fromkeys(self.policies.targets.get((backend.namespace, backend.name), ()))
        for policy in about:
            status = ParentStatus(ancestor, controller, self.policies.verdicts[policy])
            self.found.backend_tls_policies.setdefault(policy, []).append(status)

    def _proxy(self, gateway: Gateway, listening: list[Entry]) -> Proxy:
        name, controller = self._class(gateway)
        given = [*((gateway.spec.addresses if gateway.spec else None) or ())]
        given += (gateway.status.addresses if gateway.status else None) or ()
        return Proxy(
            gateway.title, tuple(self._listener(each, gateway) for each in listening if each.holds(PROGRAMMED)),
            gateway.namespace, gateway.name, KIND, name, controller,
            tuple(dict.fromkeys(each.value for each in given if each.value)), origin=gateway.origin,
        )  # fmt: skip

    def _listener(self, entry: Entry, gateway: Gateway) -> Listener:
        refs = (entry.listener.tls.certificate_refs if entry.listener.tls else None) or ()
        own = "" if entry.owner is gateway else f"{entry.owner.namespace}/{entry.owner.name}/"
        return Listener(
            f"{own}{entry.listener.name}", entry.listener.port, entry.protocol or Protocol.TCP, entry.host, entry.mode,
            entry.client, tuple(self.routes[id(entry)]),
            tuple(f"{ref.namespace or entry.owner.namespace}/{ref.name}" for ref in refs),
            entry.owner.origin, entry.field,
        )  # fmt: skip


def _is(gateway: Gateway, parent: Parent) -> bool:
    return (parent.kind, parent.namespace, parent.name) == (KIND, gateway.namespace, gateway.name)


def _set_status(own: list[Entry]) -> ListenerSetStatus:
    """The status of a ListenerSet that its Gateway admits: accepted when at least one listener is valid."""
    valid = [each for each in own if each.holds(ACCEPTED) and each.holds(RESOLVED)]
    reason = "" if len(valid) == len(own) else "ListenersNotValid"
    status = TRUE if valid else FALSE
    programmed = Condition(PROGRAMMED, status, "Programmed" if valid else reason)
    return ListenerSetStatus(
        conditions(Condition(ACCEPTED, status, reason or "Accepted"), programmed), [each.status for each in own]
    )


def _resolved(findings: list[Finding]) -> Condition:
    wrong = sorted((each for each in findings if each.reason), key=lambda each: each.unknown)
    for each in wrong[:1]:
        return Condition(RESOLVED, UNKNOWN if each.unknown else FALSE, each.reason, each.message)
    return Condition(RESOLVED, TRUE, "ResolvedRefs")

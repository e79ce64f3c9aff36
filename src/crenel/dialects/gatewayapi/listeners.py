"""The listeners of a Gateway, those of its ListenerSets included: conflicts, certificates, kinds of routes.

Source of the rules: kubernetes-sigs/gateway-api apis/v1 ``GatewaySpec.listeners`` (distinct and compatible listeners),
``ListenerSetSpec.listeners`` (precedence: the Gateway, then the oldest ListenerSet, then by name),
``GatewaySpec.allowedListeners``, ``AllowedRoutes.kinds``, ``GatewayTLSConfig.frontend``. HTTP, HTTPS and TLS, TCP do
not share a port; UDP is apart. What conflicts within one object is accepted nowhere, between objects the first stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from crenel.dialects.gatewayapi.conditions import (
    ACCEPTED,
    CONFLICTED,
    FALSE,
    PROGRAMMED,
    RESOLVED,
    TRUE,
    UNKNOWN,
    Condition,
    ListenerStatus,
    RouteKind,
    conditions,
)
from crenel.dialects.gatewayapi.references import GROUP, Finding, From, Grants, authority, certificate, target_of
from crenel.dialects.known import Known, Truth
from crenel.kubernetes.objects.gateway import (
    ClientValidation,
    FrontendTLS,
    Gateway,
    GatewayListener,
    ListenerSet,
    ObjectReference,
    RouteNamespaces,
)
from crenel.provenance import FieldPath
from crenel.routing.hosts import ANY, Host
from crenel.routing.proxy import ClientCertificate, Protocol, TlsMode

_HTTP = ("HTTPRoute", "GRPCRoute")
_FAMILIES = {"HTTP": "http", "HTTPS": "tls", "TLS": "tls", "TCP": "tcp", "UDP": "udp"}


@dataclass(slots=True)
class Entry:
    """One listener of a Gateway, and who owns it: the Gateway or a ListenerSet."""

    gateway: Gateway
    owner: Gateway | ListenerSet
    listener: GatewayListener
    place: int
    status: ListenerStatus
    client: ClientCertificate = ClientCertificate.NONE
    findings: list[Finding] = field(default_factory=list)

    @property
    def protocol(self) -> Protocol | None:
        """What it speaks; None for a protocol that is not known."""
        return Protocol(self.listener.protocol) if self.listener.protocol in _FAMILIES else None

    @property
    def mode(self) -> TlsMode:
        """Who ends TLS."""
        if self.protocol not in (Protocol.HTTPS, Protocol.TLS):
            return TlsMode.NONE
        mode = self.listener.tls.mode if self.listener.tls else None
        return TlsMode.PASSTHROUGH if mode == "Passthrough" else TlsMode.TERMINATE

    @property
    def host(self) -> Host:
        """The names it is for."""
        return ANY if self.protocol in (Protocol.TCP, Protocol.UDP) else Host.of(self.listener.hostname)

    @property
    def field(self) -> FieldPath:
        """Where it is written."""
        return ("spec", "listeners", self.place)

    def holds(self, kind: str) -> bool:
        """Whether a condition is not False."""
        found = self.status.conditions.get(kind)
        return found is None or found.status != FALSE


def entries(gateway: Gateway, sets: Sequence[ListenerSet], known: Known, grants: Grants) -> list[Entry]:
    """All listeners of a Gateway and of the ListenerSets that it admits, in order of precedence, with conditions."""
    found: list[Entry] = []
    owners: list[Gateway | ListenerSet] = [gateway, *sets]
    for owner in owners:
        own = [_entry(gateway, owner, place, each) for place, each in enumerate(_listeners(owner))]
        _mark_conflicts(own, [each for each in found if CONFLICTED not in each.status.conditions])
        found += own
    for each in found:
        _judge(each, known, grants)
    return found


def _listeners(owner: Gateway | ListenerSet) -> list[GatewayListener]:
    return (owner.spec.listeners if owner.spec else None) or []


def _entry(gateway: Gateway, owner: Gateway | ListenerSet, place: int, listener: GatewayListener) -> Entry:
    return Entry(gateway, owner, listener, place, ListenerStatus(listener.name))


def admitted(gateway: Gateway, sets: Sequence[ListenerSet], known: Known) -> Iterator[tuple[ListenerSet, Truth]]:
    """The ListenerSets of a Gateway, the oldest first, each with whether the Gateway admits it."""
    allowed = gateway.spec.allowed_listeners.namespaces if gateway.spec and gateway.spec.allowed_listeners else None
    own = [each for each in sets if _parent(each) == (gateway.namespace, gateway.name)]
    own.sort(key=lambda each: (str(each.metadata.creation_timestamp or "~"), each.namespace, each.name))
    for each in own:
        yield each, permitted(allowed, "None", each.namespace, gateway.namespace, known)


def _parent(listeners: ListenerSet) -> tuple[str, str] | None:
    ref = listeners.spec.parent_ref if listeners.spec else None
    if ref is None or (ref.group or GROUP, ref.kind or "Gateway") != (GROUP, "Gateway"):
        return None
    return ref.namespace or listeners.namespace, ref.name


def permitted(allowed: RouteNamespaces | None, default: str, namespace: str, home: str, known: Known) -> Truth:
    """Whether a namespace is among those that may attach something to an object that lives in `home`."""
    match (allowed.from_ if allowed else None) or default:
        case "All":
            return Truth.YES
        case "Same":
            return Truth.YES if namespace == home else Truth.NO
        case "Selector" if allowed is not None and allowed.selector is not None:
            return known.selects(allowed.selector, namespace)
    return Truth.NO


def _mark_conflicts(own: list[Entry], earlier: list[Entry]) -> None:
    """Mark what an earlier object has taken, then what is left of one object and cannot be told apart."""
    for each in own:
        reasons = (_clash(each.listener, other.listener) for other in earlier)
        if reason := next(filter(None, reasons), ""):
            _mark(each, reason)
    left = [each for each in own if CONFLICTED not in each.status.conditions]
    for one, other in combinations(left, 2):
        if reason := _clash(one.listener, other.listener):
            _mark(one, reason)
            _mark(other, reason)


def _mark(entry: Entry, reason: str) -> None:
    words = "another listener has the same port and cannot be told apart"
    entry.status.conditions.setdefault(CONFLICTED, Condition(CONFLICTED, TRUE, reason, words))


def _clash(one: GatewayListener, other: GatewayListener) -> str:
    """Why two listeners cannot be told apart; empty when they can."""
    families = {_FAMILIES.get(one.protocol), _FAMILIES.get(other.protocol)}
    if one.port != other.port or None in families or (len(families) == 2 and "udp" in families):
        return ""
    if len(families) == 2 or families <= {"tcp", "udp"}:
        return "ProtocolConflict"
    if Host.of(one.hostname) != Host.of(other.hostname):
        return ""
    return "HostnameConflict" if one.protocol == other.protocol else "ProtocolConflict"


def _judge(entry: Entry, known: Known, grants: Grants) -> None:
    status = entry.status
    status.supported_kinds, kinds_finding = _kinds(entry)
    refs = [certificate(each, *_looking(entry, known, grants)) for each in _certificates(entry)]
    if entry.mode is TlsMode.TERMINATE and not refs and not (entry.listener.tls and entry.listener.tls.options):
        refs.append(Finding("InvalidCertificateRef", "the listener ends TLS without a certificate"))
    clients = list(_clients(entry, known, grants))
    entry.findings = [each for each in (kinds_finding, *refs, *clients) if each.message]
    conflict = status.conditions.get(CONFLICTED) or Condition(CONFLICTED, FALSE, "NoConflicts")
    accepted = _accepted(entry, conflict, clients)
    resolved = _resolved([*clients, *refs, kinds_finding])
    status.conditions = conditions(accepted, conflict, resolved, _programmed(entry, accepted, conflict, resolved, refs))


def _looking(entry: Entry, known: Known, grants: Grants) -> tuple[From, Known, Grants, str]:
    return From(entry.owner.kind, entry.owner.namespace), known, grants, "InvalidCertificateRef"


def _certificates(entry: Entry) -> list[ObjectReference]:
    if entry.mode is not TlsMode.TERMINATE or entry.listener.tls is None:
        return []
    return entry.listener.tls.certificate_refs or []


def _kinds(entry: Entry) -> tuple[tuple[RouteKind, ...], Finding]:
    able = [RouteKind(GROUP, kind) for kind in _able(entry)]
    asked = entry.listener.allowed_routes.kinds if entry.listener.allowed_routes else None
    if not asked or not able:
        return tuple(able), Finding()
    wanted = [RouteKind(each.group or GROUP, each.kind) for each in asked]
    wrong = [each.kind for each in wanted if each not in able]
    words = f"a listener of protocol {entry.listener.protocol} takes no {', '.join(wrong)}"
    return tuple(each for each in able if each in wanted), Finding("InvalidRouteKinds", words) if wrong else Finding()


def _able(entry: Entry) -> tuple[str, ...]:
    """The kinds of routes that a protocol can carry."""
    match entry.protocol:
        case Protocol.HTTP | Protocol.HTTPS:
            return _HTTP
        case Protocol.TLS:
            return ("TLSRoute",) if entry.mode is TlsMode.PASSTHROUGH else ("TLSRoute", "TCPRoute")
        case Protocol.TCP:
            return ("TCPRoute",)
        case Protocol.UDP:
            return ("UDPRoute",)
    return ()


def _clients(entry: Entry, known: Known, grants: Grants) -> Iterator[Finding]:
    """What is wrong with the authorities that client certificates are checked against."""
    validation = _validation(entry)
    if validation is None:
        return
    optional = validation.mode == "AllowInsecureFallback"
    entry.client = ClientCertificate.OPTIONAL if optional else ClientCertificate.REQUIRED
    source = From("Gateway", entry.gateway.namespace)
    for ref in validation.ca_certificate_refs or ():
        target = target_of(ref, "ConfigMap", source)
        yield authority(target, source, known, grants, "InvalidCACertificateKind", "InvalidCACertificateRef")


def _validation(entry: Entry) -> ClientValidation | None:
    if entry.protocol is not Protocol.HTTPS:
        return None
    if entry.listener.tls is not None and entry.listener.tls.frontend_validation is not None:
        return entry.listener.tls.frontend_validation
    tls = entry.gateway.spec.tls if entry.gateway.spec else None
    if tls is None or tls.frontend is None:
        return None
    chosen: FrontendTLS | None = tls.frontend.default
    for each in tls.frontend.per_port or ():
        if each.port == entry.listener.port:
            chosen = each.tls
    return chosen.validation if chosen else None


def _accepted(entry: Entry, conflict: Condition, clients: list[Finding]) -> Condition:
    if entry.protocol is None:
        return Condition(ACCEPTED, FALSE, "UnsupportedProtocol", f"protocol {entry.listener.protocol} is not known")
    if conflict.status == TRUE:
        return Condition(ACCEPTED, FALSE, conflict.reason, conflict.message)
    if clients and all(each.reason and not each.unknown for each in clients):
        return Condition(ACCEPTED, FALSE, "NoValidCACertificate", clients[0].message)
    return Condition(ACCEPTED, TRUE, "Accepted")


def _resolved(found: list[Finding]) -> Condition:
    wrong = [each for each in found if each.reason]
    for each in sorted(wrong, key=lambda one: one.unknown):
        return Condition(RESOLVED, UNKNOWN if each.unknown else FALSE, each.reason, each.message)
    return Condition(RESOLVED, TRUE, "ResolvedRefs")


def _programmed(
    entry: Entry, accepted: Condition, conflict: Condition, resolved: Condition, refs: list[Finding]
) -> Condition:
    if conflict.status == TRUE:
        return Condition(PROGRAMMED, FALSE, conflict.reason, conflict.message)
    usable = not refs or any(not each.reason or each.unknown for each in refs)
    if accepted.status == FALSE or not usable or not entry.status.supported_kinds:
        why = accepted.message if accepted.status == FALSE else resolved.message
        return Condition(PROGRAMMED, FALSE, "Invalid", why)
    if all(each.reason for each in refs) and refs:
        return Condition(PROGRAMMED, UNKNOWN, "Pending", resolved.message)
    return Condition(PROGRAMMED, TRUE, "Programmed")

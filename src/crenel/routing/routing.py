"""Which listener, rule and backend a request gets.

Source of the rules: Gateway API ``GatewaySpec.listeners`` and ``Listener.hostname`` (the most specific listener alone,
misdirected requests), ``HTTPRouteSpec.hostnames``, ``HTTPRouteRule.matches`` (order of precedence),
``HTTPRouteRule.backendRefs`` and ``HTTPBackendRef.weight`` (errors take their share); Kubernetes ``IngressSpec``. The
order among rules that match one request: most specific host, then precedence of the match, then age and name of the
route, then the order in which they are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from crenel.network.addresses import AddressSet, parse_address
from crenel.routing.decision import Answer, Decision
from crenel.routing.filters import Passage
from crenel.routing.hosts import ANY, Host, plain
from crenel.routing.matches import PathKind, RequestMatch
from crenel.routing.proxy import Backend, Listener, Protocol, Proxy, Route, Rule
from crenel.routing.requests import Request

_STREAMS = (Protocol.TCP, Protocol.UDP)


def route(proxy: Proxy, request: Request) -> Decision:
    """Follow a request into a proxy and out of it again."""
    offered = [each for each in proxy.listeners if _takes(each, request)]
    if request.port is None:
        offered = [each for each in offered if each.protocol not in _STREAMS] or offered
    if not offered:
        return Decision(request, refused="nothing listens there")
    if request.server_name is not None and not any(each.protocol in _STREAMS for each in offered):
        return _over_tls(proxy, offered, request)
    listener = _most_specific(offered, request.name)
    if listener is None:
        return Decision(request, (Answer(status=proxy.unmatched, reason="no listener has this host"),))
    return _in_listener(proxy, listener, request)


def _takes(listener: Listener, request: Request) -> bool:
    """Whether a connection of this kind reaches a listener, its name aside."""
    if request.port not in (None, listener.port) or (listener.protocol is Protocol.UDP) != request.udp:
        return False
    encrypted = listener.protocol in (Protocol.HTTPS, Protocol.TLS)
    return listener.protocol in _STREAMS or encrypted == (request.server_name is not None)


def _most_specific(listeners: list[Listener], name: str) -> Listener | None:
    fitting = [each for each in listeners if each.protocol in _STREAMS or each.host.matches(name)]
    return max(fitting, key=lambda each: each.host.rank, default=None)


def _over_tls(proxy: Proxy, offered: list[Listener], request: Request) -> Decision:
    asked = plain(request.server_name or "")
    chosen = _most_specific(offered, asked)
    if chosen is None:
        return Decision(request, refused="no listener has this server name")
    if not chosen.is_http:
        return _in_listener(proxy, chosen, request)
    siblings = [each for each in offered if each.is_http and each.port == chosen.port]
    meant = _most_specific(siblings, request.name)
    if meant is None:
        unknown = Answer(status=proxy.unmatched, reason="no listener has this host")
        return Decision(request, (unknown,), listener=chosen)
    if meant is not chosen:
        misdirected = Answer(status=421, reason=f"host and server name belong to different listeners: {meant.name}")
        return Decision(request, (misdirected,), listener=chosen)
    return _in_listener(proxy, chosen, request)


class _Entry(NamedTuple):
    """One match of one rule for one host, in its place."""

    order: tuple[Any, ...]
    match: RequestMatch
    rule: Rule
    route: Route


@dataclass(slots=True)
class _Table:
    """The rules of a listener by host, each list in the order it is tried."""

    exact: dict[str, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    wildcards: dict[str, list[tuple[Host, list[_Entry]]]] = field(default_factory=lambda: defaultdict(list))
    any: list[_Entry] = field(default_factory=list)
    last_resort: list[_Entry] = field(default_factory=list)
    certain: bool = True
    """Whether every proxy reads every match in the same way."""

    def lists(self, name: str) -> Iterator[tuple[Host, list[_Entry]]]:
        """The hosts that match a name with their lists, the most specific host first."""
        if name in self.exact:
            yield Host(name), self.exact[name]
        rest = name
        while rest := rest.partition(".")[2]:
            yield from (each for each in self.wildcards.get(rest, ()) if each[0].matches(name))
        if self.any:
            yield ANY, self.any


def _table(listener: Listener) -> _Table:
    by_host: dict[Host, list[_Entry]] = defaultdict(list)
    table = _Table()
    for each in listener.routes:
        for place, rule in enumerate(each.rules):
            for number, match in enumerate(rule.matches):
                order = (tuple(-part for part in match.precedence), each.age, each.title, place, number)
                entry = _Entry(order, match, rule, each)
                table.certain = table.certain and match.certain
                if rule.last_resort:
                    table.last_resort.append(entry)
                    continue
                for host in dict.fromkeys(each.hosts):
                    by_host[host].append(entry)
    for host, entries in by_host.items():
        entries.sort(key=lambda entry: entry.order)
        if host.wildcard:
            table.wildcards[host.name].append((host, entries))
        elif host == ANY:
            table.any = entries
        else:
            table.exact[host.name] = entries
    table.last_resort.sort(key=lambda entry: entry.order)
    return table


def _table_of(proxy: Proxy, listener: Listener) -> _Table:
    """The table of a listener, made when it is first needed."""
    known, table = proxy.tables.get(id(listener), (None, None))
    if known is not listener or not isinstance(table, _Table):
        table = _table(listener)
        proxy.tables[id(listener)] = listener, table
    return table


def _in_listener(proxy: Proxy, listener: Listener, request: Request) -> Decision:
    table = _table_of(proxy, listener)
    name = request.name if listener.is_http else plain(request.server_name or "")
    entry, unsure = _chosen(table, listener, name, request, exclusive=proxy.exclusive_hosts)
    if entry is None:
        why = "no rule matches"
        if listener.is_http:
            unmatched = Answer(status=proxy.unmatched, reason=why)
            return Decision(request, (unmatched,), listener=listener, unsure=unsure)
        return Decision(request, refused=why, listener=listener, unsure=unsure)
    return _through(listener, entry, request, unsure)


def _chosen(
    table: _Table, listener: Listener, name: str, request: Request, *, exclusive: bool
) -> tuple[_Entry | None, tuple[str, ...]]:
    """The first entry that matches, and what is not sure about it."""
    unsure: list[str] = []
    http = listener.is_http
    lists = list(table.lists(name))
    found: _Entry | None = None
    for host, entries in lists[:1] if exclusive else lists:
        found = _first(entries, request, http=http)
        if found is not None:
            if listener.host.common(host) != listener.host.common(lists[0][0]):
                unsure.append("a less specific host decides because no rule of a more specific one matches")
            break
    if found is None and exclusive and any(_first(entries, request, http=http) for _, entries in lists[1:]):
        unsure.append("a rule of a less specific host would match")
    if found is None:
        found = _first(table.last_resort, request, http=http)
    if http and not table.certain:
        unsure += _readings([entries for _, entries in (lists[:1] if exclusive else lists)], request, found)
    return found, tuple(unsure)


def _first(entries: list[_Entry], request: Request, *, http: bool) -> _Entry | None:
    return next((each for each in entries if not http or each.match.matches(request)), None)


def _readings(lists: list[list[_Entry]], request: Request, found: _Entry | None) -> Iterator[str]:
    """What regular expressions and implementation-specific paths leave open about a choice."""
    if found is not None and not found.match.certain:
        yield f"how the path or value of '{found.match}' is compared is up to the proxy"
    for entry in (entry for entries in lists for entry in entries):
        if entry is found or entry.match.certain:
            continue
        loose = entry.match.path.kind is PathKind.UNSPECIFIED and request.plain_path.startswith(entry.match.path.value)
        if loose or entry.match.matches(request):
            yield f"'{entry.match}' may come first: its precedence is up to the proxy"


def _through(listener: Listener, entry: _Entry, request: Request, unsure: tuple[str, ...]) -> Decision:
    rule = entry.rule
    path = entry.match.path
    matched = path.value if path.kind is not PathKind.PATTERN else request.plain_path
    passage = Passage(request, matched, listener.port)
    if rule.sources is not None:
        unsure = (*unsure, *_screen(rule.sources, passage))
    if listener.is_http:
        passage.through(rule.filters)
    answers = tuple(_answers(passage, rule, http=listener.is_http))
    foreign = dict.fromkeys([*passage.foreign, *(title for each in answers for title in each.foreign)])
    notes = (*unsure, *rule.notes, *(f"filter {each} is not understood" for each in foreign))
    refused = "" if listener.is_http or any(each.backend for each in answers) else "no valid backend"
    return Decision(request, () if refused else answers, refused, listener, entry.route, rule, rule.timeouts, notes)


def _screen(sources: AddressSet, passage: Passage) -> Iterator[str]:
    """Turn away a client whose address is not among those that a rule is for."""
    if not passage.request.source:
        yield f"only clients from {sources} may use the rule"
    elif not sources.contains(*parse_address(passage.request.source)):
        passage.status, passage.reason = 403, f"only clients from {sources} may use the rule"


def _answers(passage: Passage, rule: Rule, *, http: bool) -> Iterator[Answer]:
    if passage.status is not None:
        yield _own(passage, 1)
        return
    taking = [each for each in rule.backends if each.weight > 0]
    if not taking:
        yield Answer(status=500, reason="the rule has no backend that takes requests")
    for backend in taking:
        yield _by(backend, passage, rule, http=http)


def _by(backend: Backend, passage: Passage, rule: Rule, *, http: bool) -> Answer:
    if backend.broken:
        return Answer(backend.weight, status=backend.status, reason=backend.broken)
    own = passage.copy()
    if http:
        own.through(backend.filters)
    if own.status is not None:
        return _own(own, backend.weight)
    return Answer(
        backend.weight, backend, own.request, rule.mirrors, changes=tuple(own.response), added=own.answered,
        foreign=tuple(own.foreign),
    )  # fmt: skip


def _own(passage: Passage, weight: int) -> Answer:
    return Answer(
        weight, status=passage.status, location=passage.location, reason=passage.reason, added=passage.answered,
        foreign=tuple(passage.foreign),
    )  # fmt: skip

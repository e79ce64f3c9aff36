"""What becomes of requests and connections, beyond which rule is chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crenel.network.addresses import AddressSet
from crenel.routing.decision import Decision
from crenel.routing.filters import Foreign, Redirect, Reply, RequestHeaders, Rewrite
from crenel.routing.hosts import Host
from crenel.routing.matches import PathKind, PathMatch, RequestMatch, ValueMatch
from crenel.routing.openings import openings
from crenel.routing.proxy import Backend, BackendTls, Listener, Protocol, Proxy, Route, Rule, Timeouts, TlsMode
from crenel.routing.requests import Request
from crenel.routing.routing import route

WEB, API = Backend("shop", "web", 80), Backend("shop", "api", 80)


def rule(path: str = "/", kind: PathKind = PathKind.PREFIX, *backends: Backend) -> Rule:
    return Rule((RequestMatch(PathMatch(kind, path)),), backends or (WEB,))


def proxy(*rules: Rule, host: str = "", exclusive: bool = False) -> Proxy:
    routes = (Route("route", (Host.of(host),), rules),)
    return Proxy("proxy", (Listener("http", 80, Protocol.HTTP, routes=routes),), exclusive_hosts=exclusive)


def ask(asked: Proxy, path: str = "/", **changes: object) -> Decision:
    return route(asked, replace(Request("a.com", path), **changes))  # type: ignore[arg-type]


def names(decision: Decision) -> list[str]:
    return [each.name for each in decision.backends]


def test_shares() -> None:
    """Every backend with a weight may answer, a broken one answers with its error, and zero takes nothing."""
    broken = Backend("shop", "gone", 80, 3, broken="there is no Service", status=503)
    decision = ask(proxy(Rule(backends=(replace(WEB, weight=9), broken, replace(API, weight=0)))))
    got = [(each.weight, each.backend and each.backend.name, each.status, each.reason) for each in decision.answers]
    assert got == [(9, "web", None, ""), (3, None, 503, "there is no Service")]


@pytest.mark.parametrize("backends", [(), (replace(WEB, weight=0),)])
def test_a_rule_that_leads_nowhere(backends: tuple[Backend, ...]) -> None:
    """Without a backend that takes requests the answer is 500."""
    assert ask(proxy(Rule(backends=backends))).statuses == (500,)


def test_filters_of_rule_and_backend() -> None:
    """Those of the rule come first; a redirect of one backend is an answer of its share alone."""
    elsewhere = replace(API, filters=(Redirect(host="b.com"),))
    inner = replace(WEB, filters=(RequestHeaders(add=(("X", "2"),)),))
    made = Rule(backends=(inner, elsewhere), filters=(RequestHeaders(add=(("X", "1"),)), Rewrite(host="in.side")))
    first, second = ask(proxy(made)).answers
    assert first.seen is not None and (first.seen.host, first.seen.header("x")) == ("in.side", "1,2")
    assert (second.status, str(second.location)) == (302, "http://in.side/".replace("in.side", "b.com"))


def test_what_is_not_understood_is_said() -> None:
    """A foreign filter, a note of the rule and an own answer."""
    noted = Rule(backends=(WEB,), filters=(Foreign("Auth x"),), notes=("a note",))
    assert ask(proxy(noted)).unsure == ("a note", "filter Auth x is not understood")
    assert ask(proxy(Rule(backends=(WEB,), filters=(Reply("fixed", 418),)))).statuses == (418,)


def test_clients() -> None:
    """A rule for some addresses turns others away, and says so where the client is not known."""
    guarded = proxy(Rule(backends=(WEB,), sources=AddressSet.of("10.0.0.0/8", "2001:db8::/32")))
    assert names(ask(guarded, source="10.1.2.3")) == ["web"]
    assert names(ask(guarded, source="2001:db8::5")) == ["web"]
    assert ask(guarded, source="192.0.2.1").statuses == (403,)
    assert names(ask(guarded)) == ["web"]
    assert ask(guarded).unsure == ("only clients from 10.0.0.0/8, 2001:db8::/32 may use the rule",)


def test_a_less_specific_host() -> None:
    """It decides where no rule of a more specific one matches, unless hosts are exclusive; both are said."""
    routes = (
        Route("exact", (Host("a.com"),), (rule("/x"),)),
        Route("wide", (Host("com", wildcard=True),), (rule("/", PathKind.PREFIX, API),)),
    )
    listener = Listener("http", 80, Protocol.HTTP, routes=routes)
    falling = ask(Proxy("proxy", (listener,)), "/y")
    assert (names(falling), len(falling.unsure)) == (["api"], 1)
    staying = ask(Proxy("proxy", (listener,), exclusive_hosts=True), "/y")
    assert (staying.statuses, staying.unsure) == ((404,), ("a rule of a less specific host would match",))
    assert not ask(Proxy("proxy", (listener,)), "/x").unsure


def test_the_last_resort() -> None:
    """A default backend takes what no other rule does, of any host."""
    last = Route("default", rules=(replace(rule("/", PathKind.PREFIX, API), last_resort=True),))
    one = Route("route", (Host("a.com"),), (rule("/x"),))
    asked = Proxy("proxy", (Listener("http", 80, Protocol.HTTP, routes=(last, one)),), exclusive_hosts=True)
    assert [names(ask(asked, path)) for path in ("/x", "/y")] == [["web"], ["api"]]
    assert names(ask(asked, "/x", host="b.com")) == ["api"]


@pytest.mark.parametrize(
    ("kind", "value", "path", "matches"),
    [
        (PathKind.BEGINNING, "/v2", "/v2example", True),
        (PathKind.PREFIX, "/v2", "/v2example", False),
        (PathKind.PREFIX, "/v2/", "/v2", True),
        (PathKind.PATTERN, "/v[0-9]+", "/v2", True),
        (PathKind.PATTERN, "/v[0-9]+", "/v2/x", False),
        (PathKind.PATTERN, "/v[", "/v[", False),
        (PathKind.UNSPECIFIED, "/v2/*", "/v2/x", True),
        (PathKind.UNSPECIFIED, "/v2/*", "/v2", True),
        (PathKind.UNSPECIFIED, "/v2/*", "/v3", False),
        (PathKind.UNSPECIFIED, "/v2", "/v2/x", True),
    ],
)
def test_paths(kind: PathKind, value: str, path: str, matches: bool) -> None:
    """Segments, text, expressions and what a proxy is free to do; an expression that cannot be read matches nothing."""
    assert bool(names(ask(proxy(rule(value, kind)), path))) is matches


def test_what_a_proxy_is_free_to_do_is_said() -> None:
    """Of an expression that matches, of one that would have come later, and not of one that cannot match."""
    asked = proxy(rule("/a.*", PathKind.PATTERN), rule("/a/b", PathKind.EXACT, API))
    assert len(ask(asked, "/abc").unsure) == 1
    assert ask(asked, "/a/b").unsure == ("'~ /a.*' may come first: its precedence is up to the proxy",)
    assert ask(asked, "/c").unsure == ()


def test_a_precedence_of_its_own() -> None:
    """Matches may bring the rank by which they are tried."""
    late = Rule((RequestMatch(PathMatch(PathKind.EXACT, "/a"), rank=(0,)),), (WEB,))
    early = Rule((RequestMatch(rank=(1,)),), (API,))
    assert names(ask(proxy(late, early), "/a")) == ["api"]


def test_headers_and_parameters() -> None:
    """Header names have no case, parameters do; of several parameters the first counts, and they are decoded."""
    match = RequestMatch(headers=(ValueMatch("X-Who", "a,b"),), query=(ValueMatch("q", "x y"),))
    asked = proxy(Rule((match,), (WEB,)))
    sent = (("x-who", "a"), ("X-WHO", "b"))
    assert names(ask(asked, "/?q=x%20y&q=z", headers=sent)) == ["web"]
    assert names(ask(asked, "/?Q=x%20y", headers=sent)) == []
    assert names(ask(asked, "/?q=z&q=x+y", headers=sent)) == []
    assert names(ask(asked, "/?q=x+y", headers=sent[:1])) == []


def test_timeouts() -> None:
    """The shorter of two limits counts, and only where a backend answers."""
    limited = Rule(backends=(WEB,), timeouts=Timeouts(2.0, 0.5))
    assert [ask(proxy(limited)).expires(each) for each in (0.4, 0.6)] == [False, True]
    assert not ask(proxy(Rule(timeouts=Timeouts(1.0)))).expires(9)
    assert not ask(proxy(Rule(backends=(WEB,)))).expires(9)


STREAMS = Proxy(
    "proxy",
    (
        Listener("tcp", 9000, Protocol.TCP, routes=(Route("t", rules=(Rule(backends=(WEB,)),)),)),
        Listener("udp", 9000, Protocol.UDP, routes=(Route("u", rules=(Rule(backends=(API,)),)),)),
        Listener(
            "tls", 443, Protocol.TLS, Host("com", wildcard=True), TlsMode.PASSTHROUGH,
            routes=(Route("s", (Host("a.com"),), (Rule(backends=(WEB,)),)),),
        ),
        Listener("https", 443, Protocol.HTTPS, Host("b.com"), TlsMode.TERMINATE, routes=(Route("h", rules=(rule(),)),)),
        Listener("empty", 9001, Protocol.TCP),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("request_", "listener", "backends", "refused"),
    [
        (Request(port=9000), "tcp", ["web"], ""),
        (Request(port=9000, server_name="any.org"), "tcp", ["web"], ""),
        (Request(port=9000, udp=True), "udp", ["api"], ""),
        (Request(port=443, udp=True), None, [], "nothing listens there"),
        (Request("a.com", port=443), None, [], "nothing listens there"),
        (Request(port=443, server_name="a.com"), "tls", ["web"], ""),
        (Request(port=443, server_name="c.com"), "tls", [], "no rule matches"),
        (Request(port=443, server_name="a.org"), None, [], "no listener has this server name"),
        (Request("b.com", port=443, server_name="b.com"), "https", ["web"], ""),
        (Request(port=9001), "empty", [], "no rule matches"),
        (Request("b.com", server_name="b.com"), "https", ["web"], ""),
    ],
)
def test_connections(request_: Request, listener: str | None, backends: list[str], refused: str) -> None:
    """TCP and UDP go by port alone, TLS by the server name; what nobody takes comes to no connection."""
    decision = route(STREAMS, request_)
    found = decision.listener.name if decision.listener else None
    assert (found, names(decision), decision.refused) == (listener, backends, refused)


def test_misdirected_requests() -> None:
    """A host of another listener than the server name's is 421, one of none at all 404."""
    wide = Listener("wide", 443, Protocol.HTTPS, Host("com", wildcard=True), TlsMode.TERMINATE,
                    routes=(Route("w", rules=(rule(),)),))  # fmt: skip
    exact = Listener("exact", 443, Protocol.HTTPS, Host("a.com"), TlsMode.TERMINATE)
    asked = Proxy("proxy", (wide, exact))
    answers = {
        host: route(asked, Request(host, port=443, server_name="b.com")).statuses
        for host in ("b.com", "c.com", "a.com", "b.org")
    }
    assert answers == {"b.com": (), "c.com": (), "a.com": (421,), "b.org": (404,)}


def test_a_proxy_may_have_its_own_status_for_what_it_does_not_know() -> None:
    """HAProxy answers with 503 where others do with 404."""
    asked = Proxy("proxy", (Listener("http", 80, Protocol.HTTP, Host("b.com")),), unmatched=503)
    assert [ask(asked, host=host).statuses for host in ("a.com", "b.com")] == [(503,), (503,)]


@pytest.mark.parametrize(
    ("tls", "accepted"),
    [
        (BackendTls("a.com"), True),
        (BackendTls("b.com"), False),
        (BackendTls("b.com", names=("a.com",)), True),
        (BackendTls("a.com", names=("b.com",)), False),
        (BackendTls("a.com", uris=("spiffe://x",)), False),
        (BackendTls("b.com", uris=("spiffe://id",)), True),
        (BackendTls("b.com", verified=False), True),
        (BackendTls("x.wild.com"), True),
        (BackendTls("y.x.wild.com"), False),
    ],
)
def test_the_backends_certificate(tls: BackendTls, accepted: bool) -> None:
    """Alternative names replace the server name; a certificate's wildcard stands for one label (RFC 9525, 6.3)."""
    assert tls.accepts(("a.com", "*.wild.com"), ("spiffe://id",)) is accepted


def test_openings() -> None:
    """One for each listener, host, rule and match; shadowed rules too, and only backends that can be reached."""
    gone = Backend("shop", "gone", 80, broken="there is no Service")
    rules = (
        Rule((RequestMatch(method="GET"), RequestMatch(PathMatch(value="/x"))), (WEB, gone), mirrors=(API,)),
        Rule(filters=(Redirect(scheme="https"),)),
        Rule(backends=(WEB,), filters=(Reply("no"),)),
    )
    hosts = (Host("a.com"), Host("com", wildcard=True), Host("org"))
    listener = Listener("http", 80, Protocol.HTTP, Host("com", wildcard=True), routes=(Route("route", hosts, rules),))
    found = list(openings(Proxy("proxy", (listener,))))
    written = [(str(each.host), str(each.match), [one.name for one in each.backends]) for each in found]
    assert written == [
        ("a.com", "GET /", ["web"]), ("a.com", "/x", ["web"]), ("*.com", "GET /", ["web"]), ("*.com", "/x", ["web"]),
        ("a.com", "/", []), ("*.com", "/", []), ("a.com", "/", []), ("*.com", "/", []),
    ]  # fmt: skip
    assert [each.redirect is not None for each in found] == [False] * 4 + [True] * 2 + [False] * 2
    assert all([one.name for one in each.mirrors] == ["api"] for each in found[:4])

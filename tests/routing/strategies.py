"""Random proxies and requests, of few names so that they often meet."""

from __future__ import annotations

from hypothesis import strategies as st

from crenel.routing.hosts import ANY, Host
from crenel.routing.matches import PathKind, PathMatch, RequestMatch, ValueMatch
from crenel.routing.proxy import Backend, Listener, Protocol, Proxy, Route, Rule
from crenel.routing.requests import Request

NAMES = ("com", "a.com", "b.com", "x.a.com", "y.x.a.com", "b.a.com")
PATHS = ("/", "/a", "/a/", "/a/b", "/ab", "/a/b/c", "/b")

hosts = st.one_of(
    st.just(ANY),
    st.sampled_from(NAMES).map(Host),
    st.sampled_from(NAMES).map(lambda name: Host(name, wildcard=True)),
)
values = st.sampled_from(("one", "two"))
matches = st.builds(
    RequestMatch,
    st.builds(PathMatch, st.sampled_from((PathKind.EXACT, PathKind.PREFIX)), st.sampled_from(PATHS)),
    st.sampled_from(("", "", "GET", "POST")),
    st.lists(st.builds(ValueMatch, st.sampled_from(("h", "H2")), values), max_size=2, unique_by=lambda e: e.name).map(
        tuple
    ),
    st.lists(st.builds(ValueMatch, st.sampled_from(("q", "Q")), values), max_size=2, unique_by=lambda e: e.name).map(
        tuple
    ),
)
rules = st.builds(
    Rule,
    st.lists(matches, min_size=1, max_size=3).map(tuple),
    st.integers(0, 3).map(lambda number: tuple(Backend("shop", f"s{place}", 80) for place in range(number))),
)


@st.composite
def routes(draw: st.DrawFn, title: str) -> Route:
    """A route; few differ in age, so that names decide as well."""
    return Route(
        title,
        tuple(draw(st.lists(hosts, min_size=1, max_size=2))),
        tuple(draw(st.lists(rules, min_size=1, max_size=3))),
        (draw(st.sampled_from(("2024", "2025"))), "shop", title),
    )


@st.composite
def proxies(draw: st.DrawFn) -> Proxy:
    """A proxy whose listeners can be told apart by port and host."""
    places = draw(st.lists(st.tuples(st.sampled_from((80, 8080)), hosts), min_size=1, max_size=4, unique=True))
    return Proxy(
        "proxy",
        tuple(
            Listener(
                f"l{place}",
                port,
                Protocol.HTTP,
                host,
                routes=tuple(draw(routes(f"r{place}{number}")) for number in range(draw(st.integers(0, 3)))),
            )
            for place, (port, host) in enumerate(places)
        ),
    )


requests = st.builds(
    Request,
    st.sampled_from((*NAMES, "A.com", "other.org", "z.y.x.a.com")),
    st.tuples(st.sampled_from(PATHS), st.sampled_from(("", "?q=one", "?Q=two&q=one", "?q=two&q=one"))).map("".join),
    st.sampled_from(("GET", "POST", "PUT")),
    st.sampled_from(((), (("h", "one"),), (("H", "two"), ("h2", "one")))),
    st.sampled_from((80, 8080)),
)

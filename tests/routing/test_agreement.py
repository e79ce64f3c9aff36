"""The sorted tables choose what a naive search over everything chooses."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.routing.openings import openings
from crenel.routing.proxy import Proxy
from crenel.routing.requests import Request
from crenel.routing.routing import route
from routing import naive
from routing.strategies import proxies, requests

several = st.lists(requests, min_size=5, max_size=10)


@given(proxies(), several)
@settings(max_examples=120, deadline=None)
def test_the_choice_is_that_of_the_documented_order(proxy: Proxy, asked: list[Request]) -> None:
    """Listener, route, rule and match are those that come first by the order of precedence of the API."""
    for request in asked:
        compare(proxy, request)


def compare(proxy: Proxy, request: Request) -> None:
    decision, expected = route(proxy, request), naive.choose(proxy, request)
    if expected is None:
        assert decision.rule is None
        assert decision.refused or decision.statuses == (404,)
        return
    assert decision.listener is not None and decision.route is not None and decision.rule is not None
    found = decision.listener.name, decision.route.title, naive.places(decision.route, decision.rule)
    assert found == expected[:3]
    backends = tuple(each.name for each in decision.backends)
    assert backends == tuple(each.name for each in decision.rule.backends)
    assert decision.statuses == (() if backends else (500,))


@given(proxies(), several)
@settings(max_examples=60, deadline=None)
def test_every_answer_of_a_backend_has_its_opening(proxy: Proxy, asked: list[Request]) -> None:
    """Whatever a request reaches is among the openings that are listed, with a host and a match that cover it."""
    listed = list(openings(proxy))
    for request in asked:
        decision = route(proxy, request)
        offered = [
            each.backends
            for each in listed
            if each.listener is decision.listener
            and each.rule is decision.rule
            and each.host.matches(request.name)
            and each.match.matches(request)
        ]
        assert bool(offered) is (decision.rule is not None)
        assert all(each == decision.backends for each in offered)


@given(proxies(), several)
@settings(max_examples=40, deadline=None)
def test_the_order_of_listeners_and_routes_does_not_matter(proxy: Proxy, asked: list[Request]) -> None:
    """A proxy that is written the other way round decides the same."""
    turned = Proxy(
        proxy.title,
        tuple(replace(each, routes=tuple(reversed(each.routes))) for each in reversed(proxy.listeners)),
    )
    for request in asked:
        first, second = route(proxy, request), route(turned, request)
        assert (first.rule is second.rule, first.statuses) == (True, second.statuses)

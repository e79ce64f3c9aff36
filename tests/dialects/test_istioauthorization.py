"""Whom AuthorizationPolicies of Istio let in."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects.admission import Client
from crenel.dialects.istioauthorization import Authorizations
from crenel.dialects.known import Truth
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.addresses import AddressSet

INDEX = LabelIndex([(0, {"app": "web"}, frozenset()), (1, {"app": "db"}, frozenset()), (2, {}, frozenset({"app"}))])
WEB, DB, UNSETTLED = 0, 1, 2
API, PLAIN = Client(("shop", "api")), Client(None, AddressSet.of("10.244.0.0/16"))
YES, NO, UNKNOWN = Truth.YES, Truth.NO, Truth.UNKNOWN


def policy(spec: str, namespace: str = "shop", **more: Any) -> ForeignPolicy:
    """An AuthorizationPolicy whose spec is written as YAML."""
    return ForeignPolicy("security.istio.io/v1", "AuthorizationPolicy", "p", namespace, yaml.safe_load(spec), **more)


def admits(
    *policies: ForeignPolicy, client: Client = API, port: int = 8080, position: int = WEB, domain: str | None = None,
    namespace: str = "shop",
) -> Truth:  # fmt: skip
    return Authorizations(policies, None, INDEX, domain).admits(position, namespace, port, client)


def source(text: str, rest: str = "") -> ForeignPolicy:
    return policy(f"{{rules: [{{from: [{{source: {{{text}}}}}]{rest}}}]}}")


def test_what_no_policy_allows_is_open() -> None:
    """Without an ALLOW policy everybody is let in; with one nobody but those that it names."""
    assert admits() is YES
    assert admits(policy("{}")) is NO
    assert admits(policy("{action: DENY}")) is YES
    assert admits(policy("{rules: [{}]}")) is YES
    assert admits(policy("{selector: {matchLabels: {app: db}}}")) is YES
    assert admits(policy("{selector: {matchLabels: {app: db}}}"), position=DB) is NO
    assert admits(policy("{}", "other")) is YES
    assert admits(policy("{}", "istio-system")) is NO


@pytest.mark.parametrize(
    ("text", "api", "plain"),
    [
        ("principals: [cluster.local/ns/shop/sa/api]", YES, NO),
        ("principals: [cluster.local/ns/shop/sa/other]", NO, NO),
        ("principals: ['*']", YES, NO),
        ("principals: ['cluster.local/ns/shop/*']", YES, NO),
        ("principals: ['*/sa/api']", YES, NO),
        ("principals: [elsewhere/ns/shop/sa/api]", UNKNOWN, NO),
        ("notPrincipals: ['*']", NO, YES),
        ("notPrincipals: [cluster.local/ns/shop/sa/api]", NO, YES),
        ("namespaces: [shop]", YES, NO),
        ("namespaces: [sho]", NO, NO),
        ("notNamespaces: [shop]", NO, YES),
        ("serviceAccounts: [api]", YES, NO),
        ("serviceAccounts: [shop/api]", YES, NO),
        ("serviceAccounts: [other/api]", NO, NO),
        ("ipBlocks: [10.244.0.0/16]", UNKNOWN, YES),
        ("ipBlocks: [10.0.0.0/8], notIpBlocks: [10.244.1.0/24]", UNKNOWN, UNKNOWN),
        ("ipBlocks: [192.0.2.1]", UNKNOWN, NO),
        ("notIpBlocks: [192.0.2.1]", UNKNOWN, YES),
        ("ipBlocks: [nonsense]", UNKNOWN, UNKNOWN),
        ("namespaces: [shop], principals: ['*/sa/other']", NO, NO),
        ("requestPrincipals: ['*']", UNKNOWN, UNKNOWN),
        ("remoteIpBlocks: [192.0.2.1]", UNKNOWN, UNKNOWN),
    ],
)
def test_sources(text: str, api: Truth, plain: Truth) -> None:
    """Identities are those of certificates, blocks of the packet's address; what the input cannot say is unknown."""
    assert admits(source(text)) is api
    assert admits(source(text), client=PLAIN) is plain


def test_the_trust_domain() -> None:
    """``cluster.local`` stands for the mesh's own, which is known from its settings or not."""
    assert admits(source("principals: [example.org/ns/shop/sa/api]"), domain="example.org") is YES
    assert admits(source("principals: [cluster.local/ns/shop/sa/api]"), domain="example.org") is YES
    assert admits(source("principals: [example.com/ns/shop/sa/api]"), domain="example.org") is NO


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("{ports: ['8080']}", YES),
        ("{ports: [8080]}", YES),
        ("{ports: ['9090']}", NO),
        ("{notPorts: ['8080']}", NO),
        ("{ports: ['8080'], methods: [GET]}", UNKNOWN),
        ("{ports: ['9090'], methods: [GET]}", NO),
        ("{hosts: [shop.example.com]}", UNKNOWN),
    ],
)
def test_operations(to: str, expected: Truth) -> None:
    """Ports are followed, what requests say is not."""
    assert admits(policy(f"{{rules: [{{to: [{{operation: {to}}}]}}]}}")) is expected


def test_deny_before_allow() -> None:
    """DENY counts before ALLOW; CUSTOM may refuse what it matches; conditions are not followed."""
    everybody, deny = policy("{rules: [{}]}"), "{action: DENY, rules: [{from: [{source: {namespaces: [shop]}}]}]}"
    assert admits(everybody, policy(deny)) is NO
    assert admits(everybody, policy(deny), client=PLAIN) is YES
    assert admits(everybody, policy("{action: CUSTOM, provider: {name: x}, rules: [{}]}")) is UNKNOWN
    assert admits(policy("{rules: [{when: [{key: source.ip, values: [10.0.0.1]}]}]}")) is UNKNOWN
    assert admits(policy("{action: AUDIT}")) is YES


def test_where_a_policy_counts() -> None:
    """A dry run and a policy of a gateway close nothing; one of a Service, or for labels not known yet, may."""
    assert admits(policy("{}", annotations={"istio.io/dry-run": "true"})) is YES
    assert admits(policy("{targetRefs: [{kind: Gateway, name: g}]}")) is YES
    assert admits(policy("{targetRefs: [{kind: Service, name: s}]}")) is UNKNOWN
    assert admits(policy("{selector: {matchLabels: {app: web}}}"), position=UNSETTLED) is UNKNOWN


ACCOUNTS = st.sampled_from(["a", "b", "c"])
RULES = st.lists(
    st.tuples(st.frozensets(ACCOUNTS, max_size=2), st.frozensets(st.integers(1, 3), max_size=2)), max_size=3
)
POLICIES = st.lists(st.tuples(st.sampled_from(["ALLOW", "DENY"]), RULES), max_size=3)


@given(POLICIES, st.sampled_from([None, "a", "b", "c"]), st.integers(1, 3))
def test_like_the_order_of_the_documentation(
    found: list[tuple[str, list[tuple[frozenset[str], frozenset[int]]]]], account: str | None, port: int
) -> None:
    """Of what it can say for sure it says what the rules of the documentation, one after the other, come to."""

    def matches(rules: list[tuple[frozenset[str], frozenset[int]]]) -> bool:
        return any((not who or account in who) and (not ports or port in ports) for who, ports in rules)

    allowing = [rules for action, rules in found if action == "ALLOW"]
    denied = any(matches(rules) for action, rules in found if action == "DENY")
    expected = not denied and (not allowing or any(map(matches, allowing)))
    written = []
    for action, rules in found:
        data = [
            {
                **({"from": [{"source": {"principals": [f"cluster.local/ns/n/sa/{each}" for each in who]}}]}
                   if who else {}),
                **({"to": [{"operation": {"ports": [str(each) for each in ports]}}]} if ports else {}),
            }
            for who, ports in rules
        ]  # fmt: skip
        written.append(policy(yaml.safe_dump({"action": action, "rules": data})))
    client = Client(("n", account) if account else None, AddressSet.of("10.0.0.1"))
    assert admits(*written, client=client, port=port) is (YES if expected else NO)

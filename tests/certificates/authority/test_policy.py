"""What an authority may do, and for whom."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.certificates.authority import durations, policy
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.identity import Identity, refusals
from crenel.certificates.authority.keys import KeyKind
from crenel.certificates.authority.policy import Policy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("24h", 86400), ("90m", 5400), ("1h30m", 5400), ("14d", 1209600), ("0s", 0), ("1d1h1m1s", 90061)],
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    """Days, hours, minutes and seconds, put together."""
    assert durations.parse(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "h", "24", "1.5h", "-1h", "1h ", "1y", "99999999d", "٣h"])
def test_what_is_no_length_of_time(text: str) -> None:
    """Everything else is refused."""
    with pytest.raises(ValueError, match=r"length of time|hundred years"):
        durations.parse(text)


@given(st.integers(0, 36525 * 86400))
def test_lengths_of_time_are_read_back(seconds: int) -> None:
    """What is written is read as the same."""
    assert durations.parse(durations.text(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(seed=st.text(max_size=20), wildcards=st.booleans(), key=st.sampled_from(KeyKind), jitter=st.floats(0, 0.4))
def test_policies_are_read_back(
    tmp_path_factory: pytest.TempPathFactory, seed: str, wildcards: bool, key: KeyKind, jitter: float
) -> None:
    """A policy is written as TOML that is read as the same policy, whatever characters are in it."""
    folder = tmp_path_factory.getbasetemp()
    rules = Policy(trust_domain="example.org", seed=seed, wildcards=wildcards, key=key, jitter=jitter, ip=("::/0",))
    (folder / "ca.toml").write_text(rules.text(), "utf-8")
    assert policy.read(folder) == rules


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "trust_domain is missing"),
        ({"trust_domain": "a b"}, "is no trust domain"),
        ({"trust_domain": "a", "dns": ["-a"]}, "is no DNS name"),
        ({"trust_domain": "a", "dns": "svc"}, "is no list of texts"),
        ({"trust_domain": "a", "ip": ["10.0.0.0/40"]}, "is no CIDR"),
        ({"trust_domain": "a", "key": "p384"}, "none of p256, ed25519, rsa3072"),
        ({"trust_domain": "a", "leaf": "0h"}, "a leaf lives"),
        ({"trust_domain": "a", "leaf": "15d"}, "not longer than an intermediate"),
        ({"trust_domain": "a", "renew_at": 0.95}, "between the beginning and the end"),
        ({"trust_domain": "a", "renew_at": True}, "is no number"),
        ({"trust_domain": "a", "crl": "0s"}, "a list holds for some time"),
        ({"trust_domain": "a", "crl_url": "ftp://x"}, "no address of a web page"),
    ],
)
def test_policies_that_make_no_sense(table: dict[str, object], words: str) -> None:
    """Each line that makes no sense is named."""
    with pytest.raises(AuthorityError, match=words):
        policy.parse(table)


def test_the_domain_of_the_cluster_is_a_domain_of_names() -> None:
    """Without `dns`, names of Services in the cluster's own domain are those that certificates may have."""
    assert policy.parse({"trust_domain": "a", "cluster_domain": "k8s.example"}).dns == ("svc", "svc.k8s.example")


RULES = Policy(trust_domain="example.org", dns=("svc", "example.org"), ip=("192.0.2.0/24",), namespaces=("shop",))


@pytest.mark.parametrize(
    ("identity", "reason"),
    [
        (Identity.of("spiffe://example.org/ns/shop/sa/web", ("web.shop.svc",), ("192.0.2.1",)), ""),
        (Identity.of(), "there is no name in it"),
        (Identity.of("spiffe://example.org/ns/pay/sa/web"), "the policy has no namespace pay"),
        (Identity.of("spiffe://example.com/ns/shop/sa/web"), "the trust domain is example.org"),
        (Identity.of("spiffe://example.org/ns/shop/sa/.."), "no name that Kubernetes takes"),
        (Identity.of("spiffe://example.org/shop/web"), "is not spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICEACCOUNT"),
        (Identity.of("", ("example.com",)), "the policy has names below svc, example.org only"),
        (Identity.of("", ("badexample.org",)), "the policy has names below"),
        (Identity.of("", ("*.web.shop.svc",)), "the policy has no such wildcard"),
        (Identity.of("", ("web..svc",)), "is no DNS name"),
        (Identity.of("", ("web_.svc",)), "is no DNS name"),
        (Identity.of("", (), ("192.0.3.1",)), "the policy does not have this address"),
        (Identity.of("", (), ("::ffff:192.0.2.1",)), "the policy does not have this address"),
        (Identity.of("", (), ("fe80::1%eth0",)), "an address with a zone means nothing elsewhere"),
        (Identity.of("", (), ("192.0.2",)), "this is no address"),
    ],
)
def test_identities_that_a_policy_has(identity: Identity, reason: str) -> None:
    """The first reason against an identity, or none."""
    found = refusals(identity, RULES)
    assert (reason in found[0]) if reason else not found


def test_wildcards_are_below_names_of_services_only() -> None:
    """What was derived from a headless Service has a wildcard; one for a whole domain is never taken."""
    assert refusals(Identity.of("", ("*.web.shop.svc",)), RULES, derived=True) == []
    assert refusals(Identity.of("", ("*.svc",)), RULES, derived=True) == ["*.svc: the policy has no such wildcard"]


def test_names_are_in_one_form() -> None:
    """Two ways to write the same names are the same identity, so that nothing is issued anew for that."""
    one = Identity.of("", ("B.svc", "a.svc", "a.svc"), ("2001:0db8:0::1",))
    assert one == Identity.of("", ("a.svc", "b.svc"), ("2001:db8::1",))


def test_a_folder_without_a_policy(tmp_path: Path) -> None:
    """A folder that is no authority is said to be none."""
    with pytest.raises(AuthorityError, match=r"is no authority: it has no ca\.toml"):
        policy.read(tmp_path)

"""Which hosts a certificate speaks for: the rules of RFC 9525, one by one."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from certificates.making import issue
from crenel.certificates.material.certificate import Names
from crenel.certificates.material.names import covers, normal


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("shop.example.com", "shop.example.com", True),
        ("shop.example.com", "SHOP.Example.com", True),
        ("SHOP.example.com", "shop.example.com", True),
        ("shop.example.com", "shop.example.com.", True),
        ("shop.example.com.", "shop.example.com", True),
        ("shop.example.com", "shop.example.com..", False),
        ("shop.example.com", "example.com", False),
        ("shop.example.com", "a.shop.example.com", False),
        ("*.example.com", "shop.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "*.b.example.com", False),
        ("shop.example.com", "*.example.com", False),
        ("s*.example.com", "shop.example.com", False),
        ("*p.example.com", "shop.example.com", False),
        ("shop.*.com", "shop.example.com", False),
        ("*.*.com", "shop.example.com", False),
        ("*", "localhost", False),
        ("*", "*", False),
        ("*.com", "example.com", True),
        ("xn--bcher-kva.example", "bücher.example", True),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("*.example", "bücher.example", True),
        ("xn--bcher-kva.example", "BÜCHER.example", True),
        ("10.0.0.1", "10.0.0.1", False),
        ("shop.example.com", "", False),
        ("", "", False),
        ("*.", "a.", False),
    ],
)
def test_dns_names(name: str, host: str, expected: bool) -> None:
    """The left-most label alone may be a wildcard, and stands for one label."""
    assert covers(Names(dns=(name,)), host) is expected


@pytest.mark.parametrize(
    ("address", "host", "expected"),
    [
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.2", False),
        ("2001:db8::1", "2001:db8:0::1", True),
        ("2001:db8::1", "[2001:db8::1]", True),
        ("10.0.0.1", "::ffff:10.0.0.1", False),
    ],
)
def test_addresses(address: str, host: str, expected: bool) -> None:
    """An address is covered by an iPAddress, whatever way it is written."""
    assert covers(Names(ips=(ipaddress.ip_address(address),)), host) is expected


def test_the_common_name_is_no_name() -> None:
    """A certificate with a common name alone covers nothing."""
    assert not covers(issue("shop.example.com").certificate, "shop.example.com")


def test_uris_and_mail_are_no_hosts() -> None:
    """Other kinds of names cover no host."""
    made = issue("x", uris=("spiffe://shop.example.com/x",), more=((x509.IssuerAlternativeName([]), False),))
    assert not covers(made.certificate, "shop.example.com")


LABELS = st.sampled_from(["a", "b", "*", "A", "xn--a", "é", ""])
HOSTS = st.lists(LABELS, max_size=4).map(".".join)


@given(pattern=HOSTS, host=HOSTS)
def test_as_the_rules_say(pattern: str, host: str) -> None:
    """Label by label: equal, or the first of the pattern is a star."""
    mine, wanted = normal(pattern), normal(host)
    ours, theirs = mine.split("."), wanted.split(".")
    same = len(ours) == len(theirs) and ours[1:] == theirs[1:] and bool(wanted) and "*" not in theirs[1:]
    if theirs[0] == "*":
        expected = same and ours[0] == "*" and len(theirs) > 1
    elif ours[0] == "*":
        expected = same and len(ours) > 1 and bool(theirs[0]) and bool(".".join(theirs[1:]))
    else:
        expected = same and ours[0] == theirs[0]
    assert covers(Names(dns=(pattern,)), host) is expected

"""Host names: what falls under a wildcard, what two hosts have in common, what a header means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.routing.hosts import ANY, Host, plain
from routing.strategies import NAMES, hosts

ALL_NAMES = (*NAMES, "z.y.x.a.com", "z.com", "com.a", "acom", "x.b.a.com", "other.org")
any_host = st.one_of(hosts, st.sampled_from(NAMES).map(lambda name: Host(name, wildcard=True, one_label=True)))


@pytest.mark.parametrize(
    ("text", "name", "one", "many"),
    [
        ("*.a.com", "x.a.com", True, True),
        ("*.a.com", "y.x.a.com", False, True),
        ("*.a.com", "a.com", False, False),
        ("*.a.com", "ba.com", False, False),
        ("*.a.com", ".a.com", False, False),
        ("a.com", "a.com", True, True),
        ("A.com.", "a.com", True, True),
        ("a.com", "x.a.com", False, False),
        ("", "a.com", True, True),
        ("*", "", True, True),
        (None, "a.com", True, True),
    ],
)
def test_what_falls_under_a_host(text: str | None, name: str, one: bool, many: bool) -> None:
    """A wildcard stands for one label in an Ingress, for one or more in a Gateway, and never for none."""
    assert (Host.of(text, one_label=True).matches(name), Host.of(text).matches(name)) == (one, many)


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        ("Shop.Example.com:8443", "shop.example.com"),
        ("shop.example.com.", "shop.example.com"),
        ("[2001:DB8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("", ""),
        (":80", ""),
    ],
)
def test_the_name_in_an_authority(authority: str, name: str) -> None:
    """Port, brackets, case and the final dot are no part of the name."""
    assert plain(authority) == name


@given(any_host, any_host)
def test_what_two_hosts_have_in_common(one: Host, other: Host) -> None:
    """A name falls under the common host exactly when it falls under both; it does not matter which comes first."""
    common = one.common(other)
    both = [name for name in ALL_NAMES if one.matches(name) and other.matches(name)]
    assert both == [name for name in ALL_NAMES if common is not None and common.matches(name)]
    assert common == other.common(one)


@given(any_host)
def test_a_host_is_written_as_it_is_read(host: Host) -> None:
    """Reading what is written gives the same host."""
    assert Host.of(str(host), one_label=host.one_label) == host
    assert host.common(ANY) == host

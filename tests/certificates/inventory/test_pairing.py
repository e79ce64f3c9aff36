"""Which key goes with which certificate, whatever the values of a Secret are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certificates.inventory.pieces import entries, secret, take, thing
from certificates.making import Issued, authority, key, leaf
from crenel.certificates.inventory.model import Use

ROOT = authority()
PAIRS = [leaf(f"h{number}", ROOT, private=key(200 + number)) for number in range(4)]
ONE, TWO = PAIRS[:2]


def paired(values: dict[str, str]) -> dict[str, tuple[str, bool | None]]:
    """What the values of a Secret are there for, and whether the keys fit."""
    found = entries(secret("x", values))
    return {title.removeprefix("secret shop/x "): (each.use.value, each.matches) for title, each in found.items()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"tls.crt": ONE.pem, "tls.key": ONE.key_pem}, {"tls.crt": ("pair", True)}),
        ({"tls.crt": ONE.pem, "tls.key": TWO.key_pem}, {"tls.crt": ("pair", False)}),
        ({"cert": ONE.pem, "anything": ONE.key_pem}, {"cert": ("pair", True)}),
        ({"cert": ONE.pem, "anything": TWO.key_pem}, {"cert": ("pair", None), "anything": ("key", None)}),
        ({"server.pem": ONE.pem, "server-key.pem": ONE.key_pem}, {"server.pem": ("pair", True)}),
        ({"all.pem": ONE.key_pem + ONE.pem + ROOT.pem}, {"all.pem": ("pair", True)}),
        ({"all.pem": ONE.pem + TWO.key_pem}, {"all.pem": ("pair", False)}),
        ({"ca.crt": ROOT.pem}, {"ca.crt": ("bundle", None)}),
        ({"ca.crt": ROOT.pem, "ca.key": ROOT.key_pem}, {"ca.crt": ("pair", True)}),
        ({"only.key": ONE.key_pem}, {"only.key": ("key", None)}),
        ({"request": "-----BEGIN CERTIFICATE REQUEST-----\nAA==\n-----END CERTIFICATE REQUEST-----"}, {}),
        ({"password": "hunter2", "notes": "none"}, {}),
        (
            {"a.crt": ONE.pem, "a.key": TWO.key_pem, "b.crt": TWO.pem, "b.key": ONE.key_pem},
            {"a.crt": ("pair", True), "b.crt": ("pair", True)},
        ),
        (
            {"tls.crt": ONE.pem, "tls.key": ONE.key_pem, "ca.crt": ROOT.pem, "chain.pem": ONE.pem + ROOT.pem},
            {"tls.crt": ("pair", True), "ca.crt": ("bundle", None), "chain.pem": ("pair", True)},
        ),
    ],
)
def test_by_key_and_by_name(values: dict[str, str], expected: dict[str, tuple[str, bool | None]]) -> None:
    """A certificate's key is the one that fits; where none fits, the one of its name."""
    assert paired(values) == expected


@given(
    chosen=st.lists(st.sampled_from(PAIRS), unique_by=lambda each: each.certificate.fingerprint, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_fitting_keys_are_found_whatever_they_are_called(chosen: list[Issued], order: object) -> None:
    """Under any names, each certificate whose key is there is paired with it, and no key is left."""
    names = [f"n{number}" for number in range(2 * len(chosen))]
    order.shuffle(names)  # type: ignore[attr-defined]
    values = {names[2 * at]: each.pem for at, each in enumerate(chosen)}
    values |= {names[2 * at + 1]: each.key_pem for at, each in enumerate(chosen)}
    found = take(secret("x", dict(sorted(values.items())))).entries
    assert sorted(each.label for each in found) == sorted(names[::2])
    assert all(each.matches for each in found)


def test_string_data_takes_the_place_of_data() -> None:
    """As the API has it, the value in stringData wins."""
    made = secret("x", {"tls.crt": ONE.pem, "tls.key": ONE.key_pem}) | {"stringData": {"tls.crt": TWO.pem}}
    (entry,) = take(made).entries
    assert entry.certificates == (TWO.certificate,) and entry.matches is False
    assert entry.field == ("stringData", "tls.crt")


def test_the_last_of_two_secrets_counts() -> None:
    """A Secret that is there twice is what was written last."""
    found = take(secret("x", {"a.crt": ONE.pem}), secret("x", {"b.crt": TWO.pem}))
    assert [each.label for each in found.entries] == ["b.crt"]
    assert [*found.secrets] == [("shop", "x")]


@pytest.mark.parametrize("kind", ["kubernetes.io/service-account-token", "helm.sh/release.v1"])
def test_what_is_not_looked_into(kind: str) -> None:
    """Tokens of service accounts hold the cluster's own CA, the same in each."""
    made = secret("x", {"ca.crt": ROOT.pem}, type_=kind)
    assert take(made).entries == []
    assert take(made).secrets["shop", "x"].type == kind


def test_a_secret_without_values() -> None:
    """Of one whose values were left out it is known that they were."""
    facts = take(thing("v1", "Secret", "x", type="kubernetes.io/tls")).secrets["shop", "x"]
    assert (facts.held, facts.entries, facts.pair) == (False, [], None)


def test_titles_and_uses() -> None:
    """The pair that is shown is that of tls.crt, whatever else there is."""
    made = secret("x", {"a.crt": TWO.pem, "tls.crt": ONE.pem, "tls.key": ONE.key_pem})
    facts = take(made).secrets["shop", "x"]
    assert facts.pair is not None and facts.pair.title == "secret shop/x tls.crt" and facts.pair.use is Use.PAIR
    assert facts.keys == {"a.crt", "tls.crt", "tls.key"}

"""A difference, narrowed to namespaces."""

from __future__ import annotations

import pytest

from crenel.provenance import NOWHERE
from crenel.questions.causes import Cause
from crenel.questions.connections import Connection
from crenel.questions.diff import Change, Difference
from crenel.questions.parties import Party
from crenel.questions.within import touching

HOMES = {"a/x": "a", "a/y": "a", "b/x": "b"}
OUTSIDE = Party(("0.0.0.0/0",), outside=True)


def kept(party: Party, namespace: str) -> bool:
    """Whether a connection between a party and the outside is kept."""
    change = Change(Connection(OUTSIDE, party, (("TCP", "80"),)), "none", "sure", ("p",))
    found = touching(Difference((change,), (), (Cause("p", "added", NOWHERE),)), [namespace], HOMES)
    assert bool(found.added) is bool(found.causes)
    return bool(found)


@pytest.mark.parametrize(
    ("party", "namespace", "expected"),
    [
        (Party(("a/x",)), "a", True),
        (Party(("a/x",)), "b", False),
        (Party(("ab/x",)), "a", False),
        (Party(("a/*",), ("a/x",)), "a", True),
        (Party(("*",)), "b", True),
        (Party(("*",), ("a/*",)), "a", False),
        (Party(("*",), ("b/x",)), "b", False),
        (Party(("*",), ("a/x",)), "a", True),
        (OUTSIDE, "a", False),
    ],
)
def test_touching(party: Party, namespace: str, expected: bool) -> None:
    """A group touches a namespace when a workload of it is left after the exceptions."""
    assert kept(party, namespace) is expected

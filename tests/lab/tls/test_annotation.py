"""The annotation by which people say what a port speaks."""

from __future__ import annotations

import pytest

from crenel.lab.tls import annotation
from crenel.lab.tls.annotation import Unclear
from crenel.lab.tls.kinds import Kind


@pytest.mark.parametrize(
    ("text", "port", "names", "said"),
    [
        ("mtls", 8443, [], (True, Kind.MUTUAL)),
        ("8443=mtls, metrics=plain", 8443, [], (True, Kind.MUTUAL)),
        ("8443=mtls, metrics=plain", 9090, ["metrics"], (True, None)),
        ("8443=mtls, metrics=plain", 9091, ["other", ""], (False, None)),
        ("tls,8443=permissive", 8443, [], (True, Kind.PERMISSIVE)),
        ("tls,8443=permissive", 9000, [], (True, Kind.TLS)),
        ("web=tls,8443=mtls", 8443, ["web"], (True, Kind.MUTUAL)),
        ("", 8443, [], (False, None)),
        (" , ", 8443, [], (False, None)),
    ],
)
def test_a_number_counts_before_a_name_and_that_before_all(
    text: str, port: int, names: list[str], said: tuple[bool, Kind | None]
) -> None:
    """What is said of a port by number, by name, and of all ports, in this order."""
    assert annotation.of(annotation.read(text), port, names) == said


@pytest.mark.parametrize("text", ["yes", "8443", "8443=", "8443=TLS", "8443:mtls", "a=tls b=tls"])
def test_what_makes_no_sense_is_said(text: str) -> None:
    """A word that is no kind is named together with those that are."""
    with pytest.raises(Unclear, match=r" is none of tls, mtls, permissive, plain, with or without PORT= before it$"):
        annotation.read(text)

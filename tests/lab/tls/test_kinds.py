"""Whom a port of each kind answers."""

from __future__ import annotations

from crenel.lab.tls.kinds import Client, Kind, accepts


def test_whom_each_kind_accepts() -> None:
    """One with the server's certificate alone asks for none; the others take the right one, and some plain text."""
    yes, no = True, False
    expected = {
        Kind.TLS: [None, yes, None, None, None, no],
        Kind.MUTUAL: [yes, no, no, no, no, no],
        Kind.PERMISSIVE: [yes, no, no, no, no, yes],
    }
    order = [Client.OWN, Client.NONE, Client.STRANGER, Client.FORGED, Client.EXPIRED, Client.PLAIN]
    assert order == list(Client)
    for kind, row in expected.items():
        assert [accepts(kind, client) for client in order] == row

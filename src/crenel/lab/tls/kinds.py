"""How a port takes connections, and whom it is to answer."""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """How a port is declared to take connections."""

    TLS = "TLS"
    """With the server's certificate alone: whoever speaks TLS is answered."""
    MUTUAL = "mutual TLS"
    """With certificates of both sides."""
    PERMISSIVE = "permissive"
    """With certificates of both sides, or in plain text."""


class Client(enum.Enum):
    """What a client comes with."""

    OWN = "own"
    """The certificate of its workload."""
    NONE = "none"
    STRANGER = "stranger"
    """One of a CA that nobody knows."""
    FORGED = "forged"
    """One with all names of its own, of a CA that has the name of the right one."""
    EXPIRED = "expired"
    PLAIN = "plain text"


def accepts(kind: Kind, client: Client) -> bool | None:
    """Whether a port of a kind answers a client; None where it never sees the certificate, because it asks for none."""
    if client is Client.PLAIN:
        return kind is Kind.PERMISSIVE
    if kind is Kind.TLS:
        return True if client is Client.NONE else None
    return client is Client.OWN

"""The chain that a server sent: whether it is what was asked for, and which of several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from cryptography.x509.oid import NameOID

from crenel.certificates.acme.errors import AcmeError
from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.names import covers

_SLOW = timedelta(days=1)
"""How wrong the clock of this machine may be."""


def chosen(chains: Sequence[bytes], issuer: str) -> bytes:
    """The first chain whose last certificate was issued by a common name; the server's own choice without one.

    Raises:
        AcmeError: the server has no such chain.
    """
    if not issuer:
        return chains[0]
    found = {_issuer(each): each for each in reversed(chains)}
    if issuer not in found:
        offered = ", ".join(sorted(map(repr, filter(None, found)))) or "none that says"
        raise AcmeError(f"no chain ends with {issuer!r}; the server has {offered}")
    return found[issuer]


def examine(data: bytes, spki: str, hosts: Sequence[str], now: datetime) -> tuple[Certificate, ...]:
    """Read a chain: leaf first, each signed by the next, the leaf for our key and all hosts.

    Raises:
        AcmeError: it is not so.
    """
    found = pem.read(data)
    chain = found.certificates
    if found.problems or not chain or found.has_private_key:
        raise AcmeError("what the server sent is no chain of certificates")
    leaf = chain[0]
    if leaf.spki != spki:
        raise AcmeError("the server sent a certificate for another key")
    if missing := [host for host in hosts if not covers(leaf, host)]:
        raise AcmeError(f"the server sent a certificate that does not cover {missing[0]}")
    if leaf.not_after <= now - _SLOW:
        raise AcmeError("the server sent a certificate that has expired")
    if any(not one.signed_by(other) for one, other in pairwise(chain)):
        raise AcmeError("the server sent a chain that is not in the order of signing")
    return chain


def _issuer(data: bytes) -> str:
    """The common name of who signed the last certificate; empty where that cannot be read."""
    found = pem.read(data).certificates
    try:
        return str(found[-1].loaded.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)
    except (IndexError, ValueError):
        return ""

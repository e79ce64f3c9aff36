"""Whether a mesh lets a client in at a port: by the certificate that it shows, or by the address that it comes from.

Policies of a mesh are no packet filters: the proxy beside the receiver decides, and knows peers by service accounts.
What cannot be known from the input is unknown, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from crenel.dialects.known import Truth
from crenel.network.addresses import AddressSet

Account: TypeAlias = tuple[str, str]
"""A service account, by namespace and name."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who opens a connection: with the certificate of `account`, or in plain text where that is None.

    `addresses` are all that it may come from; empty where they are not known.
    """

    account: Account | None
    addresses: AddressSet = AddressSet()


def negated(truth: Truth) -> Truth:
    """The opposite."""
    return {Truth.YES: Truth.NO, Truth.NO: Truth.YES}.get(truth, Truth.UNKNOWN)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Whether all hold; YES for none."""
    found = set(truths)
    if Truth.NO in found:
        return Truth.NO
    return Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.YES


def any_of(truths: Iterable[Truth]) -> Truth:
    """Whether one holds; NO for none."""
    return negated(all_of(map(negated, truths)))


def truth(value: bool) -> Truth:
    """What is known."""
    return Truth.YES if value else Truth.NO


def comes_from(client: Client, blocks: AddressSet) -> Truth:
    """Whether a client's address is one of some blocks."""
    if not client.addresses:
        return Truth.UNKNOWN
    if client.addresses <= blocks:
        return Truth.YES
    return Truth.UNKNOWN if client.addresses & blocks else Truth.NO


def addresses(texts: Iterable[Any]) -> AddressSet | None:
    """The addresses of some CIDRs and addresses; None where one of them cannot be read."""
    try:
        return AddressSet.of(*map(str, texts))
    except ValueError:
        return None


def listed(value: Any) -> list[Any]:
    """A list; empty for anything else."""
    return value if isinstance(value, list) else []


def table(value: Any) -> dict[str, Any]:
    """A mapping; empty for anything else."""
    return value if isinstance(value, dict) else {}

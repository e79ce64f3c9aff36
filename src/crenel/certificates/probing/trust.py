"""Who has to have signed what a server serves: the roots to judge its chain by, and who says so."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from crenel.certificates.material import pem
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Roots
from crenel.certificates.probing.targets import Target

BUNDLE = "caBundle"
"""The roots that the API server calls a server with."""
GIVEN = "--ca"
"""Roots that were given for all targets."""
SYSTEM = "this machine"
"""The roots of the operating system."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Some roots and where they come from."""

    source: str
    """`BUNDLE`, `GIVEN`, `SYSTEM`, or the Secret that they stand in."""
    roots: Roots

    @property
    def binding(self) -> bool:
        """Whether a chain that does not lead there is wrong: for all but the roots of this machine."""
        return self.source != SYSTEM


def trust_of(target: Target, given: Trust | None) -> Trust:
    """By whom a target is judged: what the input demands, else what was given, else what stands beside its Secret."""
    if target.trusts:
        return Trust(BUNDLE, Roots(target.roots))
    if given is not None:
        return given
    for stored in target.stored:
        if stored.roots:
            return Trust(stored.holder, Roots(stored.roots))
    return system()


def given(certificates: Sequence[Certificate]) -> Trust | None:
    """The trust in CAs that were given; None where there are none."""
    return Trust(GIVEN, Roots(certificates)) if certificates else None


@cache
def system() -> Trust:
    """The trust in the roots that OpenSSL finds on this machine."""
    context = ssl.create_default_context()
    found: list[Certificate] = []
    for der in context.get_ca_certs(binary_form=True):
        found += pem.read(der).certificates
    return Trust(SYSTEM, Roots(found))

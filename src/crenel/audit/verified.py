"""What checks ask the library for certificates: imported when there is a certificate to ask about, and not before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate
    from crenel.certificates.material.chains import Broken, Chain

_PUBLIC = ("2.23.140.1.2.1", "2.23.140.1.2.2", "2.23.140.1.2.3", "2.23.140.1.1")
"""Policies that only authorities under the CA/Browser Forum's rules assert (Baseline Requirements, 7.1.6.1)."""


def covers(certificate: Certificate, host: str) -> bool:
    """Whether a certificate speaks for a host."""
    from crenel.certificates.material import names  # noqa: PLC0415 - needs the extra

    return names.covers(certificate, host)


def unfit(certificate: Certificate, *, client: bool = False) -> str:
    """Why the usages of a certificate do not let a server, or a client, show it; empty where they do."""
    from crenel.certificates.material import chains  # noqa: PLC0415 - needs the extra

    found = chains.unfit(certificate, chains.Purpose.CLIENT if client else chains.Purpose.SERVER)
    return found.message if found is not None else ""


def ordered(certificates: Sequence[Certificate]) -> bool:
    """Whether each one names the next as its issuer."""
    from crenel.certificates.material import chains  # noqa: PLC0415 - needs the extra

    return chains.ordered(certificates)


def chain(
    leaf: Certificate, others: Sequence[Certificate], roots: Sequence[Certificate], at: datetime
) -> Chain | Broken:
    """The chain from a certificate through others to a trusted one, whatever it is for; or why there is none."""
    from crenel.certificates.material import chains  # noqa: PLC0415 - needs the extra

    return chains.build(leaf, others, roots, at, chains.Purpose.ANY)


def is_out_of_date(broken: Chain | Broken) -> bool:
    """Whether what is wrong with a chain is the time."""
    from crenel.certificates.material import chains  # noqa: PLC0415 - needs the extra

    late = (chains.Reason.EXPIRED, chains.Reason.NOT_YET_VALID)
    return isinstance(broken, chains.Broken) and broken.reason in late


def is_public(certificate: Certificate) -> bool:
    """Whether a public authority issued a certificate: it asserts one of their policies."""
    from cryptography import x509  # noqa: PLC0415 - needs the extra

    found = certificate.extension(x509.CertificatePolicies)
    return found is not None and any(each.policy_identifier.dotted_string in _PUBLIC for each in found)


def keys_of(text: bytes) -> list[str]:
    """The fingerprints of the public keys of the certificates in a text of PEM."""
    from crenel.certificates.material import pem  # noqa: PLC0415 - needs the extra

    return [each.spki for each in pem.read(text).certificates]


def weakness(certificate: Certificate) -> str:
    """What is weak about the key or the signature of a certificate; empty where nothing is."""
    from crenel.certificates.inventory import faults  # noqa: PLC0415 - needs the extra

    return faults.weakness(certificate)

"""What is wrong with a server: an id, how bad it is, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass

CRITICAL, HIGH, MEDIUM, LOW = "critical", "high", "medium", "low"
SEVERITIES = (CRITICAL, HIGH, MEDIUM, LOW)
"""The worst one first."""

TITLES = {
    "TL-01": "Certificate expired",
    "TL-02": "Certificate expires soon relative to its own lifetime",
    "TL-03": "SAN does not cover the host it serves",
    "TL-06": "Weak key or signature",
    "TL-07": "Chain incomplete, wrong order or contains expired intermediate",
    "TL-09": "EKU/key usage wrong for use",
    "TL-11": "Webhook caBundle does not verify the served certificate",
    "TL-12": "Old certificate served after rotation",
    "TL-13": "Old versions or weak suites offered",
    "TL-14": "HTTP listener without redirect or HSTS",
    "TL-15": "mTLS not enforced",
    "unreachable": "No connection could be made",
    "no-tls": "No TLS is spoken",
    "no-certificate": "The server's certificate was not seen",
    "broken-certificate": "The server's certificate cannot be read",
    "not-yet-valid": "Certificate not valid yet",
    "untrusted": "Chain does not lead to the CA that was given",
    "outside-profile": "More is accepted than the profile allows",
    "ocsp-revoked": "The stapled OCSP response says that the certificate is revoked",
    "ocsp-stale": "The stapled OCSP response is out of date",
    "must-staple": "No OCSP response is stapled, and the certificate demands it",
    "mtls-unproven": "Whether client certificates are demanded could not be proved",
    "mtls-refused": "The right client certificate is refused",
    "not-examined": "Its time was up",
}
"""Each finding by its id, in a few words. Ids that begin with TL are those of the catalogue of `crenel audit`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong."""

    id: str
    """One of `TITLES`."""
    severity: str
    """One of `SEVERITIES`."""
    message: str
    """One sentence without its end."""

    @property
    def title(self) -> str:
        """What the id means."""
        return TITLES[self.id]


def by_severity(finding: Finding) -> tuple[int, str, str]:
    """The key that sorts findings, the worst first."""
    return SEVERITIES.index(finding.severity), finding.id, finding.message

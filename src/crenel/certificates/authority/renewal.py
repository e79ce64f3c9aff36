"""When a certificate is to be renewed: after a fraction of its own life, a little earlier or later by chance."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from crenel.certificates.authority.policy import Policy
from crenel.certificates.material.certificate import Certificate

_WHOLE = 1 << 64


def due(certificate: Certificate, policy: Policy, name: str = "") -> datetime:
    """When it is to be renewed. Its life is counted from when it was made, not from when it was backdated to.

    The jitter is drawn from its serial number, which is random; with the policy's seed, from that and `name`. So it is
    the same however often it is asked for.
    """
    made = certificate.not_before + policy.backdate
    life = max(certificate.not_after - made, timedelta())
    return made + life * (policy.renew_at + policy.jitter * _draw(certificate, policy, name))


def _draw(certificate: Certificate, policy: Policy, name: str) -> float:
    """A number from -1 to 1."""
    text = f"{policy.seed}/{name}" if policy.seed else certificate.serial
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return 2 * number / _WHOLE - 1

"""A certificate that lives too long.

## What it does

Compares the whole life of each leaf with what is allowed: 398 days, 200 from 2026-03-15 on, 100 from 2027-03-15 on and
47 from 2029-03-15 on for one that a public authority issued, by the day of its issuance; 366 days for one of a private
authority (setting `days`), and 90 for one that names a workload by a SPIFFE ID (setting `workload_days`). Authorities
themselves are left out. One step lower where nothing in the input uses it.

## Why it is bad

A key that was lost stays good for as long, for hardly any client asks whether a certificate was revoked. What is
renewed once in years is renewed by hand, by somebody who has left. Browsers refuse longer lives than these from public
authorities, and Apple's systems more than 825 days from anybody.

## Example

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: Secret
metadata: {name: shop-tls, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHuMIGhoAMCAQICAQowBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMjgwNDAxMDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAAUtu3g9VsYbarXYCc1m5vgOxz57spHXoO3HzKfgWDw+jHzAdMBsGA1Ud
    EQQUMBKCEHNob3AuZXhhbXBsZS5jb20wBQYDK2VwA0EAszvopMmuP/4scSHwT9qW
    nGz45Ig/rPX7yj+4RdE0GvEsWJAEgbOV1d/OzzgLxr4o4D/1jTN6WbI8emlEzunU
    CA==
    -----END CERTIFICATE-----
```

## Fix

Have it issued for 90 days or less, and renewed automatically:

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  defaultBackend: {service: {name: web, port: {number: 80}}}
---
apiVersion: v1
kind: Secret
metadata: {name: shop-tls, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHuMIGhoAMCAQICAQMwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYx
    MTAxMDAwMDAwWhcNMjcwMTMwMDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAAUtu3g9VsYbarXYCc1m5vgOxz57spHXoO3HzKfgWDw+jHzAdMBsGA1Ud
    EQQUMBKCEHNob3AuZXhhbXBsZS5jb20wBQYDK2VwA0EAVdt55ysxgj6QfiowN9Ds
    j42tMDflq9nrpBc4blpiieknLezVGvEhY6p5w5lwyULLu2Bk3aFlAuu23SSexbMj
    Dg==
    -----END CERTIFICATE-----
```

## References

- CA/Browser Forum, Baseline Requirements 6.3.2, as ballot SC-081v3 has it
- Mozilla, Server Side TLS 5.8: maximum certificate lifespan of 366 days
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crenel.audit.certified import day, severity, unused, users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.signed import Leaf, leaves
from crenel.audit.subject import Subject
from crenel.audit.verified import is_public

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

CHECK = Check(
    "TL-08",
    "Certificate lives too long",
    Pillar.TLS,
    Severity.MEDIUM,
    options={"days": 366, "workload_days": 90},
)
_PUBLIC = (
    (datetime(2029, 3, 15, tzinfo=UTC), 47),
    (datetime(2027, 3, 15, tzinfo=UTC), 100),
    (datetime(2026, 3, 15, tzinfo=UTC), 200),
    (datetime(2020, 9, 1, tzinfo=UTC), 398),
)
"""Days that a public authority may issue for, from when on."""
_DAY = 86400.0


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each certificate."""
    for leaf in leaves(subject.certificates):
        certificate = leaf.certificate
        if certificate.is_ca and not any(not each.mounted for each in leaf.entry.served):
            continue
        most, whose = _most(subject, certificate)
        if certificate.lifetime > (most + 1) * _DAY:
            yield _finding(leaf, most, whose)


def _most(subject: Subject, certificate: Certificate) -> tuple[int, str]:
    """The days that are allowed, and for whom."""
    if is_public(certificate):
        begun = certificate.not_before
        return next((days for start, days in _PUBLIC if begun >= start), 825), "a public authority"
    spiffe = any(each.startswith("spiffe://") for each in certificate.names.uris)
    days = subject.settings.option(CHECK, "workload_days" if spiffe else "days")
    assert isinstance(days, int)
    return days, "a workload" if spiffe else "a private authority"


def _finding(leaf: Leaf, most: int, whose: str) -> Finding:
    certificate, entry = leaf.certificate, leaf.entry
    days = round(certificate.lifetime / _DAY)
    what = f"{days} days, where {most} are allowed for {whose}"
    return CHECK.found(
        entry.place,
        f"the certificate of {certificate.title} lives {what}{leaf.more}{unused(entry)}",
        field=entry.field,
        severity=severity(CHECK, entry),
        evidence=[f"from {day(certificate.not_before)} to {day(certificate.not_after)}", *users(entry)],
        fix="have it issued for 90 days or less, and renewed automatically",
    )

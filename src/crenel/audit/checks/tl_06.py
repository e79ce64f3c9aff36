"""A certificate with a weak key, or a weak signature.

## What it does

Looks at every certificate of the input: RSA keys below 2048 bits, DSA keys, elliptic curves other than P-256, P-384 and
P-521, and signatures over MD5 or SHA-1. The signature of a certificate that signed itself protects nothing and does not
count. Each certificate is one finding, however many Secrets hold it. One step lower where nothing in the input uses it,
or trusts it.

## Why it is bad

Keys of that kind can be computed from the certificate by those with means, signatures of that kind be moved to another
certificate. Clients of today refuse many of them.

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
    MIIBEjCBxaADAgECAgEHMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDBOMBAG
    ByqGSM49AgEGBSuBBAAhAzoABGPd+L+V9Hbs9Uf3o94JjHH7R1FLU6dUbcOAiIq1
    99S3cUvdUTnL7WWlSKxA81hriMae1PZmOl4Qox8wHTAbBgNVHREEFDASghBzaG9w
    LmV4YW1wbGUuY29tMAUGAytlcANBAN7m4l27ntSJLxBjlWEkNF/6uWeIAOXSgD/+
    0GwOtYm0JAdMh9kU5PRuAwMx/Pb3iMLOKMOdLsbu/6RlG0ilQgE=
    -----END CERTIFICATE-----
```

## Fix

Have it issued for a key of P-256 or Ed25519, or of RSA with 2048 bits or more:

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

- Mozilla, Server Side TLS 5.8; CA/Browser Forum, Baseline Requirements 6.1.5
- NIST SP 800-131A Rev. 2, SP 800-57 Part 1 Rev. 5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crenel.audit.certified import distinct, severity, unused, users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.verified import weakness
from crenel.certificates.inventory.model import Entry, Use

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

CHECK = Check("TL-06", "Weak key or signature", Pillar.TLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each certificate."""
    for entry, position, certificate, others in distinct(subject.certificates):
        if what := weakness(certificate):
            yield _finding(entry, position, certificate, what, others)


def _finding(entry: Entry, position: int, certificate: Certificate, what: str, others: int) -> Finding:
    bundle = entry.use is Use.BUNDLE
    spare = bundle and not entry.trusted and entry.place.kind == "secret"
    which = f"certificate {position + 1} of {entry.label}, {certificate.title}," if position or bundle else (
        f"the certificate of {certificate.title}"
    )  # fmt: skip
    more = f" (and {others} more hold it)" if others else ""
    return CHECK.found(
        entry.place,
        f"{which} is weak: {what}{more}{'' if bundle else unused(entry)}",
        field=entry.field,
        severity=CHECK.severity.lowered() if spare else severity(CHECK, entry) if not bundle else None,
        evidence=users(entry) or [f"trusted by {each}" for each in entry.trusted[:5]],
        fix="have it issued anew, for a key of P-256, Ed25519 or RSA 2048, signed over SHA-256",
    )

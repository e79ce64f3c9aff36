"""A chain that clients cannot follow.

## What it does

Looks at what a key pair shows beside its own certificate: another certificate first, the wrong order, an expired
intermediate, an intermediate that is missing, and a root. An intermediate counts as missing where the input has it and
the pair does not, or where a public authority issued the certificate, whose roots never sign leaves. Low where nothing
in the input uses the pair; a root that is sent along is for the persona pedantic, for it does no harm but its size.

## Why it is bad

Some clients look for missing certificates themselves, or have met them before: browsers show the page, while `curl`,
Java, Go and proxies refuse it. So it is found late.

## Example

The certificate is signed by an intermediate that is in another Secret:

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
    MIHyMIGloAMCAQICAQkwBQYDK2VwMBYxFDASBgNVBAMMC3Nob3Agc3ViIENBMB4X
    DTI2MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAq
    MAUGAytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8Pox8wHTAb
    BgNVHREEFDASghBzaG9wLmV4YW1wbGUuY29tMAUGAytlcANBADC58T6rcAJKC+ZZ
    A0w9rDiYlAFhn2XGP6fSR96e2+tJHA+wDlFahTou8UvneeIidp364O6QrpRH4tb1
    iSOm/go=
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: Secret
metadata: {name: shop-sub-ca, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHpMIGcoAMCAQICAQgwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMjkwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtzaG9wIHN1YiBD
    QTAqMAUGAytlcAMhAPm/iz6LyQ8t/5qPHyZ5MzmccUFjnJj0pM75uQ4+Gvy7oxMw
    ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAA8VjUaUGWpBT+NCf2RqPIJFh1nl
    J4N/wS7LgL6lo3voqt1bhd4OeuWy1nPC71unNsQr1eDkwRXXekdZPB3j6gc=
    -----END CERTIFICATE-----
```

## Fix

Write the leaf first, then each certificate that signed the one before, without the root:

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
    MIHyMIGloAMCAQICAQkwBQYDK2VwMBYxFDASBgNVBAMMC3Nob3Agc3ViIENBMB4X
    DTI2MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAq
    MAUGAytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8Pox8wHTAb
    BgNVHREEFDASghBzaG9wLmV4YW1wbGUuY29tMAUGAytlcANBADC58T6rcAJKC+ZZ
    A0w9rDiYlAFhn2XGP6fSR96e2+tJHA+wDlFahTou8UvneeIidp364O6QrpRH4tb1
    iSOm/go=
    -----END CERTIFICATE-----
    -----BEGIN CERTIFICATE-----
    MIHpMIGcoAMCAQICAQgwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMjkwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtzaG9wIHN1YiBD
    QTAqMAUGAytlcAMhAPm/iz6LyQ8t/5qPHyZ5MzmccUFjnJj0pM75uQ4+Gvy7oxMw
    ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAA8VjUaUGWpBT+NCf2RqPIJFh1nl
    J4N/wS7LgL6lo3voqt1bhd4OeuWy1nPC71unNsQr1eDkwRXXekdZPB3j6gc=
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: Secret
metadata: {name: shop-sub-ca, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHpMIGcoAMCAQICAQgwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMjkwMTAxMDAwMDAwWjAWMRQwEgYDVQQDDAtzaG9wIHN1YiBD
    QTAqMAUGAytlcAMhAPm/iz6LyQ8t/5qPHyZ5MzmccUFjnJj0pM75uQ4+Gvy7oxMw
    ETAPBgNVHRMBAf8EBTADAQH/MAUGAytlcANBAA8VjUaUGWpBT+NCf2RqPIJFh1nl
    J4N/wS7LgL6lo3voqt1bhd4OeuWy1nPC71unNsQr1eDkwRXXekdZPB3j6gc=
    -----END CERTIFICATE-----
```

## References

- RFC 8446, 4.4.2: Certificate
- CA/Browser Forum, Baseline Requirements 6.1.7: roots sign no leaves
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crenel.audit.certified import day, severity, unused, users
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.signed import Signers
from crenel.audit.subject import Subject
from crenel.audit.verified import is_public, ordered
from crenel.certificates.inventory.model import Entry

if TYPE_CHECKING:
    from datetime import datetime

CHECK = Check("TL-07", "Broken chain of certificates", Pillar.TLS, Severity.MEDIUM)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each pair and what is wrong with it first, and one for a root."""
    inventory = subject.certificates
    signers = Signers(inventory)
    for entry in inventory.pairs:
        what = _leaf(entry) or _order(entry) or _expired(entry, inventory.at) or _gap(entry, signers)
        if what:
            yield _finding(entry, what)
        elif len(entry.certificates) > 1 and entry.certificates[-1].self_issued and not entry.certificates[0].is_ca:
            yield _root(entry)


def _leaf(entry: Entry) -> str:
    first, rest = entry.certificates[0], entry.certificates[1:]
    own = next((each for each in rest if not each.is_ca), None)
    return f"its own certificate, {own.title}, does not come first" if first.is_ca and own is not None else ""


def _order(entry: Entry) -> str:
    if ordered(entry.certificates):
        return ""
    return "its certificates are not in the order in which each signed the one before"


def _expired(entry: Entry, at: datetime) -> str:
    late = next((each for each in entry.certificates[1:] if each.not_after < at and not each.self_issued), None)
    return f"its intermediate {late.title} expired on {day(late.not_after)}" if late is not None else ""


def _gap(entry: Entry, signers: Signers) -> str:
    """Which intermediate is missing: one that signed the last certificate and is no root."""
    last = entry.certificates[-1]
    if last.self_issued:
        return ""
    above = signers.of(last)
    if above:
        ends = any(held.certificate.self_issued or held.is_anchor or entry.secret in held.beside for held in above)
        return "" if ends else f"the intermediate {above[0].certificate.title}, which signed {last.title}, is missing"
    if is_public(last):
        return f"the intermediate that signed {last.title} is missing: a public authority signs no leaf with a root"
    return ""


def _finding(entry: Entry, what: str) -> Finding:
    return CHECK.found(
        entry.place,
        f"{what}{unused(entry)}",
        field=entry.field,
        severity=severity(CHECK, entry),
        evidence=users(entry),
        fix="write the leaf first, then each certificate that signed the one before, without the root",
    )


def _root(entry: Entry) -> Finding:
    return CHECK.found(
        entry.place,
        f"the root {entry.certificates[-1].title} is sent along, which clients have or do not trust",
        field=entry.field,
        severity=Severity.LOW,
        fix="leave the root out of what is shown",
        persona=Persona.PEDANTIC,
    )

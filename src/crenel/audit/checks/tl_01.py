"""A certificate that is out of date.

## What it does

Looks at the certificate that each key pair shows first: in Secrets, Routes, kubeconfigs and files. One that expired, or
is not valid yet, is a finding, once, however many Secrets hold it. Where the Secret of a Certificate of cert-manager is
not in the input, the end that its status names counts. One step lower where nothing in the input uses it. Certificates
in trust bundles are TL-20's, those in a caBundle TL-11's, those of meshes TL-17's. `--at` chooses the time to judge by.

## Why it is bad

Clients that verify refuse the connection, at once and all of them; those that do not notice do not verify.

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
    MIHuMIGhoAMCAQICAQIwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    NjAxMDAwMDAwWhcNMjYwODMwMDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAAUtu3g9VsYbarXYCc1m5vgOxz57spHXoO3HzKfgWDw+jHzAdMBsGA1Ud
    EQQUMBKCEHNob3AuZXhhbXBsZS5jb20wBQYDK2VwA0EAS8s0NwJCwZVOdRyPyhCv
    8xeXAOMwn529Jm6RPG+t6/rlIvHVgTM4qoiEYOpBziTi5rdzQ62BQ6CYfieUC9Mv
    CA==
    -----END CERTIFICATE-----
```

## Fix

Have it issued anew, and find out why its renewal did not happen (TL-02):

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

- RFC 5280, 4.1.2.5: Validity
- cert-manager API, CertificateStatus.notAfter
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.certified import day, mesh_of, severity, unused, users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.signed import Leaf, leaves
from crenel.audit.subject import Subject
from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import State

CHECK = Check("TL-01", "Certificate out of date", Pillar.TLS, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each certificate."""
    inventory = subject.certificates
    for leaf in leaves(inventory):
        certificate = leaf.certificate
        if mesh_of(leaf.entry):
            continue
        if inventory.at > certificate.not_after:
            yield _finding(leaf, f"expired on {day(certificate.not_after)}")
        elif inventory.at < certificate.not_before:
            yield _finding(leaf, f"is not valid before {day(certificate.not_before)}")
    for name, managed in inventory.certificates.items():
        facts = inventory.secrets.get((name[0], raw.text(managed.spec, "secretName")))
        ended = raw.time(managed.status, "notAfter")
        if ended is not None and inventory.at > ended and (facts is None or facts.pair is None):
            yield CHECK.found(
                managed.place,
                f"what was issued for it expired on {day(ended)}",
                field=("status", "notAfter"),
                fix="find out why it was not renewed: its conditions, its issuer, its requests",
            )


def _finding(leaf: Leaf, what: str) -> Finding:
    entry = leaf.entry
    renewal = entry.renewal
    by = f"renewed by {renewal.by}: {renewal.state.value}" if renewal.by else "nobody in the input renews it"
    return CHECK.found(
        entry.place,
        f"the certificate of {leaf.certificate.title} {what}{leaf.more}{unused(entry)}",
        field=entry.field,
        severity=severity(CHECK, entry),
        evidence=[*users(entry), f"{by} ({renewal.reason})" if renewal.reason else by],
        fix="have it issued anew" + (", and mend the renewal" if renewal.state is not State.NOBODY else ""),
    )

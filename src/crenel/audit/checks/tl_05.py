"""A private key that does not belong to its certificate.

## What it does

Compares the public half of each private key with the certificate that it lies beside: in Secrets, kubeconfigs, Routes
and files. Encrypted keys are left alone. One step lower where nothing in the input uses the pair. Of a key nothing but
its fingerprint is ever looked at.

## Why it is bad

Servers do not start with such a pair, or go on with an old one until they are started again: mostly the half of a
renewal that went wrong.

## Example

The key is the one that RFC 8410 publishes as an example, and protects nothing:

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
  tls.key: |
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    -----END PRIVATE KEY-----
```

## Fix

Write certificate and key together, from one issuance:

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
    MIHuMIGhoAMCAQICAQYwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYx
    MTAxMDAwMDAwWhcNMjcwMTMwMDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuGjHzAdMBsGA1Ud
    EQQUMBKCEHNob3AuZXhhbXBsZS5jb20wBQYDK2VwA0EABusvQtrWOe9Tg3/P2f4Z
    wzlMQh1TG2EHAdGkVy32gQhVClZTTZcJe+RDxGHjGzCqBQ49iNi311kZDWWMJv+t
    Bg==
    -----END CERTIFICATE-----
  tls.key: |
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    -----END PRIVATE KEY-----
```

## References

- k8s.io/api core/v1 SecretTypeTLS: tls.crt and tls.key
- RFC 8410, 10.3: Examples of Ed25519 Private Key
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.certified import severity, unused, users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject

CHECK = Check("TL-05", "Private key does not match certificate", Pillar.TLS, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each pair."""
    for entry in subject.certificates.pairs:
        if entry.matches is False and entry.leaf is not None and entry.key is not None:
            yield CHECK.found(
                entry.place,
                f"its private key ({entry.key}) is not that of the certificate of {entry.leaf.title} "
                f"({entry.leaf.key}){unused(entry)}",
                field=entry.key_field or entry.field,
                severity=severity(CHECK, entry),
                evidence=users(entry),
                fix="have certificate and key issued together anew",
            )

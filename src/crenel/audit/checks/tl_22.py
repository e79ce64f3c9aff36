"""A private key that is used in several namespaces.

## What it does

Compares the fingerprints of the keys in all Secrets that hold one: the same key in two namespaces or more is a finding,
once for each key. High where it is the key of an authority. Copies that a controller makes and marks (reflector,
replicator, kubed) are meant, and for the persona pedantic.

## Why it is bad

Whoever may read Secrets in one of the namespaces is the server of all. A renewal that reaches one copy leaves the
others behind.

## Example

The keys are the one that RFC 8410 publishes as an example, and protect nothing:

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
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
---
apiVersion: v1
kind: Secret
metadata: {name: copied, namespace: blog}
type: Opaque
stringData:
  tls.key: |
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
    -----END PRIVATE KEY-----
```

## Fix

Have a certificate with a key of its own issued in each namespace; a wildcard for many is best shown by one Gateway:

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
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

- NIST SP 800-57 Part 1 Rev. 5, 5.2: a key is used for one purpose
- cert-manager documentation, Syncing Secrets Across Namespaces
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.certificates.inventory.model import Entry, Inventory

CHECK = Check("TL-22", "Key used in several namespaces", Pillar.TLS, Severity.MEDIUM)
_COPIES = (
    "reflector.v1.k8s.emberstack.com/reflects",
    "replicator.v1.mittwald.de/replicated-from-version",
    "replicator.v1.mittwald.de/replicate-from",
    "kubed.appscode.com/origin",
)
"""Annotations of Secrets that a controller keeps the same as another."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each key."""
    inventory = subject.certificates
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in inventory.entries:
        if entry.secret is not None and entry.key is not None:
            found[entry.key.fingerprint].append(entry)
    for entries in found.values():
        spaces = dict.fromkeys(each.place.namespace for each in entries)
        if len(spaces) > 1:
            yield _finding(inventory, entries, list(spaces))


def _finding(inventory: Inventory, entries: list[Entry], spaces: list[str]) -> Finding:
    originals = {each.place.namespace for each in entries if not _is_copy(inventory, each)}
    first = next((each for each in entries if not _is_copy(inventory, each)), entries[0])
    meant = len(originals) < 2
    authority = any(each.leaf is not None and each.leaf.is_ca for each in entries)
    return CHECK.found(
        first.place,
        f"its private key{' of an authority' * authority} is in {len(spaces)} namespaces: {listed(spaces)}"
        f"{'; a controller keeps the copies' * meant}",
        field=first.key_field or first.field,
        severity=CHECK.severity.raised() if authority else None,
        evidence=[each.title for each in entries[:20]],
        fix="have a certificate with a key of its own issued in each namespace",
        persona=Persona.PEDANTIC if meant else None,
    )


def _is_copy(inventory: Inventory, entry: Entry) -> bool:
    facts = inventory.secrets.get(entry.secret) if entry.secret is not None else None
    return facts is not None and any(key in facts.annotations for key in _COPIES)

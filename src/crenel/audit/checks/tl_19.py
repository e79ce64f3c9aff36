"""A certificate that is renewed with the same key for ever.

## What it does

Looks at Certificates of cert-manager: `privateKey.rotationPolicy: Never`, the policy left out where the input shows a
cert-manager before 1.18 (when Always became the default), and requests of one Certificate that were answered for the
same key twice or more, which counts whatever is written now.

## Why it is bad

A key that got lost once, in a backup or a log, stays good through all renewals.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: shop}
spec:
  secretName: web-tls
  dnsNames: [shop.example.com]
  issuerRef: {name: internal}
  privateKey: {rotationPolicy: Never}
```

## Fix

Have each renewal make a new key; `--fix` writes it:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: cert-manager.io/v1
kind: Certificate
metadata: {name: web, namespace: shop}
spec:
  secretName: web-tls
  dnsNames: [shop.example.com]
  issuerRef: {name: internal}
  privateKey: {rotationPolicy: Always}
```

## References

- cert-manager API, CertificatePrivateKey.rotationPolicy; release notes 1.18
- NIST SP 800-57 Part 1 Rev. 5, 5.3: cryptoperiods
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.verified import keys_of
from crenel.certificates.inventory import certmanager, raw
from crenel.certificates.inventory.model import Managed, SecretName
from crenel.editing.patches import Patch, Set

CHECK = Check("TL-19", "Key never rotated", Pillar.TLS, Severity.MEDIUM)
_FIELD = ("spec", "privateKey", "rotationPolicy")
_IMAGE = re.compile(r"/cert-manager-controller:v?(\d+)\.(\d+)")
_ALWAYS = (1, 18)
"""Since this version a policy that is left out is Always."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Certificate."""
    inventory = subject.certificates
    if not inventory.certificates:
        return
    version, kept = _version(subject), _kept(inventory.requests)
    for name, each in inventory.certificates.items():
        policy = raw.text(each.spec, "privateKey", "rotationPolicy")
        if policy == "Never":
            yield _finding(each, "its renewals keep the key (rotationPolicy Never)")
        elif not policy and version is not None and version < _ALWAYS:
            words = f"its renewals keep the key: cert-manager {version[0]}.{version[1]} does unless told otherwise"
            yield _finding(each, words)
        elif times := kept.get(name, 0):
            yield _finding(each, f"{times} certificates were issued for it with the same key")


def _version(subject: Subject) -> tuple[int, int] | None:
    """The cert-manager that the input shows."""
    images = (
        container.image or "" for template in subject.templates for container in template.spec.containers or ()
    )  # fmt: skip
    found = [match for image in images if (match := _IMAGE.search(image)) is not None]
    return (int(found[0][1]), int(found[0][2])) if found else None


def _kept(requests: list[Managed]) -> Mapping[SecretName, int]:
    """By Certificate, how many requests were answered for one key; only where there were several."""
    found: dict[SecretName, Counter[str]] = defaultdict(Counter)
    for each in requests:
        content = raw.decoded(raw.text(each.status, "certificate"))
        keys = keys_of(content) if content else []
        if keys and (name := each.annotations.get(certmanager.NAME)):
            found[each.place.namespace, name][keys[0]] += 1
    return {name: most for name, counts in found.items() if (most := max(counts.values())) > 1}


def _finding(each: Managed, what: str) -> Finding:
    return CHECK.found(
        each.place,
        what,
        field=_FIELD,
        fix="set privateKey.rotationPolicy to Always",
        patch=Patch(each.place.origin, Set(_FIELD, "Always")),
    )

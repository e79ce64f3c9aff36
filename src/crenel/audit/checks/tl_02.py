"""A certificate that nobody renews in time.

## What it does

Goes by the fraction of its own life that a certificate has used up, never by a number of days: of 90 days as of 24
hours the last third is the alarm, when cert-manager should have renewed it. A finding is one that nobody renews and
that is in its last third, one of which the renewal fails, and one that was to be renewed and was not
(`status.renewalTime` of its Certificate). Where somebody may renew it who is not in the input, four fifths have to be
over. One step lower where more than 90 days are left, where the renewal still has two thirds of the life to work again,
and where nothing in the input uses the certificate.

## Why it is bad

The certificate will be out of date (TL-01), on a day that is known already. With thresholds in days, certificates that
live for 45 days are always in alarm and those that live for a day never.

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
    MIHuMIGhoAMCAQICAQQwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    OTEwMDAwMDAwWhcNMjYxMjA5MDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAAUtu3g9VsYbarXYCc1m5vgOxz57spHXoO3HzKfgWDw+jHzAdMBsGA1Ud
    EQQUMBKCEHNob3AuZXhhbXBsZS5jb20wBQYDK2VwA0EAZumdiy0DY2lvrrwlp/+g
    jIki3ojIBtHTkWVwnEoN0DZg1VnxSXGp5nqz2cBbdwZx5X3pY9AOqmDUl+4bUTsk
    Bw==
    -----END CERTIFICATE-----
```

## Fix

Renew it, and have somebody do so from now on, such as cert-manager by a Certificate:

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

- cert-manager documentation, Certificate resource: issuance triggers, renewBefore (two thirds of the life)
- letsencrypt.org, Decreasing Certificate Lifetimes to 45 Days
- jetstack/cert-manager#5432: renewed, and the Secret unchanged
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from crenel.audit.certified import SOON, day, mesh_of, percent, severity, unused, users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.signed import Leaf, leaves
from crenel.audit.subject import Subject
from crenel.certificates.inventory import certmanager, raw
from crenel.certificates.inventory.model import Inventory, Managed, Renewal, State

CHECK = Check("TL-02", "Certificate not renewed in time", Pillar.TLS, Severity.HIGH)
_LATE = 4 / 5
"""The part of its life after which somebody who is not in the input should have renewed a certificate."""
_AMPLE = timedelta(days=90)
_WRONG = (State.OVERDUE, State.FAILING)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Certificate of cert-manager, and for each pair that none writes."""
    inventory = subject.certificates
    for managed in inventory.certificates.values():
        if (found := _managed(inventory, managed)) is not None:
            yield found
    for leaf in leaves(inventory):
        entry, certificate = leaf.entry, leaf.certificate
        if entry.secret in inventory.writers or mesh_of(entry) or inventory.at > certificate.not_after:
            continue
        limits = {State.NOBODY: SOON, State.UNKNOWN: _LATE}
        limit = limits.get(entry.renewal.state)
        if limit is not None and certificate.used(inventory.at) >= limit:
            yield _leaf(inventory, leaf)


def _leaf(inventory: Inventory, leaf: Leaf) -> Finding:
    entry, certificate, renewal = leaf.entry, leaf.certificate, leaf.entry.renewal
    ample = certificate.not_after - inventory.at > _AMPLE
    level = severity(CHECK, entry)
    who = "and nobody in the input renews it" if not renewal.by else f"and {renewal.by} has not renewed it"
    why = "; lowered: there is ample time" if ample else ""
    return CHECK.found(
        entry.place,
        f"{percent(certificate, inventory.at)} of the life of the certificate of {certificate.title} is over, {who}; "
        f"it ends on {day(certificate.not_after)}{leaf.more}{why}{unused(entry)}",
        field=entry.field,
        severity=level.lowered() if ample or renewal.by else level,
        evidence=users(entry),
        fix="renew it, and have it renewed automatically at two thirds of its life",
    )


def _managed(inventory: Inventory, managed: Managed) -> Finding | None:
    facts = inventory.secrets.get((managed.place.namespace, raw.text(managed.spec, "secretName")))
    pair = facts.pair if facts is not None else None
    renewal = pair.renewal if pair is not None else certmanager.renewal(managed, None, inventory)
    leaf = pair.leaf if pair is not None else None
    begins = leaf.not_before if leaf is not None else raw.time(managed.status, "notBefore")
    ends = leaf.not_after if leaf is not None else raw.time(managed.status, "notAfter")
    if renewal.state not in _WRONG or (ends is not None and inventory.at > ends):
        return None
    early = begins is not None and ends is not None and inventory.at - begins < (ends - begins) * SOON
    return _wrong(managed, renewal, early=early, ends=f"; what there is ends on {day(ends)}" if ends else "")


def _wrong(managed: Managed, renewal: Renewal, *, early: bool, ends: str) -> Finding:
    overdue = renewal.state is State.OVERDUE
    why = "; lowered: less than two thirds of its life are over" if early and not overdue else ""
    return CHECK.found(
        managed.place,
        f"{'its renewal is overdue' if overdue else 'its renewal fails'}: {renewal.reason}{ends}{why}",
        field=("status", "renewalTime" if overdue else "conditions"),
        severity=CHECK.severity.lowered() if early and not overdue else None,
        evidence=[f"issued by {renewal.how}"] if renewal.how else [],
        fix="look at its CertificateRequests and at its issuer; `cmctl renew` asks for another attempt",
    )

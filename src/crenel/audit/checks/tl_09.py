"""A certificate that is used for what it is not for.

## What it does

Compares the usages of a certificate with how it is shown: to clients by an Ingress, a Gateway, a Route or a webhook,
to servers by a Gateway's `clientCertificateRef` or a kubeconfig. One that states extended key usages has to state
serverAuth or clientAuth, and a stated key usage has to allow signing or key exchange. A certificate of an authority
(CA:TRUE) that a server shows as its own is a finding one step lower. So is a Certificate of cert-manager that asks an
ACME issuer for `client auth`: public authorities do not issue that any more, and the others that still do will stop.

## Why it is bad

Peers that verify refuse it, and the message seldom says why. Who has the key of an authority can issue certificates,
and a server's key is stolen more easily than one that is put away.

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
    MIIBAzCBtqADAgECAgELMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAqMAUG
    AytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8PozQwMjAbBgNV
    HREEFDASghBzaG9wLmV4YW1wbGUuY29tMBMGA1UdJQQMMAoGCCsGAQUFBwMCMAUG
    AytlcANBAAxVm5dEJsbldHZkmQ+yTZb8ZO0py4yeryUogwVvQo3WDAlKPlmGET6B
    HbkqLyjsSyecuabcpkdhs9lqWu0qMw0=
    -----END CERTIFICATE-----
```

## Fix

Have it issued for what it is used for; certificates for clients by an authority of your own:

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
    MIIBAzCBtqADAgECAgEMMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAqMAUG
    AytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8PozQwMjAbBgNV
    HREEFDASghBzaG9wLmV4YW1wbGUuY29tMBMGA1UdJQQMMAoGCCsGAQUFBwMBMAUG
    AytlcANBAGmk9aSZ+ZhdA79R/dkzooB8hldlQWnxvtIAJkKIbmmHNN5V7MZMf6B9
    rX+NH5eAiAmv9tYH/xD2yrcbuGzAfQo=
    -----END CERTIFICATE-----
```

## References

- RFC 5280, 4.2.1.3, 4.2.1.9 and 4.2.1.12
- letsencrypt.org, Ending TLS Client Authentication Certificate Support
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.certified import users
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.signed import Leaf, leaves, serving
from crenel.audit.subject import Subject
from crenel.audit.verified import unfit
from crenel.certificates.inventory import certmanager, raw
from crenel.certificates.inventory.model import Entry, Inventory

CHECK = Check("TL-09", "Certificate used for what it is not for", Pillar.TLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each certificate and wrong use, and for each Certificate that plans one."""
    inventory = subject.certificates
    called = {id(entry) for caller in inventory.callers for entry in serving(subject, caller)}
    for leaf in leaves(inventory):
        entries = (leaf.entry, *leaf.others)
        shown = [each for entry in entries for each in entry.served if not each.mounted]
        serves = any(not each.client for each in shown) or any(id(entry) in called for entry in entries)
        client = any(each.client for each in shown) or any(entry.place.kind == "kubeconfig" for entry in entries)
        yield from _used(leaf, serves=serves, client=client)
    yield from _planned(inventory)


def _used(leaf: Leaf, *, serves: bool, client: bool) -> Iterator[Finding]:
    certificate, entry = leaf.certificate, leaf.entry
    if serves and (why := unfit(certificate)):
        yield _finding(entry, f"a server shows it, and {why}{leaf.more}")
    elif serves and certificate.is_ca:
        yield _finding(
            entry,
            f"a server shows {certificate.title} as its own, which is the certificate of an authority{leaf.more}",
            CHECK.severity.lowered(),
        )
    if client and (why := unfit(certificate, client=True)):
        yield _finding(entry, f"a client shows it, and {why}{leaf.more}")


def _finding(entry: Entry, message: str, severity: Severity | None = None) -> Finding:
    return CHECK.found(
        entry.place,
        message,
        field=entry.field,
        severity=severity,
        evidence=users(entry),
        fix="have it issued with the extended key usage that it is used for, and CA:FALSE",
    )


def _planned(inventory: Inventory) -> Iterator[Finding]:
    """Certificates that ask ACME for clients."""
    for each in inventory.certificates.values():
        usages = raw.texts(each.spec, "usages")
        written, issuer = inventory.issuer_of(each)
        if "client auth" in usages and certmanager.issuer_kind(issuer) == "ACME":
            yield CHECK.found(
                each.place,
                f"it asks for client auth, which public authorities do not issue any more ({written} is ACME)",
                field=("spec", "usages", usages.index("client auth")),
                severity=CHECK.severity.lowered(),
                fix="have certificates for clients issued by an authority of your own",
            )

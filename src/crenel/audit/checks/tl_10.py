"""An authority that was replaced, or ends, before the certificates below it.

## What it does

Brings each certificate together with the authority that signed it, as far as the input has it: the Secret of a CA
issuer of cert-manager, a `ca.crt` beside it, bundles and Secrets of its namespace. Found are certificates that another
key of the same authority signed than the one that is there now, certificates that outlive the one that signed them, and
Secrets whose `ca.crt` is not the authority that signs now. One finding for each authority and fault, at the first
certificate. Certificates that are out of date themselves are left to TL-01.

## Why it is bad

When an authority is renewed with another key, whoever is given the new one refuses all certificates of the old one, and
whoever still has the old one refuses the new ones. Issuers of cert-manager do not issue anew by themselves.

## Example

The authority in `shop-ca` is new, the certificate was signed by its predecessor:

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
    MIIBDzCBwqADAgECAgEOMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTI3MDEzMDAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAqMAUG
    AytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8Po0AwPjAbBgNV
    HREEFDASghBzaG9wLmV4YW1wbGUuY29tMB8GA1UdIwQYMBaAFO1UFzBRCz5zNEgy
    NB1HjB76PCrCMAUGAytlcANBAPySaTDxreaavKNPCcqVFD0qqsASthysTVMCMp1x
    bT32s4ylCi0Cz9BKwE0RHYIMWg9UAc9PLw+GsJvVIW9oFgU=
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: Secret
metadata: {name: shop-ca, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBBDCBt6ADAgECAgENMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTMxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHc2hvcCBDQTAq
    MAUGAytlcAMhAImrIVWlqe781pCPg8ohfrKVfKW+ik5DdguAWMQ7+GJ7ozIwMDAP
    BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTICjZvtnzhKrKU2MuEHpawSadi6TAF
    BgMrZXADQQBKZ4nXygnBvqkPzBLl+AgI8G0lrPYFAYMp+qPNfXWDNPheV4+hYcIG
    vuvWLf6r5hlEArfQudA8nBOLUqKj53UI
    -----END CERTIFICATE-----
```

## Fix

Have all certificates issued anew, while both authorities are trusted, then take the old one out. `crenel certs ca
rotate` keeps that order.

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
    MIIBDzCBwqADAgECAgEPMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTExMDAwMDAwMFoXDTI3MDIwODAwMDAwMFowDzENMAsGA1UEAwwEc2hvcDAqMAUG
    AytlcAMhAAFLbt4PVbGG2q12AnNZub4Dsc+e7KR16Dtx8yn4Fg8Po0AwPjAbBgNV
    HREEFDASghBzaG9wLmV4YW1wbGUuY29tMB8GA1UdIwQYMBaAFMgKNm+2fOEqspTY
    y4QelrBJp2LpMAUGAytlcANBAIVc7rrt57Y2ZrVD1/DDOgdoJyFYoX2rH01zxgg0
    TFRqXcbADZ81sVjerssfnFbzwg0U5DY6pDnEXJy+xytMPgo=
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: Secret
metadata: {name: shop-ca, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBBDCBt6ADAgECAgENMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTMxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHc2hvcCBDQTAq
    MAUGAytlcAMhAImrIVWlqe781pCPg8ohfrKVfKW+ik5DdguAWMQ7+GJ7ozIwMDAP
    BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTICjZvtnzhKrKU2MuEHpawSadi6TAF
    BgMrZXADQQBKZ4nXygnBvqkPzBLl+AgI8G0lrPYFAYMp+qPNfXWDNPheV4+hYcIG
    vuvWLf6r5hlEArfQudA8nBOLUqKj53UI
    -----END CERTIFICATE-----
```

## References

- cert-manager/cert-manager#2478, #5851, #8340, #9076
- RFC 5280, 4.2.1.1 and 4.2.1.2: key identifiers
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from crenel.audit.certified import day, issuer_of, mesh_of, severity, unused
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.signed import Signers, leaves
from crenel.audit.subject import Subject
from crenel.certificates.inventory import certmanager
from crenel.certificates.inventory.model import Entry, Inventory, SecretFacts, Use

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

CHECK = Check("TL-10", "Authority replaced or ending before its certificates", Pillar.TLS, Severity.HIGH)


class _Fault(NamedTuple):
    """What is wrong with a leaf and its authority: the same for many leaves of one authority."""

    what: str
    entry: Entry
    certificate: Certificate


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each authority and fault."""
    inventory = subject.certificates
    signers = Signers(inventory)
    found: dict[str, list[_Fault]] = defaultdict(list)
    for leaf in leaves(inventory):
        if leaf.certificate.self_issued or inventory.at > leaf.certificate.not_after or mesh_of(leaf.entry):
            continue
        for what in _faults(inventory, signers, leaf.entry, leaf.certificate):
            found[what].append(_Fault(what, leaf.entry, leaf.certificate))
    for faults in found.values():
        yield _finding(faults)


def _faults(inventory: Inventory, signers: Signers, entry: Entry, leaf: Certificate) -> Iterator[str]:
    facts, held = _issuing(inventory, entry)
    current = held.pair.leaf if held is not None and held.pair is not None else None
    mine = signers.of(leaf)
    if current is not None and held is not None and not leaf.signed_by(current):
        yield f"was not signed by {current.title} that is in {held.place.title} now"
    elif not mine and (near := _near(signers, leaf, entry)) is not None:
        yield f"was signed by another key of {near[0].title} than the one in {near[1].place.title}"
    elif mine:
        last = max((each.certificate for each in mine), key=lambda each: each.not_after)
        if leaf.not_after > last.not_after:
            yield f"outlives {last.title}, which signed it and ends on {day(last.not_after)}"
    if current is not None and held is not None and facts is not None and leaf.signed_by(current):
        beside = facts.entry("ca.crt")
        known = {each.fingerprint for one in held.entries for each in one.certificates}
        if beside is not None and beside.certificates and not any(_of(each, known) for each in beside.certificates):
            yield f"has a ca.crt beside it that is not {current.title} of {held.place.title}"


def _of(certificate: Certificate, known: set[str]) -> bool:
    return certificate.fingerprint in known


def _issuing(inventory: Inventory, entry: Entry) -> tuple[SecretFacts | None, SecretFacts | None]:
    """The Secret that an entry is of, and that of the CA which issues it by cert-manager."""
    facts = inventory.secrets.get(entry.secret) if entry.secret is not None else None
    issuer = issuer_of(inventory, entry)
    name = certmanager.ca_secret(issuer) if issuer is not None else None
    return facts, inventory.secrets.get(name) if name is not None else None


def _near(signers: Signers, leaf: Certificate, entry: Entry) -> tuple[Certificate, Entry] | None:
    """An authority of the issuer's name that is the same one: in the same namespace, and not that of a webhook."""
    for held in signers.named(leaf):
        for each in held.by_namespace.get(entry.place.namespace, ()):
            pair = each.use is Use.PAIR or each.label == "tls.crt"
            if each.secret is not None and (pair or each.secret == entry.secret):
                return held.certificate, each
    return None


def _finding(faults: list[_Fault]) -> Finding:
    first = next((each for each in faults if each.entry.served), faults[0])
    more = f", and so it is with {len(faults) - 1} more" if len(faults) > 1 else ""
    return CHECK.found(
        first.entry.place,
        f"the certificate of {first.certificate.title} {first.what}{more}{unused(first.entry)}",
        field=first.entry.field,
        severity=severity(CHECK, first.entry),
        evidence=[f"{each.entry.place.title}: {each.certificate.title}" for each in faults[:20]],
        fix="have the certificates issued anew, while both authorities are trusted",
    )

"""A trust bundle that holds what it must not, or lacks what it needs.

## What it does

Looks at ConfigMaps, Bundles of trust-manager and ClusterTrustBundles: bundles all of whose certificates expired,
expired ones beside others (low), the same one twice (for the persona pedantic), and private keys in Bundles; those in
ConfigMaps are TL-21's. A bundle that knows the name of an authority, but not the key that signed a certificate which is
in use now, lost it: that is looked for in the namespace of the certificate, and in bundles for the whole cluster.
Bundles of meshes are TL-17's.

## Why it is bad

Clients with the bundle refuse those whose authority it lost, at their next connection. A private key in what is given
to everybody is everybody's.

## Example

The authority was replaced, and the certificate issued anew, while clients of the namespace still have the old one:

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
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBBDCBt6ADAgECAgENMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTMxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHc2hvcCBDQTAq
    MAUGAytlcAMhAImrIVWlqe781pCPg8ohfrKVfKW+ik5DdguAWMQ7+GJ7ozIwMDAP
    BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTICjZvtnzhKrKU2MuEHpawSadi6TAF
    BgMrZXADQQBKZ4nXygnBvqkPzBLl+AgI8G0lrPYFAYMp+qPNfXWDNPheV4+hYcIG
    vuvWLf6r5hlEArfQudA8nBOLUqKj53UI
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: ConfigMap
metadata: {name: trusted, namespace: shop}
data:
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIHlMIGYoAMCAQICAQEwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMzEwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdzaG9wIENBMCow
    BQYDK2VwAyEAf3bPb3NCgr2BtQQeTQSgWytQmaG1etN0mx0QFY7sAdujEzARMA8G
    A1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EANFqpZHflJ6Et5AM+7kHv82INC1ULv9s/
    MJXgf3giuYMZhY1EpuySnrGbGkxz4sDN98w7hdw9vGlurzR9Ilt8DQ==
    -----END CERTIFICATE-----
```

## Fix

Keep both in the bundle until nothing is signed by the old one:

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
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBBDCBt6ADAgECAgENMAUGAytlcDASMRAwDgYDVQQDDAdzaG9wIENBMB4XDTI2
    MTEwMTAwMDAwMFoXDTMxMDEwMTAwMDAwMFowEjEQMA4GA1UEAwwHc2hvcCBDQTAq
    MAUGAytlcAMhAImrIVWlqe781pCPg8ohfrKVfKW+ik5DdguAWMQ7+GJ7ozIwMDAP
    BgNVHRMBAf8EBTADAQH/MB0GA1UdDgQWBBTICjZvtnzhKrKU2MuEHpawSadi6TAF
    BgMrZXADQQBKZ4nXygnBvqkPzBLl+AgI8G0lrPYFAYMp+qPNfXWDNPheV4+hYcIG
    vuvWLf6r5hlEArfQudA8nBOLUqKj53UI
    -----END CERTIFICATE-----
---
apiVersion: v1
kind: ConfigMap
metadata: {name: trusted, namespace: shop}
data:
  ca.crt: |
    -----BEGIN CERTIFICATE-----
    MIHlMIGYoAMCAQICAQEwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYw
    MTAxMDAwMDAwWhcNMzEwMTAxMDAwMDAwWjASMRAwDgYDVQQDDAdzaG9wIENBMCow
    BQYDK2VwAyEAf3bPb3NCgr2BtQQeTQSgWytQmaG1etN0mx0QFY7sAdujEzARMA8G
    A1UdEwEB/wQFMAMBAf8wBQYDK2VwA0EANFqpZHflJ6Et5AM+7kHv82INC1ULv9s/
    MJXgf3giuYMZhY1EpuySnrGbGkxz4sDN98w7hdw9vGlurzR9Ilt8DQ==
    -----END CERTIFICATE-----
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

- cert-manager/trust-manager#560; linkerd/linkerd2#4287: the old authority taken out too early
- k8s.io/api certificates/v1beta1 ClusterTrustBundleSpec
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from crenel.audit.certified import day, mesh_of
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.signed import Held, Signers, leaves
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.certificates.inventory.model import Entry, Inventory, Use

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

CHECK = Check("TL-20", "Trust bundle in disorder", Pillar.TLS, Severity.HIGH)
_WIDE = ("bundle", "clusterbundle", "clustertrustbundle")
_KINDS = ("configmap", *_WIDE)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each bundle and what is wrong with it."""
    inventory = subject.certificates
    told: set[tuple[str, ...]] = set()
    bundles = []
    for entry in inventory.entries:
        key = tuple(each.fingerprint for each in entry.certificates)
        if entry.use is not Use.BUNDLE or entry.place.kind not in _KINDS or mesh_of(entry):
            continue
        bundles.append(entry)
        if key not in told:
            told.add(key)
            yield from _contents(inventory, entry)
    yield from _lost(inventory, bundles)


def _contents(inventory: Inventory, entry: Entry) -> Iterator[Finding]:
    if entry.private and entry.place.kind in _WIDE:
        yield _found(entry, "a private key lies in it, for everybody to read", Severity.CRITICAL)
    late = [each for each in entry.certificates if each.not_after < inventory.at]
    if late and len(late) == len(entry.certificates):
        last = max(each.not_after for each in late)
        yield _found(entry, f"all of its certificates are out of date, the last since {day(last)}")
    elif late:
        words = f"it holds {listed(each.title for each in late)}, which is out of date, beside others that are not"
        yield _found(entry, f"{words}; lowered: nobody is refused for it", Severity.LOW)
    twice = len(entry.certificates) - len({each.fingerprint for each in entry.certificates})
    if twice:
        yield _found(entry, f"{twice} of its certificates are in it twice", Severity.LOW, Persona.PEDANTIC)


def _lost(inventory: Inventory, bundles: Sequence[Entry]) -> Iterator[Finding]:
    """The bundles that know an authority by name, but not the key that signed what is in use."""
    by_name: dict[bytes, list[Entry]] = defaultdict(list)
    for entry in bundles:
        for name in {each.subject_bytes for each in entry.certificates}:
            by_name[name].append(entry)
    signers = Signers(inventory)
    found: dict[int, dict[str, tuple[Entry, Certificate, Certificate]]] = defaultdict(dict)
    for leaf in leaves(inventory) if by_name else ():
        certificate = leaf.certificate
        if certificate.self_issued or inventory.at > certificate.not_after:
            continue
        authorities = _authorities(signers.of(certificate))
        for bundle in by_name.get(certificate.issuer_bytes, ()):
            near = bundle.place.kind in _WIDE or bundle.place.namespace == leaf.entry.place.namespace
            if near and authorities and not any(each.spki in authorities for each in bundle.certificates):
                authority = next(iter(authorities.values()))
                found[id(bundle)].setdefault(authority.spki, (bundle, authority, certificate))
    for each in found.values():
        for bundle, authority, certificate in each.values():
            words = f"it knows {authority.title} by an older or newer key than the one that signed {certificate.title}"
            yield _found(bundle, words)


def _authorities(held: Sequence[Held]) -> Mapping[str, Certificate]:
    """By the fingerprints of their keys."""
    return {each.certificate.spki: each.certificate for each in held}


def _found(entry: Entry, message: str, severity: Severity | None = None, persona: Persona | None = None) -> Finding:
    return CHECK.found(
        entry.place,
        message,
        field=entry.field,
        severity=severity,
        evidence=[f"trusted by {each}" for each in entry.trusted[:10]],
        fix="hold each authority that signed something in use, once, and nothing else",
        persona=persona,
    )

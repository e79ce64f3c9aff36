"""An authority of a mesh that ends soon, or an issuer that its roots do not know.

## What it does

Looks at what Istio (`cacerts`, `istio-ca-secret`, `istio-ca-root-cert`), Linkerd (`linkerd-identity-issuer`,
`linkerd-identity-trust-roots`) and SPIRE (`spire-bundle`) sign and trust with. Found are roots with less than 180 days
to live, issuers in the last third of their life that nobody is known to renew, and issuers that do not lead to any
root beside them. Critical where it is out of date, where less than 30 days are left, or where the chain is broken; high
otherwise. An older root beside one that lives longer is a rotation under way, and none of it.

## Why it is bad

When the root ends, every connection of the mesh ends with it, and an expired root cannot be replaced without an outage.
A new root has to be trusted everywhere before it signs, which takes as long as it takes to restart everything.

## Example

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: linkerd-identity-trust-roots, namespace: linkerd}
data:
  ca-bundle.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBCzCBvqADAgECAgETMAUGAytlcDAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQu
    Y2x1c3Rlci5sb2NhbDAeFw0yNDEyMjAwMDAwMDBaFw0yNjEyMjAwMDAwMDBaMCUx
    IzAhBgNVBAMMGnJvb3QubGlua2VyZC5jbHVzdGVyLmxvY2FsMCowBQYDK2VwAyEA
    vFETGa8GRfi+DDs7nGrUKx0yoTSP2diwcCxHJcS34pCjEzARMA8GA1UdEwEB/wQF
    MAMBAf8wBQYDK2VwA0EAsj34Mp0k+pMTHTgoH62a9pPoHajrb31FitfQrANwclUc
    KwE99lujtDdRZomT86Ws7y3MVQh5tWJvBurZ3qTCBg==
    -----END CERTIFICATE-----
```

## Fix

Add the new root to the bundle, restart all, let the new root sign, and take the old one out when nothing leads to it:

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: linkerd-identity-trust-roots, namespace: linkerd}
data:
  ca-bundle.crt: |
    -----BEGIN CERTIFICATE-----
    MIIBCzCBvqADAgECAgETMAUGAytlcDAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQu
    Y2x1c3Rlci5sb2NhbDAeFw0yNDEyMjAwMDAwMDBaFw0yNjEyMjAwMDAwMDBaMCUx
    IzAhBgNVBAMMGnJvb3QubGlua2VyZC5jbHVzdGVyLmxvY2FsMCowBQYDK2VwAyEA
    vFETGa8GRfi+DDs7nGrUKx0yoTSP2diwcCxHJcS34pCjEzARMA8GA1UdEwEB/wQF
    MAMBAf8wBQYDK2VwA0EAsj34Mp0k+pMTHTgoH62a9pPoHajrb31FitfQrANwclUc
    KwE99lujtDdRZomT86Ws7y3MVQh5tWJvBurZ3qTCBg==
    -----END CERTIFICATE-----
    -----BEGIN CERTIFICATE-----
    MIIBCzCBvqADAgECAgEUMAUGAytlcDAlMSMwIQYDVQQDDBpyb290LmxpbmtlcmQu
    Y2x1c3Rlci5sb2NhbDAeFw0yNjExMDEwMDAwMDBaFw0zNjExMDEwMDAwMDBaMCUx
    IzAhBgNVBAMMGnJvb3QubGlua2VyZC5jbHVzdGVyLmxvY2FsMCowBQYDK2VwAyEA
    yRes4I6GFIXkoRnVg+xd66Gz/KPrZJCJ4TMCUdbOLAyjEzARMA8GA1UdEwEB/wQF
    MAMBAf8wBQYDK2VwA0EAEgtORoZbL9Mq5lHVYcFLqvuli8BvotPK0cMpu5Eaco1o
    0OF5tPPjPbLBA4jH4IoDVwIZLq927m9OGUeZAWC7CA==
    -----END CERTIFICATE-----
```

## References

- linkerd.io, Manually Rotating Control Plane TLS Credentials; linkerd/linkerd2#3676, #4287, #4808
- istio.io, Plug in CA Certificates; spiffe.io, Configuring SPIRE
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from crenel.audit.certified import SOON, day, mesh_of, percent
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.verified import chain, is_out_of_date
from crenel.certificates.inventory.model import Entry, Inventory, State, Use

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

CHECK = Check("TL-17", "Authority of a mesh ending or broken", Pillar.TLS, Severity.CRITICAL)
_ROOT = timedelta(days=180)
_URGENT = timedelta(days=30)
_FIX = "rotate with overlap: trust the new root everywhere, let it sign, then take the old one out"


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each root and each issuer."""
    inventory = subject.certificates
    told: set[str] = set()
    for entry in inventory.entries:
        mesh = mesh_of(entry)
        if not mesh or not entry.certificates:
            continue
        if entry.use is Use.BUNDLE or entry.label == "root-cert.pem":
            yield from _root(inventory, entry, mesh, told)
        elif entry.leaf is not None:
            yield from _issuer(inventory, entry, entry.leaf, mesh)


def _root(inventory: Inventory, entry: Entry, mesh: str, told: set[str]) -> Iterator[Finding]:
    """A bundle ends when its last root does. The copies that Istio puts into every namespace are one."""
    last = max(entry.certificates, key=lambda each: each.not_after)
    left = last.not_after - inventory.at
    if left >= _ROOT or last.fingerprint in told:
        return
    told.add(last.fingerprint)
    yield CHECK.found(
        entry.place,
        f"the root of {mesh}, {last.title}, {_ends(last, left)}, and none beside it lives longer",
        field=entry.field,
        severity=None if left < _URGENT else CHECK.severity.lowered(),
        fix=_FIX,
    )


def _ends(certificate: Certificate, left: timedelta) -> str:
    if left < timedelta():
        return f"expired on {day(certificate.not_after)}"
    return f"ends on {day(certificate.not_after)}, in {left.days} days"


def _issuer(inventory: Inventory, entry: Entry, leaf: Certificate, mesh: str) -> Iterator[Finding]:
    left, renewed = leaf.not_after - inventory.at, entry.renewal.state is State.WORKING
    if left < timedelta() or (leaf.used(inventory.at) >= SOON and not renewed):
        by = "" if renewed or not entry.renewal.by else f" ({entry.renewal.by}: {entry.renewal.state.value})"
        over = f"{percent(leaf, inventory.at)} of its life is over, "
        yield CHECK.found(
            entry.place,
            f"the issuer of {mesh}, {leaf.title}, {'' if left < timedelta() else over}{_ends(leaf, left)}{by}",
            field=entry.field,
            severity=None if left < _URGENT else CHECK.severity.lowered(),
            fix="have it issued anew under the same root, and renewed automatically",
        )
    roots = _roots(inventory, entry, mesh)
    if roots and leaf.fingerprint not in {each.fingerprint for each in roots}:
        found = chain(leaf, entry.certificates[1:], roots, inventory.at)
        if not found and not is_out_of_date(found):
            yield CHECK.found(
                entry.place,
                f"the issuer of {mesh}, {leaf.title}, does not lead to a root that its workloads trust: "
                f"{getattr(found, 'message', '')}",
                field=entry.field,
                fix="add the root that signed it to what is trusted, or issue it anew under the root that is",
            )


def _roots(inventory: Inventory, entry: Entry, mesh: str) -> Sequence[Certificate]:
    """What workloads of its mesh trust: in the same Secret, or in a ConfigMap of the same namespace."""
    beside = [
        each for each in inventory.bundles
        if (entry.secret is not None and each.secret == entry.secret and each.label in ("root-cert.pem", "ca.crt"))
        or (mesh_of(each) == mesh and each.place.kind == "configmap" and each.place.namespace == entry.place.namespace)
    ]  # fmt: skip
    return [certificate for each in beside for certificate in each.certificates]

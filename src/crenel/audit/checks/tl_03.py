"""A certificate that does not cover the host it is shown for.

## What it does

Compares the names of a certificate with the hosts that an Ingress, a listener of a Gateway, a Gateway of Istio or a
Route shows it for, and with the name by which the API server calls a webhook whose pods mount one for a Service. Names
are compared as RFC 9525 says: a wildcard stands for one left-most label, an address needs an address, and the common
name counts for nothing. Of several certificates of a listener one has to cover a host. High where the internet gets to
the proxy, medium where the input does not tell, low where it does not.

## Why it is bad

Clients that verify refuse the connection. ingress-nginx shows a certificate of its own in the place of such a one, and
people learn to click warnings away.

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
    MIHtMIGgoAMCAQICAQUwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYx
    MTAxMDAwMDAwWhcNMjcwMTMwMDAwMDAwWjAPMQ0wCwYDVQQDDARzaG9wMCowBQYD
    K2VwAyEAAUtu3g9VsYbarXYCc1m5vgOxz57spHXoO3HzKfgWDw+jHjAcMBoGA1Ud
    EQQTMBGCD3d3dy5leGFtcGxlLmNvbTAFBgMrZXADQQClUFF0wHCaHjZ/MeLtuZjB
    R/g43XgDvm7dTq+dLWDXYTNScBK3BKBTH3rC9ysOHhEMnjboveqEagRQ08DKcRAE
    -----END CERTIFICATE-----
```

## Fix

Have a certificate issued that holds the host among its alternative names:

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

- RFC 9525, 6: Verifying Service Identity
- kubernetes/ingress-nginx#3834, #4979, #8414: the fake certificate is shown
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crenel.audit.certified import answering
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.verified import covers, unfit
from crenel.audit.ways import listed, weighed
from crenel.certificates.inventory.model import Caller, Entry, Inventory, Place, Serving
from crenel.provenance import FieldPath
from crenel.questions.exposure.paths import State

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate

_SERVICE = (".svc", ".svc.cluster.local")
_NAMELESS = "it has no alternative name, and its common name counts for nothing"
CHECK = Check("TL-03", "Host not covered by its certificate", Pillar.TLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each listener or entry that shows the wrong certificates, and for each webhook."""
    for servings, certificates in _shown(subject.certificates):
        hosts = dict.fromkeys(host for each in servings for host in each.hosts)
        bare = [host for host in hosts if not any(covers(each, host) for each in certificates)]
        if bare:
            yield _finding(subject, servings[0], certificates, bare)
    for caller in subject.certificates.callers:
        entries = [each for each in (answering(subject, caller) if caller.host else ()) if _is_meant(caller, each)]
        found = [entry.leaf for entry in entries if entry.leaf is not None]
        if found and not any(covers(each, caller.host) for each in found):
            yield _called(caller, found, entries)


def _is_meant(caller: Caller, entry: Entry) -> bool:
    """Whether a pair is there to answer: pods mount others too, and some make the one that they answer with."""
    leaf = entry.leaf
    if leaf is None or unfit(leaf):
        return False
    return caller.source is not None or any(name.endswith(_SERVICE) for name in leaf.names.dns)


def _shown(inventory: Inventory) -> Iterator[tuple[list[Serving], list[Certificate]]]:
    """What shows certificates for hosts, each with all of them; nothing of what shows some that are not there."""
    found: dict[tuple[str, FieldPath], list[Serving]] = defaultdict(list)
    held: dict[tuple[str, FieldPath], list[Certificate]] = defaultdict(list)
    for entry in inventory.pairs:
        for each in entry.served:
            if entry.leaf is not None and not each.mounted and not each.client:
                held[each.place.title, each.field[:3]].append(entry.leaf)
                found[each.place.title, each.field[:3]].append(each)
    lacking = {
        (each.place.title, each.field[:3])
        for each in inventory.serving
        if (facts := inventory.secrets.get(each.secret)) is None or facts.pair is None or facts.pair.leaf is None
    }
    for key, servings in found.items():
        if key not in lacking:
            yield servings, held[key]


def _finding(subject: Subject, serving: Serving, certificates: Sequence[Certificate], bare: list[str]) -> Finding:
    severity, why = weighed(CHECK, _state(subject, serving.place))
    return CHECK.found(
        serving.place,
        f"the certificate of secret {'/'.join(serving.secret)} does not cover {listed(bare)}{why}"
        if serving.secret[1]
        else f"its certificate does not cover {listed(bare)}{why}",
        field=serving.field,
        severity=severity,
        evidence=_names(certificates),
        fix="have a certificate issued with the host among its alternative names",
    )


def _state(subject: Subject, place: Place) -> State:
    """Whether the internet gets to what shows the certificate."""
    if (thing := subject.ways.thing(place.origin)) is None:
        return State.POSSIBLE
    if subject.ways.of(thing):
        return subject.ways.state(thing)
    mine = [way for way in subject.ways.all if way.opening.listener.origin is place.origin]
    return subject.ways.state_of(mine) if mine else State.POSSIBLE


def _names(certificates: Sequence[Certificate]) -> list[str]:
    return [f"it is for {listed(each.names.texts, 5)}" if each.names.texts else _NAMELESS for each in certificates]


def _called(caller: Caller, certificates: Sequence[Certificate], entries: Sequence[Entry]) -> Finding:
    name = f"webhook {caller.name}: " if caller.name else ""
    return CHECK.found(
        caller.place,
        f"{name}the certificate of {entries[0].place.title} does not cover {caller.host}, by which it is called",
        field=caller.field[:-1],
        evidence=_names(certificates),
        fix=f"have it issued with {caller.host} among its alternative names",
    )

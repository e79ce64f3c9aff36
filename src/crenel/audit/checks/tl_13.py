"""Old versions of TLS, or weak suites, in a configuration.

## What it does

Reads what configuration says of versions and suites: the ConfigMap of ingress-nginx and annotations of Ingresses,
policies of AWS load balancers, Gateways of Istio, TLSOptions of Traefik, arguments of the API server, the kubelet and
all that take `--tls-min-version` and `--tls-cipher-suites`, the ConfigMap of the kubelet, and configuration of nginx,
HAProxy and Envoy in ConfigMaps. Found are versions below TLS 1.2 and suites without encryption, without
authentication, with RC4, DES, 3DES or MD5, or made for export; suites without forward secrecy are one step lower. What
a program does without being told is not guessed: `crenel certs probe` asks it.

## Why it is bad

Versions before 1.2 and these suites can be broken or downgraded to; without forward secrecy, what was recorded can be
read by whoever gets the key later.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
data:
  ssl-protocols: "TLSv1 TLSv1.1 TLSv1.2 TLSv1.3"
```

## Fix

Leave TLS 1.2 and 1.3, with the suites of Mozilla's intermediate profile; `--fix` takes old versions out:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
data:
  ssl-protocols: "TLSv1.2 TLSv1.3"
```

## References

- RFC 8996: Deprecating TLS 1.0 and TLS 1.1; RFC 9325: Recommendations for Secure Use of TLS
- Mozilla, Server Side TLS 5.8: intermediate compatibility
- kubernetes.io, kube-apiserver: --tls-min-version, --tls-cipher-suites
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.offered import Offer, offers
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.editing.patches import Patch, Set

CHECK = Check("TL-13", "Old versions of TLS or weak suites", Pillar.TLS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each setting."""
    for offer in offers(subject):
        if offer.old or offer.weak or offer.plain:
            yield _finding(offer)


def _finding(offer: Offer) -> Finding:
    parts = [f"offers {listed(offer.old)}"] if offer.old else []
    if offer.weak:
        parts.append(f"offers weak suites ({listed(offer.weak)})")
    if offer.plain:
        parts.append(f"offers suites without forward secrecy ({listed(offer.plain)})")
    return CHECK.found(
        offer.thing,
        f"{offer.name} {' and '.join(parts)}",
        field=offer.field,
        severity=None if offer.old or offer.weak else CHECK.severity.lowered(),
        fix="leave TLS 1.2 and 1.3, with the suites of Mozilla's intermediate profile",
        patch=Patch(offer.thing.origin, Set(offer.field, offer.mended)) if offer.mended is not None else None,
    )

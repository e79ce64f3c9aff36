"""A host of an Ingress that its certificates do not cover.

## What it does

Looks for Ingresses with `tls` that have a rule for a host which no entry of `tls` lists, exactly or by a wildcard
(which stands for one label). An entry without hosts covers all. An Ingress of the same class that lists the host counts
where controllers merge Ingresses. Rules for every host are left to IN-03, load balancers of clouds, which choose
certificates by themselves, are left alone. High where the internet gets there, medium where the input does not tell,
low otherwise.

## Why it is bad

The host looks protected and is not: ingress-nginx shows a certificate of its own, at which browsers warn until people
click the warning away, other controllers answer in plain HTTP alone.

## Example

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  tls: [{hosts: [example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## Fix

Add the host to `tls`, with a certificate that holds it. `--fix` does so where cert-manager makes the certificate:

```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: public
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## References

- k8s.io/api networking/v1 IngressTLS.hosts
- kubernetes/ingress-nginx#4909, #1044: the default certificate is shown
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.encrypted import has_issuer, in_front, otherwise
from crenel.audit.exposed import widest, witness
from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.audit.ways import ACME, by_cloud, listed, tls_hosts, weighed
from crenel.dialects.ingressclasses import NGINX, Belonging
from crenel.dialects.ingressnginx import PREFIX
from crenel.editing.patches import Append, Patch
from crenel.kubernetes.objects.ingress import Ingress, IngressRule
from crenel.routing.hosts import ANY, Host

CHECK = Check("IN-02", "Host not covered by TLS", Pillar.WAYS, Severity.HIGH)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each Ingress."""
    for ingress, belongs in subject.ways.classes:
        if not tls_hosts(ingress) or by_cloud(belongs) or _is_passed_on(ingress) or otherwise(ingress, belongs):
            continue
        bare = list(_uncovered(subject, ingress, belongs))
        if bare and not in_front(subject.ways.paths(ingress)):
            yield _finding(subject, ingress, belongs, bare)


def _is_passed_on(ingress: Ingress) -> bool:
    return (ingress.metadata.annotations or {}).get(f"{PREFIX}ssl-passthrough") == "true"


def _uncovered(subject: Subject, ingress: Ingress, belongs: Belonging) -> Iterator[tuple[int, str]]:
    """The rules whose hosts have no certificate: their places, and the hosts."""
    for place, rule in enumerate((ingress.spec.rules if ingress.spec else None) or ()):
        host = Host.of(rule.host, one_label=True)
        if host != ANY and not _is_challenge(rule) and not subject.ways.secured(ingress, belongs, host):
            yield place, str(host)


def _is_challenge(rule: IngressRule) -> bool:
    paths = (rule.http.paths if rule.http else None) or ()
    return bool(paths) and all((path.path or "").startswith(ACME) for path in paths)


def _finding(subject: Subject, ingress: Ingress, belongs: Belonging, bare: list[tuple[int, str]]) -> Finding:
    severity, why = weighed(CHECK, subject.ways.state(ingress))
    hosts = [host for _, host in bare]
    nginx = belongs.controller == NGINX
    what = (
        "is shown the certificate of the controller itself" if nginx else "is answered without a certificate of its own"
    )
    return CHECK.found(
        ingress,
        f"no entry of tls covers {listed(hosts)}, which {what}{why}",
        field=("spec", "rules", bare[0][0], "host"),
        severity=severity,
        witness=witness(widest(subject.ways.paths(ingress))),
        evidence=[f"tls covers {listed(tls_hosts(ingress), 10)}"],
        fix="add the hosts to tls, with a certificate that holds them",
        patch=_patch(ingress, hosts),
    )


def _patch(ingress: Ingress, hosts: list[str]) -> Patch | None:
    entries = (ingress.spec.tls if ingress.spec else None) or []
    if len(entries) != 1 or not has_issuer(ingress):
        return None
    return Patch(ingress.origin, *(Append(("spec", "tls", 0, "hosts"), host) for host in dict.fromkeys(hosts)))

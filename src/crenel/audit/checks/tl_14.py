"""A host in TLS that browsers are not told to ask for in TLS alone.

## What it does

Reads what the configuration of controllers says of HSTS and of redirects for all hosts: the ConfigMap of ingress-nginx
and of HAProxy Ingress (`hsts`, `hsts-max-age`, `ssl-redirect`), the annotation of OpenShift Routes for the header, and
filters of HTTPRoutes that set it. Found are HSTS that is switched off, a time that is shorter than half a year, and
redirects that are switched off. Hosts without any redirect are IN-01's and IN-11's; a header that an application may
send itself is not missed: `crenel certs probe` asks.

## Why it is bad

The first request of a browser goes out in plain HTTP, and whoever stands in between answers it instead of the redirect
and keeps the rest in plain HTTP too.

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
  hsts: "false"
```

## Fix

Have the header sent, for two years as Mozilla recommends; `--fix` writes it:

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
  hsts: "true"
  hsts-max-age: "63072000"
```

## References

- RFC 6797: HTTP Strict Transport Security; Mozilla, Server Side TLS 5.8: HSTS of 63072000 seconds
- ingress-nginx documentation, ConfigMap: hsts, hsts-max-age, ssl-redirect
- OpenShift documentation, Route configuration: HTTP Strict Transport Security
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity, Thing
from crenel.audit.subject import Subject
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.decode import ConfigMap
from crenel.kubernetes.objects.routes import HTTPRoute
from crenel.provenance import FieldPath

CHECK = Check("TL-14", "HSTS or redirect switched off", Pillar.TLS, Severity.LOW)
_LEAST = 15768000
"""Seconds of half a year: below that even lenient scanners complain. Mozilla recommends four times as much."""
GOOD = "63072000"
"""What is to be sent: the seconds of two years."""
_OPENSHIFT = "haproxy.router.openshift.io/hsts_header"
_HEADER = "strict-transport-security"
_AGE = re.compile(r"max-age\s*=\s*\"?(\d+)", re.IGNORECASE)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each setting."""
    for config in subject.decoded.config_maps:
        yield from _of_config(config)
    for route in subject.decoded.openshift_routes:
        value = (route.metadata.annotations or {}).get(_OPENSHIFT)
        if value is not None:
            yield from _aged(route, ("metadata", "annotations", _OPENSHIFT), str(value))
    for each in subject.decoded.http_routes:
        yield from _of_route(each)


def _of_config(config: ConfigMap) -> Iterator[Finding]:
    off = config.data.get("hsts") == "false"
    if off:
        yield _switch(config, "hsts", "browsers are told of TLS for no host")
    age = config.data.get("hsts-max-age")
    if not off and isinstance(age, str) and age.isdecimal() and int(age) < _LEAST:
        yield _short(
            config, ("data", "hsts-max-age"), int(age), Patch(config.origin, Set(("data", "hsts-max-age"), GOOD))
        )
    if config.data.get("ssl-redirect") == "false":
        yield _switch(config, "ssl-redirect", "plain HTTP is answered beside TLS for every host")


def _switch(config: ConfigMap, key: str, what: str) -> Finding:
    field: FieldPath = ("data", key)
    return CHECK.found(
        config,
        f"{key} is switched off: {what}",
        field=field,
        severity=CHECK.severity.raised() if key == "ssl-redirect" else None,
        fix=f'set {key} to "true"',
        patch=Patch(config.origin, Set(field, "true")),
    )


def _aged(thing: Thing, field: FieldPath, header: str) -> Iterator[Finding]:
    found = _AGE.search(header)
    if found is not None and int(found[1]) < _LEAST:
        yield _short(thing, field, int(found[1]))


def _short(thing: Thing, field: FieldPath, seconds: int, patch: Patch | None = None) -> Finding:
    days = seconds // 86400
    return CHECK.found(
        thing,
        "browsers are told to forget TLS" if not seconds else f"browsers are told of TLS for {days} days only",
        field=field,
        fix=f"have max-age={GOOD} sent, two years",
        patch=patch,
    )


def _of_route(route: HTTPRoute) -> Iterator[Finding]:
    for place, rule in enumerate((route.spec.rules if route.spec else None) or ()):
        for number, each in enumerate(rule.filters or ()):
            change = each.response_header_modifier
            for kind, headers in (("set", change.set), ("add", change.add)) if change is not None else ():
                for where, header in enumerate(headers or ()):
                    if header.name.lower() == _HEADER:
                        base: FieldPath = ("spec", "rules", place, "filters", number, "responseHeaderModifier")
                        yield from _aged(route, (*base, kind, where, "value"), header.value)

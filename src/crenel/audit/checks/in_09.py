"""An Ingress that writes into the configuration of nginx.

## What it does

Looks at Ingresses that ingress-nginx serves, or may serve, for snippets (`configuration-snippet`, `server-snippet`,
`auth-snippet`, `stream-snippet`, `modsecurity-snippet`), and for line breaks and the signs `; # { } "` in annotations
and paths that are put into its configuration as they are: `auth-url`, `auth-tls-match-cn`, `mirror-target`,
`mirror-host`, `rewrite-target`, `auth-proxy-set-headers`. Repetitions of regular expressions (`{2,4}`) are no such
sign. High for such signs, and for snippets that reach files, code or other upstreams; medium for other snippets.
Snippets of the controller of F5 (`nginx.org/server-snippets`) are medium, and so is a config map of ingress-nginx that
allows snippets.

## Why it is bad

The controller is shared and holds the Secrets of all. What stands there runs with its rights: CVE-2021-25742,
CVE-2025-24514, CVE-2025-15566, CVE-2026-24512, CVE-2026-3288.

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
metadata:
  name: web
  namespace: shop
  annotations: {nginx.ingress.kubernetes.io/configuration-snippet: "alias /var/run/secrets/;"}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## Fix

Use the annotation that is made for the purpose, or a filter of the Gateway API, and set `allow-snippet-annotations:
"false"` and `annotations-risk-level: High` in the controller's config map:

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
metadata:
  name: web
  namespace: shop
  annotations: {nginx.ingress.kubernetes.io/enable-cors: "true"}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
    - host: shop.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
```

## References

- CVE-2021-25742, CVE-2025-24514, CVE-2025-15566, CVE-2026-24512
- ingress-nginx documentation, ConfigMap: allow-snippet-annotations, annotations-risk-level
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.dialects.ingressclasses import NGINX, Belonging
from crenel.dialects.ingressnginx import PREFIX
from crenel.editing.patches import Patch, Set
from crenel.kubernetes.objects.ingress import Ingress
from crenel.provenance import FieldPath

CHECK = Check("IN-09", "Injection into the configuration of nginx", Pillar.WAYS, Severity.HIGH)
_ALLOW = "allow-snippet-annotations"
_F5 = "nginx.org/ingress-controller"
_SNIPPETS = ("configuration-snippet", "server-snippet", "auth-snippet", "stream-snippet", "modsecurity-snippet")
_F5_SNIPPETS = ("nginx.org/server-snippets", "nginx.org/location-snippets")
_INJECTABLE = (
    "auth-url",
    "auth-tls-match-cn",
    "mirror-target",
    "mirror-host",
    "rewrite-target",
    "auth-proxy-set-headers",
)
_DANGEROUS = re.compile(
    r"_by_lua|lua_|load_module|ssl_engine|serviceaccount|/var/run/secrets|/etc/|\b(alias|root|include|proxy_pass)\s"
)
"""Directives that reach files, code or other upstreams (ingress-nginx: ``annotation-value-word-blocklist``)."""
_REPETITION = re.compile(r"\{\d+(,\d*)?\}")
_SIGNS = re.compile(r'[\r\n;#{}"]')


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each annotation, for each path, and for a config map that allows snippets."""
    for ingress, belongs in subject.ways.classes:
        said = {key: str(value) for key, value in (ingress.metadata.annotations or {}).items()}
        yield from _snippets(ingress, belongs, said)
        if belongs.controller in (NGINX, ""):
            yield from _injections(ingress, belongs, said)
    for config in subject.decoded.config_maps:
        if config.data.get(_ALLOW) == "true":
            yield CHECK.found(
                config,
                "it lets every Ingress put snippets into the configuration of the proxy",
                field=("data", _ALLOW),
                severity=CHECK.severity.lowered(),
                fix=f'set {_ALLOW} to "false"',
                patch=Patch(config.origin, Set(("data", _ALLOW), "false")),
            )


def _snippets(ingress: Ingress, belongs: Belonging, said: Mapping[str, str]) -> Iterator[Finding]:
    keys = [f"{PREFIX}{name}" for name in _SNIPPETS] if belongs.controller in (NGINX, "") else []
    keys += _F5_SNIPPETS if belongs.controller in (_F5, "") else []
    for key in keys:
        if text := said.get(key, "").strip():
            found = _DANGEROUS.search(text)
            harm = (
                f", and speaks of {found[0].strip()}"
                if found
                else "; lowered: no directive in it is known to be harmful"
            )
            yield CHECK.found(
                ingress,
                f"annotation {key} is put into the configuration of a proxy that all share{harm}",
                field=("metadata", "annotations", key),
                severity=None if found else CHECK.severity.lowered(),
                fix="use the annotation that is made for the purpose, and forbid snippets in the controller",
            )


def _injections(ingress: Ingress, belongs: Belonging, said: Mapping[str, str]) -> Iterator[Finding]:
    for name in _INJECTABLE:
        key = f"{PREFIX}{name}"
        if signs := _signs(said.get(key, "")):
            yield _injection(ingress, f"annotation {key}", ("metadata", "annotations", key), signs)
    if belongs.controller != NGINX and not any(key.startswith(PREFIX) for key in said):
        return
    for place, rule in enumerate((ingress.spec.rules if ingress.spec else None) or ()):
        for number, path in enumerate((rule.http.paths if rule.http else None) or ()):
            if signs := _signs(path.path or ""):
                field = ("spec", "rules", place, "http", "paths", number, "path")
                yield _injection(ingress, f"path {path.path!r}", field, signs)


def _signs(text: str) -> str:
    """What ends a directive or begins another; empty for none."""
    return " ".join(dict.fromkeys(repr(each)[1:-1] for each in _SIGNS.findall(_REPETITION.sub("", text.strip()))))


def _injection(ingress: Ingress, what: str, field: FieldPath, signs: str) -> Finding:
    return CHECK.found(
        ingress,
        f"{what} holds {signs}, which can begin a directive of its own in the configuration of nginx",
        field=field,
        fix="take these signs out, and set annotations-risk-level in the controller",
    )

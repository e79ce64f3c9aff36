"""A private key where it can be read by many.

## What it does

Looks for well-formed private keys in PEM in the values of ConfigMaps and of environment variables, and for roles that
let everybody read Secrets: all who log in, all who do not, all service accounts. Text that only looks like a key, such
as a placeholder, does not count. Of the keys nothing is kept.

## Why it is bad

ConfigMaps and pods are readable by far more people and programs than Secrets, they are not encrypted at rest, and
environments end up in logs and in error reports. Who has the key is the server, and can read what was recorded of
connections without forward secrecy.

## Example

What stands in place of the key is none:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  server.key: |
    -----BEGIN PRIVATE KEY-----
    MAA=
    -----END PRIVATE KEY-----
```

## Fix

Write a new key into a Secret, for the old one has to be taken for known, and mount that:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data:
  server.conf: "key /etc/tls/tls.key"
```

## References

- Kubernetes documentation, Good practices for Kubernetes Secrets
- OWASP Kubernetes Top Ten 2025, K03: Secrets Management Failures
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.granting import Granted, Holder, granted
from crenel.audit.subject import Subject
from crenel.audit.ways import listed
from crenel.audit.workloads import Template
from crenel.kubernetes.decode import ConfigMap
from crenel.kubernetes.pem import labels_of

_FIX = "make a new key, write it into a Secret and mount that; the old one has to be taken for known"
CHECK = Check("TL-21", "Private key readable by many", Pillar.TLS, Severity.HIGH)
_KEY = "PRIVATE KEY"
_EVERYBODY = {
    "system:authenticated": "everybody who logs in",
    "system:unauthenticated": "everybody, without logging in,",
    "system:serviceaccounts": "every service account",
    "system:anonymous": "everybody, without logging in,",
}
"""Groups, and a user, that stand for all."""


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each value, and for each role."""
    for config in subject.decoded.config_maps:
        yield from _of_config(config)
    for template in subject.templates:
        yield from _of_environment(template)
    for each in granted(subject.decoded, ("get", "list", "watch"), "", "secrets"):
        holders = [one for one in each.holders if one.kind in ("User", "Group") and one.name in _EVERYBODY]
        if holders:
            yield _role(each, holders)


def _of_config(config: ConfigMap) -> Iterator[Finding]:
    for key, value in config.data.items():
        if any(label.endswith(_KEY) for label in labels_of(value)):
            yield CHECK.found(
                config,
                f"a private key stands in {key}",
                field=("data", str(key)),
                fix=_FIX,
            )


def _of_environment(template: Template) -> Iterator[Finding]:
    lists = {"containers": template.spec.containers, "initContainers": template.spec.init_containers}
    for part, containers in lists.items():
        for place, container in enumerate(containers or ()):
            for number, variable in enumerate(container.env or ()):
                if any(label.endswith(_KEY) for label in labels_of(variable.value)):
                    yield CHECK.found(
                        template.thing,
                        f"a private key stands in environment variable {variable.name} of container {container.name}",
                        field=(*template.path, part, place, "env", number, "value"),
                        fix=_FIX,
                    )


def _role(each: Granted, holders: list[Holder]) -> Finding:
    where = {one.within for one in holders}
    spaces = "of all namespaces" if "" in where else f"of namespace {listed(sorted(where))}"
    named = any((each.role.rules or [])[place].resource_names for place in each.places)
    return CHECK.found(
        each.role,
        f"{_EVERYBODY[holders[0].name]} may read {'named ' * named}Secrets {spaces}, with the private keys in them",
        field=("rules", each.places[0]),
        severity=CHECK.severity if named else CHECK.severity.raised(),
        evidence=[f"by {one.binding}" for one in holders],
        fix="bind the role to those who need it",
    )

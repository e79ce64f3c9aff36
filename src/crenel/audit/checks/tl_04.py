"""A reference to a certificate that leads nowhere.

## What it does

Follows `secretName` of Ingresses, `certificateRefs` of Gateways, `credentialName` of Istio and external certificates of
Routes to their Secrets. A finding is a Secret that holds no certificate where one has to be, one whose text cannot be
read (also where nothing refers to it), one of another type, and one that is missing where the input has one of the same
name in another namespace, or comes from a cluster whose Secrets were read. A Secret that manifests merely lack, because
somebody else makes it, is for the persona auditor; one that a Certificate, or an annotation for cert-manager, makes is
none at all. References into other namespaces without a ReferenceGrant are left to IN-13.

## Why it is bad

The controller shows a certificate of its own, or does not listen; the page that says so is another's log.

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
metadata: {name: shop-tls, namespace: edge}
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

## Fix

Have the certificate issued into the namespace of what refers to it:

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

- k8s.io/api networking/v1 IngressTLS.secretName; core/v1 SecretTypeTLS
- Gateway API ListenerTLSConfig.certificateRefs; Istio reference, ServerTLSSettings.credentialName
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.subject import Subject
from crenel.certificates.inventory import serving
from crenel.certificates.inventory.model import SecretName, Serving
from crenel.kubernetes.decode import Secret

CHECK = Check("TL-04", "Certificate that is referred to is not there", Pillar.TLS, Severity.HIGH)
_TYPE = "kubernetes.io/tls"
_FREE = "gateway"
"""What takes Secrets of any type: a Gateway of Istio. That of the Gateway API has the same kind."""
_MAKERS = ("SealedSecret", "ExternalSecret", "ClusterExternalSecret", "SopsSecret", "VaultStaticSecret")
"""Kinds that controllers make Secrets from."""
_COPIERS = ("reflector.", "replicator.", "kubed.")
"""In annotations of Secrets that controllers copy into other namespaces."""
_ISSUERS = ("cert-manager.io/cluster-issuer", "cert-manager.io/issuer", "kubernetes.io/tls-acme")


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each reference."""
    secrets = {(each.namespace, each.name): each for each in subject.decoded.secrets}
    elsewhere = dict(_elsewhere(subject))
    awaited = {*subject.certificates.writers, *_awaited(subject)}
    for each in _references(subject):
        secret = secrets.get(each.secret)
        if secret is not None:
            yield from _held(subject, each, secret)
        elif each.secret not in awaited:
            yield _missing(subject, each, elsewhere)
    yield from _unreadable(subject)


def _elsewhere(subject: Subject) -> Iterator[tuple[str, str]]:
    """The Secrets for TLS by name, each with a namespace; nothing where others may make those that are missing."""
    if any(kind in _MAKERS for _, kind in subject.decoded.others_seen):
        return
    for each in subject.decoded.secrets:
        facts = subject.certificates.secrets.get((each.namespace, each.name))
        copied = facts is not None and any(word in key for key in facts.annotations for word in _COPIERS)
        if each.type == _TYPE and not copied:
            yield each.name, each.namespace


def _references(subject: Subject) -> Sequence[Serving]:
    """All references that servers show certificates by, once each; known without the extra as well."""
    found = subject.certificates.serving or list(serving.references(subject.decoded))
    return [each for each in found if not each.mounted and each.granted and each.secret[1]]


def _unreadable(subject: Subject) -> Iterator[Finding]:
    """The Secrets for TLS that nothing refers to, and that hold no certificate which can be read."""
    for facts in subject.certificates.secrets.values():
        entry = facts.entry("tls.crt")
        if facts.type != _TYPE or entry is None or entry.certificates or not entry.problems:
            continue
        if not any(not each.mounted for each in entry.served):
            yield CHECK.found(
                facts.place,
                f"its tls.crt cannot be read: {entry.problems[0].message}",
                field=entry.field,
                severity=None if entry.served else CHECK.severity.lowered(),
                fix="write the certificate anew, in PEM",
            )


def _awaited(subject: Subject) -> Iterator[SecretName]:
    """The Secrets that cert-manager makes for an annotation."""
    for ingress in subject.decoded.ingresses:
        if any(key in (ingress.metadata.annotations or {}) for key in _ISSUERS):
            for each in (ingress.spec.tls if ingress.spec else None) or ():
                yield ingress.namespace, each.secret_name or ""
    for gateway in subject.decoded.gateways:
        if any(key in (gateway.metadata.annotations or {}) for key in _ISSUERS):
            for listener in (gateway.spec.listeners if gateway.spec else None) or ():
                for reference in (listener.tls.certificate_refs if listener.tls else None) or ():
                    yield reference.namespace or gateway.namespace, reference.name


def _missing(subject: Subject, each: Serving, elsewhere: Mapping[str, str]) -> Finding:
    namespace, name = each.secret
    known = subject.live and bool(subject.decoded.secrets)
    where = elsewhere.get(name)
    if where is not None:
        why, persona = f"is not in namespace {namespace}; namespace {where} has one of that name", None
    else:
        why = "does not exist" if known else "is not in the input"
        persona = None if known else Persona.AUDITOR
    return CHECK.found(
        each.place,
        f"secret {namespace}/{name} {why}",
        field=each.field,
        severity=None if known or where is not None else CHECK.severity.lowered(2),
        fix="have the certificate issued into that namespace, or mend the name",
        persona=persona,
    )


def _held(subject: Subject, each: Serving, secret: Secret) -> Iterator[Finding]:
    """What is wrong with a Secret that is there. Of one whose values were left out only the type is known."""
    title = f"secret {secret.namespace}/{secret.name}"
    free = each.place.kind == _FREE and "servers" in each.field
    if not free and secret.type != _TYPE:
        yield _wrong(each, f"{title} is of type {secret.type or 'Opaque'}, not {_TYPE}")
    elif secret.keys and "tls.crt" not in secret.keys and not (free and {"cert", "cacert"} & secret.keys):
        yield _wrong(each, f"{title} has no tls.crt")
    elif secret.keys and not any(label.endswith("CERTIFICATE") for _, label in secret.pem):
        yield _wrong(each, f"tls.crt of {title} cannot be read{_why(subject, each.secret)}")
    elif {"tls.crt", "tls.key"} <= secret.keys and not _has_key(secret):
        yield _wrong(each, f"tls.key of {title} cannot be read")


def _why(subject: Subject, name: SecretName) -> str:
    facts = subject.certificates.secrets.get(name)
    problems = [problem for entry in (facts.entries if facts is not None else ()) for problem in entry.problems]
    return f": {problems[0].message}" if problems else ""


def _has_key(secret: Secret) -> bool:
    return any(key == "tls.key" and label.endswith("PRIVATE KEY") for key, label in secret.pem)


def _wrong(each: Serving, message: str) -> Finding:
    return CHECK.found(
        each.place, message, field=each.field, fix=f"write certificate and key into a Secret of type {_TYPE}"
    )  # fmt: skip

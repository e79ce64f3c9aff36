"""An issuer that issues to more than are meant.

## What it does

Looks at ClusterIssuers of cert-manager that sign with a CA key: every namespace may ask for any name, unless
approver-policy decides about requests, which shows as a CertificateRequestPolicy in the input or as a controller
without its own approver. High where somebody in the input trusts the CA, medium otherwise. SelfSigned issuers give no
trust to anybody and are left out. Found are also roles that let others than cert-manager create ACME Challenges, or
create or change Orders: GHSA-8rvj-mm4h-c258, in `cert-manager-edit` before 1.19.6 and 1.20.3.

## Why it is bad

Who may create a Certificate in any namespace gets one for the names of all others: of a database in mutual TLS, of a
webhook. With Challenges and Orders of their own making, users get at the credentials of ClusterIssuers.

## Example

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: cert-manager.io/v1
kind: ClusterIssuer
metadata: {name: internal}
spec: {ca: {secretName: internal-ca}}
```

## Fix

Make it an Issuer of the namespace that needs it, or have approver-policy say who may ask for which names:

```yaml
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: cert-manager.io/v1
kind: Issuer
metadata: {name: internal, namespace: shop}
spec: {ca: {secretName: internal-ca}}
```

## References

- cert-manager documentation, approver-policy; CertificateRequest: approval
- GHSA-8rvj-mm4h-c258; cert-manager/cert-manager#8958
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.finding import Check, Finding, Pillar, Severity
from crenel.audit.granting import Granted, Holder, granted
from crenel.audit.subject import Subject
from crenel.audit.systems import is_system
from crenel.audit.ways import listed
from crenel.certificates.inventory import certmanager
from crenel.certificates.inventory.model import Managed

CHECK = Check("TL-18", "Issuer issues to more than are meant", Pillar.TLS, Severity.HIGH)
_ACME = "acme.cert-manager.io"
_WITHOUT = "-certificaterequests-approver"
"""What the controller is given when another decides (``--controllers=*,-certificaterequests-approver``)."""
_RIGHTS = (("challenges", ("create",)), ("orders", ("create", "patch", "update")))


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each issuer and each role."""
    if not _is_decided(subject):
        for issuer in subject.certificates.issuers.values():
            if issuer.place.kind == "clusterissuer" and (name := certmanager.ca_secret(issuer)) is not None:
                yield _issuer(subject, issuer, name)
    seen: set[int] = set()
    for resource, verbs in _RIGHTS:
        for each in granted(subject.decoded, verbs, _ACME, resource):
            holders = [one for one in each.holders if not _is_own(one)]
            if holders and id(each.role) not in seen and not _is_whole(each):
                seen.add(id(each.role))
                yield _role(each, resource, holders)


def _is_decided(subject: Subject) -> bool:
    """Whether approver-policy, or another approver, decides about requests."""
    if any(kind == "CertificateRequestPolicy" for _, kind in subject.decoded.others_seen):
        return True
    return any(
        _WITHOUT in word
        for template in subject.templates
        for container in template.spec.containers or ()
        for word in (*(container.command or ()), *(container.args or ()))
    )


def _issuer(subject: Subject, issuer: Managed, name: tuple[str, str]) -> Finding:
    facts = subject.certificates.secrets.get(name)
    pair = facts.pair if facts is not None else None
    trusted = list(dict.fromkeys(pair.trusted if pair is not None else ()))
    who = f", and {listed(trusted)} trusts it" if trusted else "; lowered: nobody in the input is seen to trust it"
    return CHECK.found(
        issuer.place,
        f"every namespace may have any name signed by the CA in secret {'/'.join(name)}{who}",
        field=("spec", "ca"),
        severity=None if trusted else CHECK.severity.lowered(),
        fix="make it an Issuer of the namespace that needs it, or have approver-policy decide about requests",
    )


def _is_own(holder: Holder) -> bool:
    """Whether somebody is cert-manager itself, or of the system."""
    account = holder.kind == "ServiceAccount"
    return (account and ("cert-manager" in holder.name or is_system(holder.namespace))) or holder.name.startswith(
        "system:"
    )


def _is_whole(each: Granted) -> bool:
    """Whether the role is one for everything, whose holders need no such way."""
    rules = [(each.role.rules or [])[place] for place in each.places]
    return any("*" in (rule.resources or ()) and "*" in (rule.api_groups or ()) for rule in rules)


def _role(each: Granted, resource: str, holders: list[Holder]) -> Finding:
    return CHECK.found(
        each.role,
        f"{listed(one.title for one in holders)} may write ACME {resource}, the way to credentials of ClusterIssuers",
        field=("rules", each.places[0]),
        evidence=[f"{one.title} by {one.binding}" for one in holders if one.binding],
        fix="upgrade cert-manager to 1.19.6, 1.20.3 or later, whose roles do not allow it; take it out of your own",
    )

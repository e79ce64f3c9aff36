"""A caBundle by which the API server cannot verify whom it calls.

## What it does

Looks at webhooks for admission, aggregated APIs and webhooks that convert custom resources, and at their `caBundle`:
one that cannot be read, one whose certificates all expired, one that did not sign the certificate of the pods behind
the Service (that which they mount, or that cert-manager injects from), and one that its injector should have replaced.
A `caBundle` that is empty in a cluster is a finding; in manifests somebody fills it in later, which is for the persona
auditor. An API with `insecureSkipTLSVerify` is a finding of medium severity. One step lower where failurePolicy is
Ignore.

## Why it is bad

The call fails. With failurePolicy Fail nobody can create or change the objects that it is about, nodes and pods among
them; with Ignore the webhook checks nothing any more, and nobody notices. An API that is not verified is whoever
answers.

## Example

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web}
webhooks:
  - name: web.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig:
      service: {name: web, namespace: shop}
      caBundle: >-
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSG5NSUdhb0FNQ0FRSUNBUkV3QlFZREsyVndNQk14RVRBUEJnTlZCQU1N
        Q0c5MGFHVnlJRU5CTUI0WERUSTIKTURFd01UQXdNREF3TUZvWERUTXhNREV3TVRBd01EQXdNRm93RXpFUk1BOEdBMVVFQXd3
        SWIzUm9aWElnUTBFdwpLakFGQmdNclpYQURJUUJPMjZMemFHR2E2V0cwc2F6ejNnaGFyV01yeVhiUjh5OERpaWVhY3p6R2lL
        TVRNQkV3CkR3WURWUjBUQVFIL0JBVXdBd0VCL3pBRkJnTXJaWEFEUVFER2ZDSkpiRkE1VDFuQ29VSWROai9VV015UU02cUYK
        cFNRVC9KK1RIb3l4MVFXUEJPTndoZEh2WVlwL2Qvb2VKWm8yeHZMb0lQckxOakNsM0QwZEpTNE0KLS0tLS1FTkQgQ0VSVElG
        SUNBVEUtLS0tLQo=
---
apiVersion: v1
kind: Secret
metadata: {name: web-tls, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHqMIGdoAMCAQICARAwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYx
    MTAxMDAwMDAwWhcNMjcwMTMwMDAwMDAwWjAPMQ0wCwYDVQQDDARob29rMCowBQYD
    K2VwAyEAHrj0lWASSFZ0u9sB7yr1ZKn59EpV9KMqa+zOiH/63q+jGzAZMBcGA1Ud
    EQQQMA6CDHdlYi5zaG9wLnN2YzAFBgMrZXADQQCWxk829RXpU3oVHCyMRVh5F85P
    QmvrnMZeFOYpLFymP7QXFnWrJtwE9/L06drrFp3w6OJatsJcmotvEjbm+KMB
    -----END CERTIFICATE-----
```

## Fix

Write the authority that signs now into it, or have it injected (`cert-manager.io/inject-ca-from`):

```yaml
# crenel audit --at 2026-12-01
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: web}
webhooks:
  - name: web.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    clientConfig:
      service: {name: web, namespace: shop}
      caBundle: >-
        LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSGxNSUdZb0FNQ0FRSUNBUUV3QlFZREsyVndNQkl4RURBT0JnTlZCQU1N
        QjNOb2IzQWdRMEV3SGhjTk1qWXcKTVRBeE1EQXdNREF3V2hjTk16RXdNVEF4TURBd01EQXdXakFTTVJBd0RnWURWUVFEREFk
        emFHOXdJRU5CTUNvdwpCUVlESzJWd0F5RUFmM2JQYjNOQ2dyMkJ0UVFlVFFTZ1d5dFFtYUcxZXROMG14MFFGWTdzQWR1akV6
        QVJNQThHCkExVWRFd0VCL3dRRk1BTUJBZjh3QlFZREsyVndBMEVBTkZxcFpIZmxKNkV0NUFNKzdrSHY4MklOQzFVTHY5cy8K
        TUpYZ2YzZ2l1WU1aaFkxRXB1eVNuckdiR2t4ejRzRE45OHc3aGR3OXZHbHVyelI5SWx0OERRPT0KLS0tLS1FTkQgQ0VSVElG
        SUNBVEUtLS0tLQo=
---
apiVersion: v1
kind: Secret
metadata: {name: web-tls, namespace: shop}
type: kubernetes.io/tls
stringData:
  tls.crt: |
    -----BEGIN CERTIFICATE-----
    MIHqMIGdoAMCAQICARAwBQYDK2VwMBIxEDAOBgNVBAMMB3Nob3AgQ0EwHhcNMjYx
    MTAxMDAwMDAwWhcNMjcwMTMwMDAwMDAwWjAPMQ0wCwYDVQQDDARob29rMCowBQYD
    K2VwAyEAHrj0lWASSFZ0u9sB7yr1ZKn59EpV9KMqa+zOiH/63q+jGzAZMBcGA1Ud
    EQQQMA6CDHdlYi5zaG9wLnN2YzAFBgMrZXADQQCWxk829RXpU3oVHCyMRVh5F85P
    QmvrnMZeFOYpLFymP7QXFnWrJtwE9/L06drrFp3w6OJatsJcmotvEjbm+KMB
    -----END CERTIFICATE-----
```

## References

- k8s.io/api admissionregistration/v1 WebhookClientConfig.caBundle; apiregistration/v1 APIServiceSpec
- cert-manager/cert-manager#5519; percona/percona-xtradb-cluster-operator#2548
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.certified import day
from crenel.audit.finding import Check, Finding, Persona, Pillar, Severity
from crenel.audit.signed import serving
from crenel.audit.subject import Subject
from crenel.audit.verified import chain, is_out_of_date
from crenel.certificates.inventory.model import Caller, Entry, State

CHECK = Check("TL-11", "caBundle does not verify", Pillar.TLS, Severity.CRITICAL)


def findings(subject: Subject) -> Iterator[Finding]:
    """One finding for each webhook, API and conversion."""
    for caller in subject.certificates.callers:
        if caller.unverified:
            yield _unverified(caller)
        elif caller.bundle is None or _is_placeholder(caller.bundle, live=subject.live):
            if caller.service is not None and not (caller.injected and not subject.live):
                yield _empty(subject, caller)
        elif what := _wrong(subject, caller, caller.bundle):
            yield _finding(caller, what)


def _is_placeholder(bundle: Entry, *, live: bool) -> bool:
    """Whether it is filled in later: nothing but space (``Cg==``), or in manifests what is no base64 (``CA``)."""
    words = {each.message for each in bundle.problems}
    return not bundle.certificates and ("empty" in words or (not live and any("not base64" in each for each in words)))


def _wrong(subject: Subject, caller: Caller, bundle: Entry) -> str:
    at = subject.certificates.at
    if not bundle.certificates:
        return f"its caBundle cannot be read: {bundle.problems[0].message if bundle.problems else 'no certificate'}"
    if all(each.not_after < at for each in bundle.certificates):
        last = max(each.not_after for each in bundle.certificates)
        return f"the certificates of its caBundle are out of date, the last since {day(last)}"
    answers = [(entry, entry.leaf) for entry in serving(subject, caller) if entry.leaf is not None]
    broken = [(entry, chain(leaf, entry.certificates[1:], bundle.certificates, at)) for entry, leaf in answers]
    wrong = [(entry, each) for entry, each in broken if not each and not is_out_of_date(each)]
    if broken and len(wrong) == len(broken):
        entry, why = wrong[0]
        return f"its caBundle did not sign what {entry.place.title} holds for it: {getattr(why, 'message', '')}"
    if bundle.renewal.state is State.FAILING:
        return f"its caBundle was not brought up to date by {bundle.renewal.by}: {bundle.renewal.reason}"
    return ""


def _finding(caller: Caller, what: str) -> Finding:
    lowered = "" if caller.fails else "; lowered: it is passed over then (failurePolicy Ignore)"
    return CHECK.found(
        caller.place,
        f"{_name(caller)}{what}{lowered}",
        field=caller.field,
        severity=None if caller.fails else CHECK.severity.lowered(),
        fix="write the authority that signs its certificate now into caBundle, or have it injected",
    )


def _empty(subject: Subject, caller: Caller) -> Finding:
    return CHECK.found(
        caller.place,
        f"{_name(caller)}it has no caBundle: no public authority signs for {caller.host}",
        field=caller.field,
        severity=None if caller.fails and subject.live else CHECK.severity.lowered(1 if subject.live else 2),
        fix="write the authority that signs its certificate into caBundle, or have it injected",
        persona=None if subject.live else Persona.AUDITOR,
    )


def _unverified(caller: Caller) -> Finding:
    return CHECK.found(
        caller.place,
        "the API server takes any certificate of it (insecureSkipTLSVerify), and sends it the requests of users",
        field=(*caller.field[:-1], "insecureSkipTLSVerify"),
        severity=CHECK.severity.lowered(2),
        fix="write the authority that signs its certificate into caBundle, and verify",
    )


def _name(caller: Caller) -> str:
    return f"webhook {caller.name}: " if caller.name else ""

"""ReferenceGrant and BackendTLSPolicy (sigs.k8s.io/gateway-api apis/v1, v1beta1)."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.kubernetes.objects.meta import Field, KubernetesObject


class GrantFrom(Field):
    """Who may refer."""

    group: str
    kind: str
    namespace: str


class GrantTo(Field):
    """What may be referred to, in the grant's own namespace; without a name all of the kind."""

    group: str
    kind: str
    name: str | None = None


class ReferenceGrantSpec(Field):
    """References that are allowed from other namespaces."""

    from_: list[GrantFrom] | None = msgspec.field(default=None, name="from")
    to: list[GrantTo] | None = None


class ReferenceGrant(KubernetesObject):
    """A ReferenceGrant."""

    spec: ReferenceGrantSpec | None = None


class PolicyTarget(Field):
    """What a policy is about: an object, or one section (a port's name) of it."""

    group: str
    kind: str
    name: str
    section_name: str | None = None


class CertificateReference(Field):
    """Where certificates of authorities are, in the policy's own namespace."""

    group: str
    kind: str
    name: str


class SubjectAltName(Field):
    """A name that the backend's certificate may hold."""

    type: str
    hostname: str | None = None
    uri: str | None = None


class BackendValidation(Field):
    """What a backend's certificate is checked against."""

    ca_certificate_refs: list[CertificateReference] | None = msgspec.field(default=None, name="caCertificateRefs")
    well_known_ca_certificates: str | None = msgspec.field(default=None, name="wellKnownCACertificates")
    hostname: str | None = None
    subject_alt_names: list[SubjectAltName] | None = None


class BackendTLSPolicySpec(Field):
    """Which Services are spoken to in TLS, and how they are verified."""

    target_refs: list[PolicyTarget] | None = None
    validation: BackendValidation | None = None
    options: Any = None


class BackendTLSPolicy(KubernetesObject):
    """A BackendTLSPolicy."""

    spec: BackendTLSPolicySpec | None = None
    status: Any = None

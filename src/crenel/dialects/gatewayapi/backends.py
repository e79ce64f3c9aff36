"""The backends of routes, with TLS towards them.

Source of the rules: kubernetes-sigs/gateway-api apis/v1 ``BackendRef``, ``HTTPBackendRef`` (what cannot be resolved is
answered with 500 for its share), ``BackendTLSPolicy`` (a target with a port's name before one without; of several for
one target the oldest, then the first by namespace and name), ``GatewayBackendTLS.clientCertificateRef``.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from crenel.dialects.gatewayapi.conditions import (
    ACCEPTED,
    FALSE,
    RESOLVED,
    TRUE,
    UNKNOWN,
    Condition,
    Conditions,
    conditions,
)
from crenel.dialects.gatewayapi.references import (
    GOOD,
    Finding,
    From,
    Grants,
    Target,
    authority,
    certificate,
    missing,
    not_permitted,
    target_of,
)
from crenel.dialects.known import Known
from crenel.kubernetes.objects.gateway import Gateway
from crenel.kubernetes.objects.gatewaypolicies import BackendTLSPolicy, BackendTLSPolicySpec, BackendValidation
from crenel.kubernetes.objects.routes import BackendReference, MirrorReference
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.provenance import FieldPath
from crenel.routing.filters import Filter
from crenel.routing.proxy import Backend, BackendTls

_SERVICE = ("", "Service")
_IMPORT = ("multicluster.x-k8s.io", "ServiceImport")


@dataclass(slots=True)
class Policies:
    """BackendTLSPolicies by what they are about, and what becomes of each."""

    known: Known
    grants: Grants
    verdicts: dict[tuple[str, str], Conditions] = field(default_factory=dict)
    _chosen: dict[tuple[str, str, str], BackendTLSPolicy] = field(default_factory=dict)
    """By namespace, Service and name of the port (or empty)."""
    targets: dict[tuple[str, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """By Service, the policies about it."""

    def __post_init__(self) -> None:
        listed = self.known.decoded.backend_tls_policies
        for policy in sorted(listed, key=lambda each: (_age(each), each.namespace, each.name)):
            self._add(policy)

    def _add(self, policy: BackendTLSPolicy) -> None:
        clashing = False
        for target in (policy.spec.target_refs if policy.spec else None) or ():
            if (target.group, target.kind) != _SERVICE:
                continue
            self.targets[policy.namespace, target.name].add((policy.namespace, policy.name))
            key = policy.namespace, target.name, target.section_name or ""
            clashing = self._chosen.setdefault(key, policy) is not policy or clashing
        self.verdicts[policy.namespace, policy.name] = self._verdict(policy, clashing=clashing)

    def _verdict(self, policy: BackendTLSPolicy, *, clashing: bool) -> Conditions:
        findings = self._authorities(policy)
        wrong = sorted((each for each in findings if each.reason), key=lambda each: each.unknown)
        resolved = Condition(RESOLVED, TRUE, "ResolvedRefs")
        if wrong:
            status = UNKNOWN if wrong[0].unknown else FALSE
            resolved = Condition(RESOLVED, status, wrong[0].reason, wrong[0].message)
        accepted = Condition(ACCEPTED, TRUE, "Accepted")
        if findings and all(each.reason and not each.unknown for each in findings):
            accepted = Condition(ACCEPTED, FALSE, "NoValidCACertificate", wrong[0].message)
        if clashing:
            words = "an older policy, or one that comes first by name, has the same target"
            accepted = Condition(ACCEPTED, FALSE, "Conflicted", words)
        return conditions(accepted, resolved)

    def _authorities(self, policy: BackendTLSPolicy) -> list[Finding]:
        validation = _validation(policy)
        source = From("BackendTLSPolicy", policy.namespace)
        return [
            authority(
                Target(ref.group, ref.kind, policy.namespace, ref.name), source, self.known, self.grants,
                "InvalidKind", "InvalidCACertificateRef",
            )
            for ref in validation.ca_certificate_refs or ()
        ]  # fmt: skip

    def of(self, service: Service, port: int | None) -> BackendTLSPolicy | None:
        """The policy about a Service's port."""
        name = next((each.name for each in _ports(service) if each.port == port), None) or ""
        found = self._chosen.get((service.namespace, service.name, name))
        return found or self._chosen.get((service.namespace, service.name, ""))

    def tls(self, policy: BackendTLSPolicy, shown: str) -> BackendTls:
        """What a policy asks of the proxy; `shown` is the certificate that the proxy has for itself."""
        validation = _validation(policy)
        alternatives = validation.subject_alt_names or ()
        return BackendTls(
            validation.hostname or "",
            tuple(each.hostname for each in alternatives if each.type == "Hostname" and each.hostname),
            tuple(each.uri for each in alternatives if each.type == "URI" and each.uri),
            client_certificate=shown,
        )


def _validation(policy: BackendTLSPolicy) -> BackendValidation:
    return (policy.spec or BackendTLSPolicySpec()).validation or BackendValidation()


def _age(policy: BackendTLSPolicy) -> str:
    return str(policy.metadata.creation_timestamp or "~")


def _ports(service: Service) -> list[ServicePort]:
    return (service.spec.ports if service.spec else None) or []


@dataclass(slots=True)
class Backends:
    """Resolves the backends of routes for one Gateway."""

    known: Known
    grants: Grants
    policies: Policies
    gateway: Gateway
    shown: str = field(init=False)
    """The certificate that the Gateway shows to backends, if it has one."""

    def __post_init__(self) -> None:
        finding, name = client_certificate(self.gateway, self.known, self.grants)
        self.shown = name if not finding.reason or finding.unknown else ""

    def resolve(
        self, ref: BackendReference | MirrorReference, source: From, where: FieldPath, filters: tuple[Filter, ...] = ()
    ) -> tuple[Backend, Finding]:
        """The backend of one reference, and what is wrong with it."""
        target = Target(ref.group or "", ref.kind or "Service", ref.namespace or source.namespace, ref.name)
        finding = self._finding(target, ref.port)
        if not self.grants.allow(source, target) and finding.reason != "InvalidKind":
            finding = not_permitted(target)
        weight = ref.weight if isinstance(ref, BackendReference) and ref.weight is not None else 1
        broken = finding.message if finding.reason and not finding.unknown else ""
        tls = None
        service = self.known.services.get((target.namespace, target.name)) if target.kind == "Service" else None
        if service is not None and (policy := self.policies.of(service, ref.port)) is not None:
            tls = self.policies.tls(policy, self.shown)
            verdict = self.policies.verdicts[policy.namespace, policy.name][ACCEPTED]
            broken = broken or (verdict.message if verdict.status == FALSE else "")
        made = Backend(target.namespace, ref.name, ref.port, weight, target.kind, filters, tls, broken, field=where)
        return made, finding

    def _finding(self, target: Target, port: int | None) -> Finding:
        if (target.group, target.kind) == _IMPORT:
            return Finding("BackendNotFound", f"{target.kind} {target.name} is of other clusters", unknown=True)
        if (target.group, target.kind) != _SERVICE:
            words = f"{target.kind} of {target.group or 'the core group'} is no backend that every proxy knows"
            return Finding("InvalidKind", words, unknown=not self.known.closed)
        service = self.known.services.get((target.namespace, target.name))
        if service is None:
            return missing(target, "BackendNotFound", self.known)._replace(unknown=False)
        if port is not None and _ports(service) and all(each.port != port for each in _ports(service)):
            return Finding("BackendNotFound", f"Service {target.namespace}/{target.name} has no port {port}")
        return GOOD


def client_certificate(gateway: Gateway, known: Known, grants: Grants) -> tuple[Finding, str]:
    """What is wrong with the certificate that a Gateway shows to backends, and its name; empty without one."""
    tls = gateway.spec.tls if gateway.spec else None
    ref = tls.backend.client_certificate_ref if tls and tls.backend else None
    if ref is None:
        return GOOD, ""
    source = From("Gateway", gateway.namespace)
    target = target_of(ref, "Secret", source)
    found = certificate(ref, source, known, grants, "InvalidClientCertificateRef")
    return found, f"{target.namespace}/{target.name}"

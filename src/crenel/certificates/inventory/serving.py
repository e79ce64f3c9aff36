"""Who refers to which Secret: proxies that show its certificate, pods that have it in a volume.

Source of the fields: k8s.io/api networking/v1 IngressTLS (without hosts those of the rules count, as in ingress-nginx
and Traefik), core/v1 SecretVolumeSource and SecretProjection; Gateway API ListenerTLSConfig, BackendClientTLS;
istio.io/api networking/v1 ServerTLSSettings (``credentialName`` is in the namespace of the proxy, which is mostly the
Gateway's).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import Place, SecretName, Serving
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.gateway import Gateway, GatewayListener, ListenerSet, ObjectReference
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.istio import IstioGateway
from crenel.kubernetes.objects.meta import KubernetesObject
from crenel.kubernetes.objects.workloads import PodSpec
from crenel.provenance import FieldPath

if TYPE_CHECKING:
    from crenel.dialects.gatewayapi.references import Grants

_PASSTHROUGH = "Passthrough"


def references(decoded: Decoded) -> Iterator[Serving]:
    """All references of typed objects."""
    for ingress in decoded.ingresses:
        yield from _ingress(ingress)
    if decoded.gateways or decoded.listener_sets:
        yield from _of_gateway_api(decoded)
    for istio in decoded.istio_gateways:
        yield from _istio(istio)
    yield from _mounts(decoded)


def _of_gateway_api(decoded: Decoded) -> Iterator[Serving]:
    from crenel.dialects.gatewayapi.references import Grants  # noqa: PLC0415 - a tenth of a run, mostly for nothing

    grants = Grants(decoded.reference_grants)
    for gateway in decoded.gateways:
        yield from _gateway(gateway, grants)
    for listeners in decoded.listener_sets:
        for position, each in enumerate((listeners.spec.listeners if listeners.spec else None) or ()):
            yield from _listener(listeners, each, position, grants)


def trusters(decoded: Decoded) -> Mapping[tuple[str, SecretName], list[str]]:
    """Who verifies others with what is in a ConfigMap or Secret, by kind and name: pods and policies for backends."""
    found: dict[tuple[str, SecretName], list[str]] = defaultdict(list)
    for policy in decoded.backend_tls_policies:
        validation = policy.spec.validation if policy.spec else None
        for reference in (validation.ca_certificate_refs if validation else None) or ():
            found[reference.kind.lower(), (policy.namespace, reference.name)].append(policy.title)
    for place, title in [*_annotated(decoded), *_frontends(decoded)]:
        found[place].append(title)
    for owner, spec, _ in _pods(decoded):
        for _, volume in raw.items({"volumes": spec.volumes if spec else None}, "volumes"):
            sources = [volume, *(each for _, each in raw.items(volume, "projected", "sources"))]
            for each in sources:
                if name := raw.text(each, "configMap", "name"):
                    found["configmap", (owner.namespace, name)].append(owner.title)
    return found


_TRUSTING = ("nginx.ingress.kubernetes.io/auth-tls-secret", "nginx.ingress.kubernetes.io/proxy-ssl-secret")
"""The annotations of ingress-nginx with the Secret that clients, and backends, are verified with."""

_Trust = tuple[tuple[str, SecretName], str]


def _annotated(decoded: Decoded) -> Iterator[_Trust]:
    for ingress in decoded.ingresses:
        for key in _TRUSTING:
            namespace, _, name = (ingress.metadata.annotations or {}).get(key, "").rpartition("/")
            if name:
                yield ("secret", (namespace or ingress.namespace, name)), ingress.title


def _frontends(decoded: Decoded) -> Iterator[_Trust]:
    """What Gateways verify clients with."""
    for gateway in decoded.gateways:
        if gateway.spec is None:
            continue
        frontend = gateway.spec.tls.frontend if gateway.spec.tls else None
        settings = [frontend.default, *(each.tls for each in frontend.per_port or ())] if frontend else []
        validations = [each.validation for each in settings if each is not None]
        validations += [each.tls.frontend_validation for each in gateway.spec.listeners or () if each.tls]
        for validation in validations:
            for reference in (validation.ca_certificate_refs if validation else None) or ():
                namespace = reference.namespace or gateway.namespace
                yield ((reference.kind or "ConfigMap").lower(), (namespace, reference.name)), gateway.title


def _place(thing: KubernetesObject) -> Place:
    return Place(thing.kind.lower(), thing.name, thing.namespace, thing.origin)


def _ingress(ingress: Ingress) -> Iterator[Serving]:
    spec = ingress.spec
    if spec is None:
        return
    rules = tuple(each.host for each in spec.rules or () if each.host)
    for position, each in enumerate(spec.tls or ()):
        if each.secret_name:
            hosts = tuple(each.hosts or ()) or rules
            field: FieldPath = ("spec", "tls", position, "secretName")
            yield Serving(_place(ingress), (ingress.namespace, each.secret_name), field, hosts)


def _gateway(gateway: Gateway, grants: Grants) -> Iterator[Serving]:
    spec = gateway.spec
    if spec is None:
        return
    for position, each in enumerate(spec.listeners or ()):
        yield from _listener(gateway, each, position, grants)
    reference = spec.tls.backend.client_certificate_ref if spec.tls and spec.tls.backend else None
    if reference is not None:
        field: FieldPath = ("spec", "tls", "backend", "clientCertificateRef")
        yield from _reference(gateway, reference, field, (), grants, client=True)


def _listener(
    owner: Gateway | ListenerSet, listener: GatewayListener, position: int, grants: Grants
) -> Iterator[Serving]:
    if listener.tls is None or listener.tls.mode == _PASSTHROUGH:
        return
    hosts = (listener.hostname,) if listener.hostname else ()
    for number, reference in enumerate(listener.tls.certificate_refs or ()):
        field: FieldPath = ("spec", "listeners", position, "tls", "certificateRefs", number)
        yield from _reference(owner, reference, field, hosts, grants)


def _reference(
    owner: KubernetesObject,
    reference: ObjectReference,
    field: FieldPath,
    hosts: tuple[str, ...],
    grants: Grants,
    *,
    client: bool = False,
) -> Iterator[Serving]:
    if (reference.kind or "Secret") != "Secret" or reference.group:
        return
    from crenel.dialects.gatewayapi.references import From, Target  # noqa: PLC0415 - as above

    namespace = reference.namespace or owner.namespace
    target = Target("", "Secret", namespace, reference.name)
    granted = grants.allow(From(owner.kind, owner.namespace), target)
    yield Serving(_place(owner), (namespace, reference.name), field, hosts, client=client, granted=granted)


def _istio(gateway: IstioGateway) -> Iterator[Serving]:
    for position, server in enumerate((gateway.spec.servers if gateway.spec else None) or ()):
        if server.tls is not None and server.tls.credential_name:
            hosts = tuple(each.rpartition("/")[2] for each in server.hosts or ())
            field: FieldPath = ("spec", "servers", position, "tls", "credentialName")
            names = tuple(each for each in hosts if each != "*")
            yield Serving(_place(gateway), (gateway.namespace, server.tls.credential_name), field, names)


def _mounts(decoded: Decoded) -> Iterator[Serving]:
    for owner, spec, field in _pods(decoded):
        yield from _volumes(owner, spec, field)


def _pods(decoded: Decoded) -> Iterator[tuple[KubernetesObject, PodSpec | None, FieldPath]]:
    """The specs of pods as people wrote them: of a pod that a workload made the workload speaks."""
    for pod in decoded.pods:
        if not _is_owned(pod):
            yield pod, pod.spec, ("spec",)
    for workload in decoded.workloads:
        template = workload.spec.template if workload.spec else None
        if template is not None and not _is_owned(workload):
            yield workload, template.spec, ("spec", "template", "spec")
    for job in decoded.cron_jobs:
        made = job.spec.job_template.spec if job.spec and job.spec.job_template else None
        if made is not None and made.template is not None:
            yield job, made.template.spec, ("spec", "jobTemplate", "spec", "template", "spec")


def _is_owned(thing: KubernetesObject) -> bool:
    return any(each.controller for each in thing.metadata.owner_references or ())


def _volumes(owner: KubernetesObject, spec: PodSpec | None, field: FieldPath) -> Iterator[Serving]:
    for position, volume in raw.items({"volumes": spec.volumes if spec else None}, "volumes"):
        here = (*field, "volumes", position)
        if name := raw.text(volume, "secret", "secretName"):
            yield _mount(owner, name, (*here, "secret", "secretName"))
        for number, source in raw.items(volume, "projected", "sources"):
            if name := raw.text(source, "secret", "name"):
                yield _mount(owner, name, (*here, "projected", "sources", number, "secret", "name"))


def _mount(owner: KubernetesObject, name: str, field: FieldPath) -> Serving:
    return Serving(_place(owner), (owner.namespace, name), field, mounted=True)

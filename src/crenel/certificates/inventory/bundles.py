"""What is trusted: caBundles, ConfigMaps, bundles of trust-manager and of Kubernetes, and certificates in Routes.

Source of the fields: k8s.io/api admissionregistration/v1 WebhookClientConfig, kube-aggregator apiregistration/v1
APIServiceSpec, apiextensions/v1 CustomResourceConversion, certificates/v1beta1 ClusterTrustBundleSpec;
cert-manager/trust-manager trust/v1alpha1 BundleSource; openshift/api route/v1 TLSConfig; cert-manager's documentation
of its CA injector for the annotations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import (
    NOBODY,
    Caller,
    Entry,
    Inventory,
    Place,
    Renewal,
    SecretName,
    Serving,
    State,
)
from crenel.certificates.inventory.secrets import of_text
from crenel.provenance import FieldPath, Origin, Problem

_INJECT_FROM = (("cert-manager.io/inject-ca-from", False), ("cert-manager.io/inject-ca-from-secret", True))
"""The annotations, and whether they name a Secret or a Certificate."""
_INJECT_API = "cert-manager.io/inject-apiserver-ca"
_INJECT_OPENSHIFT = "service.beta.openshift.io/inject-cabundle"
_BUNDLE = "trust.cert-manager.io/bundle"
"""The label of the ConfigMaps that trust-manager writes: which Bundle they are of."""
_WRITTEN = {"istio-ca-root-cert": "istiod", "kube-root-ca.crt": "kube-controller-manager"}
"""Who writes the ConfigMaps of some names into every namespace."""
_BEGIN = "-----BEGIN "
_KEEP = "Ignore"
"""The failurePolicy that goes on without an answer; the other, Fail, is the default of v1."""


def config_map(data: Mapping[str, Any], origin: Origin, namespace: str) -> Iterator[Entry]:
    """The certificates in the values of a ConfigMap: bundles, unless they are a leaf's."""
    place = Place("configmap", raw.text(data, "metadata", "name"), namespace, origin)
    renewal = _written(data, place)
    for part in ("data", "binaryData"):
        for label, value in raw.table(data, part).items():
            content = raw.decoded(value) if part == "binaryData" else _content(value)
            if content is not None and _BEGIN.encode() in content:
                for entry in of_text(content, place, (part, str(label)), str(label)):
                    entry.renewal = renewal
                    yield entry


def _written(data: Mapping[str, Any], place: Place) -> Renewal:
    """Who writes a ConfigMap; whether that works is not to be seen in it."""
    name = raw.text(data, "metadata", "labels", _BUNDLE)
    injected = raw.text(data, "metadata", "annotations", _INJECT_OPENSHIFT) == "true"
    by = f"bundle {name}" if name else _WRITTEN.get(place.name, "the service CA of OpenShift" if injected else "")
    return Renewal(State.UNKNOWN, by) if by else NOBODY


def trust_bundle(data: Mapping[str, Any], origin: Origin) -> Iterator[Entry]:
    """The certificates of a ClusterTrustBundle, or those written into a Bundle of trust-manager."""
    place = Place(raw.text(data, "kind").lower(), raw.text(data, "metadata", "name"), "", origin)
    if written := raw.text(data, "spec", "trustBundle"):
        yield from of_text(
            written.encode("utf-8", "surrogatepass"), place, ("spec", "trustBundle"), "trustBundle", trusted=True
        )
    for position, source in raw.items(data, "spec", "sources"):
        if written := raw.text(source, "inLine"):
            field: FieldPath = ("spec", "sources", position, "inLine")
            yield from of_text(written.encode("utf-8", "surrogatepass"), place, field, "inLine", trusted=True)


def route(data: Mapping[str, Any], origin: Origin, namespace: str, inventory: Inventory) -> Iterator[Entry]:
    """The certificates that a Route of OpenShift holds itself: what it shows, and what it trusts."""
    place = Place("route", raw.text(data, "metadata", "name"), namespace, origin)
    tls, host = raw.table(data, "spec", "tls"), raw.text(data, "spec", "host")
    serving = Serving(place, (namespace, ""), ("spec", "tls"), (host,) if host else ())
    if written := raw.text(tls, "certificate"):
        shown = "\n".join((written, raw.text(tls, "caCertificate"), raw.text(tls, "key"), ""))
        for entry in of_text(
            shown.encode("utf-8", "surrogatepass"), place, ("spec", "tls", "certificate"), "certificate"
        ):
            entry.served.append(serving)
            yield entry
    label = "destinationCACertificate"
    if written := raw.text(tls, label):
        content = written.encode("utf-8", "surrogatepass")
        yield from of_text(content, place, ("spec", "tls", label), label, trusted=True)
    if external := raw.text(tls, "externalCertificate", "name"):
        field = ("spec", "tls", "externalCertificate", "name")
        inventory.serving.append(Serving(place, (namespace, external), field, serving.hosts))


def webhooks(data: Mapping[str, Any], origin: Origin) -> Iterator[Caller]:
    """The webhooks of a configuration for admission."""
    place = Place(raw.text(data, "kind").lower(), raw.text(data, "metadata", "name"), "", origin)
    for position, each in raw.items(data, "webhooks"):
        field: FieldPath = ("webhooks", position, "clientConfig")
        fails = raw.text(each, "failurePolicy") != _KEEP
        yield _caller(data, place, raw.table(each, "clientConfig"), field, raw.text(each, "name"), fails=fails)


def api_service(data: Mapping[str, Any], origin: Origin) -> Iterator[Caller]:
    """An API that somebody else serves."""
    place = Place("apiservice", raw.text(data, "metadata", "name"), "", origin)
    if raw.table(data, "spec", "service"):
        yield _caller(data, place, raw.table(data, "spec"), ("spec",), "", fails=True)


def conversion(data: Mapping[str, Any], origin: Origin) -> Iterator[Caller]:
    """The webhook that converts the versions of a custom resource."""
    place = Place("customresourcedefinition", raw.text(data, "metadata", "name"), "", origin)
    client = raw.table(data, "spec", "conversion", "webhook", "clientConfig")
    if client:
        yield _caller(data, place, client, ("spec", "conversion", "webhook", "clientConfig"), "", fails=True)


def _caller(
    data: Mapping[str, Any], place: Place, client: Mapping[str, Any], field: FieldPath, name: str, *, fails: bool
) -> Caller:
    service = raw.table(client, "service")
    where: SecretName | None = None
    host = _host_of(raw.text(client, "url"))
    if service:
        where = raw.text(service, "namespace"), raw.text(service, "name")
        host = f"{where[1]}.{where[0]}.svc"
    field = (*field, "caBundle")
    injected, source, is_secret = _injection(data)
    return Caller(
        place, field, name, where, host, _bundle(client, place, field), fails,
        raw.at(client, "insecureSkipTLSVerify") is True, injected, source, is_secret,
    )  # fmt: skip


def _bundle(client: Mapping[str, Any], place: Place, field: FieldPath) -> Entry | None:
    written = raw.text(client, "caBundle")
    if not written:
        return None
    content = raw.decoded(written)
    (entry,) = of_text(content or b"", place, field, "caBundle", trusted=True)
    if content is None:
        entry.problems = (Problem("too large, or not base64", place.origin, field, place.title),)
    return entry


def _injection(data: Mapping[str, Any]) -> tuple[str, SecretName | None, bool]:
    """Who fills in the caBundle, and from which Certificate or Secret."""
    notes = raw.table(data, "metadata", "annotations")
    for key, is_secret in _INJECT_FROM:
        namespace, _, name = raw.text(notes, key).partition("/")
        if name:
            return "cert-manager", (namespace, name), is_secret
    if raw.text(notes, _INJECT_API):
        return "cert-manager", None, False
    return ("openshift", None, False) if raw.text(notes, _INJECT_OPENSHIFT) else ("", None, False)


def _content(value: Any) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) and _BEGIN in value else None


def _host_of(url: str) -> str:
    """The host of a webhook's URL; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""

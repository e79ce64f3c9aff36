"""No object, however odd, makes an inventory raise."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import crenel
from certificates.inventory.pieces import b64
from certificates.making import AT, authority, leaf
from crenel.certificates.inventory import faults
from crenel.output import inventory_json, inventory_markdown, inventory_table
from crenel.output.reports import Context

ROOT = authority()
WEB = leaf("web", ROOT)
TEXTS = st.sampled_from([
    "", "a", "a/b", "x" * 300, "\ud800", "-----BEGIN CERTIFICATE-----", WEB.pem, WEB.key_pem, WEB.pem + WEB.key_pem,
    ROOT.pem, b64(WEB.pem), b64(WEB.key_pem), b64(ROOT.pem), b64(WEB.certificate.der), "%%%", "2026-06-01T00:00:00Z",
    "2026-99-01", "9999-12-31T23:59:59-14:00", "True", "False", "web", "https://a.b:x/", "http://[", "https://a.b",
])  # fmt: skip
SCALARS = TEXTS | st.none() | st.booleans() | st.integers(-9, 10**12) | st.floats(allow_nan=True)
KEYS = st.sampled_from([
    "tls.crt", "tls.key", "ca.crt", "ca-cert.pem", "ca-key.pem", "name", "namespace", "kind", "annotations", "labels",
    "ownerReferences", "cert-manager.io/certificate-name", "cert-manager.io/inject-ca-from", "caBundle", "service",
    "url", "clientConfig", "secretName", "issuerRef", "ca", "acme", "conditions", "type", "status", "message",
    "renewalTime", "notAfter", "sources", "inLine", "trustBundle", "tls", "certificate", "key", "host",
    "externalCertificate", "users",
    "user", "client-certificate-data", "client-key-data", "clusters", "cluster", "certificate-authority-data", "server",
    "conversion", "webhook", "failurePolicy", "volumes", "secret", "spec", "metadata",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=14
)
KINDS = [
    ("v1", "Secret"), ("v1", "ConfigMap"), ("v1", "Config"), ("route.openshift.io/v1", "Route"),
    ("apiregistration.k8s.io/v1", "APIService"), ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"), ("cert-manager.io/v1", "Certificate"),
    ("cert-manager.io/v1", "Issuer"), ("cert-manager.io/v1", "ClusterIssuer"),
    ("cert-manager.io/v1", "CertificateRequest"), ("trust.cert-manager.io/v1alpha1", "Bundle"),
    ("certificates.k8s.io/v1beta1", "ClusterTrustBundle"), ("networking.k8s.io/v1", "Ingress"),
]  # fmt: skip
PARTS = ("data", "stringData", "binaryData", "spec", "status", "webhooks", "users", "clusters", "type")


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """An object of a kind that is looked at, with anything in its fields."""
    version, kind = draw(st.sampled_from(KINDS))
    names = draw(st.lists(st.sampled_from(PARTS), unique=True, max_size=4))
    metadata = draw(st.dictionaries(KEYS, VALUES, max_size=4))
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "web", **metadata}} | {
        name: draw(VALUES) for name in names
    }


@given(things=st.lists(objects(), max_size=4))
def test_nothing_raises(things: list[dict[str, Any]]) -> None:
    """Whatever the objects are, there is an inventory of them, and it can be written in every format."""
    inventory = crenel.load(things).certificates(AT)
    judged = [(each, faults.of(each, AT)) for each in inventory.entries]
    assert all(each.place.title for each, _ in judged)
    inventory_json.render(judged, AT, Context())
    for text in (inventory_table.render(judged, AT), inventory_markdown.render(judged, AT)):
        assert text.isprintable() or all(line.isprintable() for line in text.splitlines())
        text.encode()


@given(values=st.dictionaries(KEYS, st.binary(max_size=40) | st.sampled_from([WEB.pem.encode(), ROOT.pem.encode()])))
def test_no_bytes_raise(values: dict[str, bytes]) -> None:
    """Whatever bytes a Secret holds."""
    data = {key: b64(content) for key, content in values.items()}
    thing = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "x"}, "type": "kubernetes.io/tls", "data": data}
    inventory = crenel.load([thing]).certificates(AT)
    held = [each for content in values.values() for each in (WEB, ROOT) if content == each.pem.encode()]
    assert sum(len(each.certificates) for each in inventory.entries) == len(held)

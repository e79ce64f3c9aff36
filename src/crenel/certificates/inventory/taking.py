"""Takes the inventory of an input: one pass over its documents, then what belongs together is joined."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from crenel.certificates.inventory import (
    bundles,
    certmanager,
    disk,
    kubeconfigs,
    meshes,
    raw,
    renewing,
    secrets,
    serving,
    trusting,
)
from crenel.certificates.inventory.model import Entry, Inventory, SecretName, Serving, Use
from crenel.kubernetes.decode import Decoded
from crenel.provenance import Origin
from crenel.sources.document import Document

_WEBHOOKS = ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration")
_ISSUED = ("Certificate", "CertificateRequest", "Issuer")
_BUNDLES = {("certificates.k8s.io", "ClusterTrustBundle"), ("trust.cert-manager.io", "Bundle"),
            ("trust-manager.io", "ClusterBundle")}  # fmt: skip


def take(
    documents: Iterable[Document],
    decoded: Decoded,
    at: datetime,
    files: Sequence[Path] = (),
    default_namespace: str = "default",
) -> Inventory:
    """Take the inventory of documents, and of files with certificates, as it is at a time. No input raises."""
    taker = _Taker(Inventory(at), default_namespace)
    for document in documents:
        taker.read(document)
    inventory = taker.inventory
    found, problems = disk.read(files)
    inventory.entries += found
    inventory.problems += problems
    _join(inventory, decoded)
    meshes.settle(inventory)
    renewing.settle(inventory, decoded)
    trusting.settle(inventory)
    inventory.problems += [each for entry in inventory.entries for each in entry.problems]
    return inventory


class _Taker:
    """Goes through documents."""

    def __init__(self, inventory: Inventory, default_namespace: str) -> None:
        self.inventory = inventory
        self._default = default_namespace
        self._readers: dict[tuple[str, str], Callable[[Mapping[str, Any], Origin, str], None]] = {
            ("", "Secret"): self._secret,
            ("", "ConfigMap"): self._config_map,
            ("", "Config"): self._kubeconfig,
            ("route.openshift.io", "Route"): self._route,
            ("apiregistration.k8s.io", "APIService"): self._caller(bundles.api_service),
            ("apiextensions.k8s.io", "CustomResourceDefinition"): self._caller(bundles.conversion),
            **{("admissionregistration.k8s.io", kind): self._caller(bundles.webhooks) for kind in _WEBHOOKS},
            **{(certmanager.GROUP, kind): self._managed for kind in _ISSUED},
            (certmanager.GROUP, "ClusterIssuer"): self._cluster_issuer,
            **dict.fromkeys(_BUNDLES, self._bundle),
        }

    def read(self, document: Document) -> None:
        """Read one document, if it is of a kind that holds or describes certificates."""
        data = document.data
        key = raw.text(data, "apiVersion").rpartition("/")[0], raw.text(data, "kind")
        if (reader := self._readers.get(key)) is not None:
            reader(data, document.origin, raw.text(data, "metadata", "namespace") or self._default)

    def _secret(self, data: Mapping[str, Any], origin: Origin, namespace: str) -> None:
        facts = secrets.read(data, origin, namespace)
        name = namespace, facts.place.name
        if (before := self.inventory.secrets.get(name)) is not None:
            gone = {id(each) for each in before.entries}
            self.inventory.entries = [each for each in self.inventory.entries if id(each) not in gone]
        self.inventory.secrets[name] = facts
        self.inventory.entries += facts.entries

    def _config_map(self, data: Mapping[str, Any], origin: Origin, namespace: str) -> None:
        self.inventory.entries += bundles.config_map(data, origin, namespace)

    def _kubeconfig(self, data: Mapping[str, Any], origin: Origin, _namespace: str) -> None:
        self.inventory.entries += kubeconfigs.read(data, origin)

    def _route(self, data: Mapping[str, Any], origin: Origin, namespace: str) -> None:
        self.inventory.entries += bundles.route(data, origin, namespace, self.inventory)

    def _caller(self, read: Callable[..., Any]) -> Callable[[Mapping[str, Any], Origin, str], None]:
        def reader(data: Mapping[str, Any], origin: Origin, _namespace: str) -> None:
            for caller in read(data, origin):
                self.inventory.callers.append(caller)
                if caller.bundle is not None:
                    caller.bundle.trusted.append(caller.place.title)
                    self.inventory.entries.append(caller.bundle)

        return reader

    def _managed(self, data: Mapping[str, Any], origin: Origin, namespace: str) -> None:
        certmanager.add(certmanager.managed(data, origin, namespace), raw.text(data, "kind"), self.inventory)

    def _cluster_issuer(self, data: Mapping[str, Any], origin: Origin, _namespace: str) -> None:
        certmanager.add(certmanager.managed(data, origin, ""), "ClusterIssuer", self.inventory)

    def _bundle(self, data: Mapping[str, Any], origin: Origin, _namespace: str) -> None:
        thing = certmanager.managed(data, origin, "")
        self.inventory.sources[thing.place.name] = thing
        self.inventory.entries += bundles.trust_bundle(data, origin)


def _join(inventory: Inventory, decoded: Decoded) -> None:
    """Bring those who serve and those who trust to the entries."""
    inventory.serving += serving.references(decoded)
    by_secret: dict[SecretName, list[Serving]] = defaultdict(list)
    for each in inventory.serving:
        by_secret[each.secret].append(each)
    trusters = serving.trusters(decoded)
    for entry in inventory.entries:
        if entry.secret is not None:
            _serve(entry, by_secret.get(entry.secret, []))
        name = entry.place.namespace, entry.place.name
        if entry.use is Use.BUNDLE:
            entry.trusted += trusters.get((entry.place.kind, name), ())


def _serve(entry: Entry, referring: Sequence[Serving]) -> None:
    """A Secret's pair is served by those who refer to it; its bundles are trusted by the pods that mount them."""
    if entry.use is Use.PAIR:
        entry.served += referring
    elif entry.use is Use.BUNDLE:
        entry.trusted += [each.place.title for each in referring if each.mounted]

"""Objects with certificates, and the real command on them."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

import crenel as package
from certificates.making import AT, Issued
from command import Ran, crenel
from crenel.certificates.inventory.model import Entry, Inventory

Thing = dict[str, Any]
DAY = f"{AT:%Y-%m-%d}"


def b64(text: str | bytes) -> str:
    """A text as Secrets hold it."""
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def thing(api_version: str, kind: str, name: str, namespace: str = "shop", **fields: Any) -> Thing:
    """An object; `labels`, `annotations` and `owners` go into its metadata."""
    metadata: Thing = {"name": name} | ({"namespace": namespace} if namespace else {})
    for key, target in (("labels", "labels"), ("annotations", "annotations"), ("owners", "ownerReferences")):
        if key in fields:
            metadata[target] = fields.pop(key)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata} | fields


def secret(name: str, values: dict[str, str], namespace: str = "shop", type_: str = "Opaque", **fields: Any) -> Thing:
    """A Secret with some texts."""
    data = {key: b64(text) for key, text in values.items()}
    return thing("v1", "Secret", name, namespace, type=type_, data=data, **fields)


def tls(name: str, *chain: Issued, namespace: str = "shop", ca: str = "", **fields: Any) -> Thing:
    """A Secret of the type for TLS: the first with its key, and those that signed it."""
    values = {"tls.crt": "".join(each.pem for each in chain), "tls.key": chain[0].key_pem}
    return secret(name, values | ({"ca.crt": ca} if ca else {}), namespace, "kubernetes.io/tls", **fields)


def ingress(name: str, secret_name: str, *hosts: str, namespace: str = "shop", **fields: Any) -> Thing:
    """An Ingress that shows a Secret for some hosts."""
    spec = {
        "tls": [{"hosts": list(hosts), "secretName": secret_name}],
        "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}},
    }
    return thing("networking.k8s.io/v1", "Ingress", name, namespace, spec=spec, **fields)


def config_map(name: str, values: dict[str, str], namespace: str = "shop", **fields: Any) -> Thing:
    """A ConfigMap."""
    return thing("v1", "ConfigMap", name, namespace, data=values, **fields)


def certificate(name: str, secret_name: str, namespace: str = "shop", issuer: str = "ca", **status: Any) -> Thing:
    """A Certificate of cert-manager."""
    spec = {"secretName": secret_name, "issuerRef": {"name": issuer}}
    return thing(
        "cert-manager.io/v1", "Certificate", name, namespace, spec=spec, **({"status": status} if status else {})
    )


def ready(status: str = "True", message: str = "") -> list[Thing]:
    """The condition Ready."""
    return [{"type": "Ready", "status": status, "message": message}]


def deployment(name: str, volumes: list[Thing], namespace: str = "shop") -> Thing:
    """A Deployment with some volumes."""
    spec = {"containers": [{"name": "c", "image": "x"}], "volumes": volumes}
    labels = {"app": name}
    return thing("apps/v1", "Deployment", name, namespace, spec={
        "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}})  # fmt: skip


def write(folder: Path, things: Iterable[Thing], name: str = "all.yaml") -> Path:
    """Write objects into a file."""
    path = folder / name
    path.write_text(yaml.safe_dump_all(things, sort_keys=False), "utf-8")
    return path


def run(folder: Path, *arguments: str) -> Ran:
    """Take the inventory of a folder with the real command."""
    return crenel("certs", "inventory", "-f", str(folder), "--at", DAY, *arguments)


def found(folder: Path, *arguments: str) -> dict[str, Thing]:
    """The entries that the real command finds in a folder, by place and label; it must not fail."""
    ran = run(folder, "-o", "json", "--exit-zero", *arguments)
    assert ran.code == 0, ran.err
    return {f"{each['place']} {each['label'] or ''}".rstrip(): each for each in json.loads(ran.out)["entries"]}


def take(*things: Thing) -> Inventory:
    """The inventory of objects, in this process."""
    return package.load(list(things)).certificates(AT)


def entries(*things: Thing) -> dict[str, Entry]:
    """Its entries by their titles."""
    return {each.title: each for each in take(*things).entries}

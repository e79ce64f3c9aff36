"""Small applications that speak TLS, as manifests."""

from __future__ import annotations

from typing import Any


def pod(name: str, *ports: int | tuple[str, int], namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """A pod with some container ports, numbers or (name, number); `more` is metadata, `spec` of it the pod's spec."""
    listed = [
        {"containerPort": each} if isinstance(each, int) else {"name": each[0], "containerPort": each[1]}
        for each in ports
    ]
    spec = {"serviceAccountName": name, **more.pop("spec", {})}
    labels = {"app": name, **more.pop("labels", {})}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels, **more},
        "spec": {"containers": [{"name": "c", "image": "example.org/c:1", "ports": listed}], **spec},
    }  # fmt: skip


def service(name: str, *ports: dict[str, Any], namespace: str = "shop", **more: Any) -> dict[str, Any]:
    """A Service before the pod of its name; `more` is metadata, `spec` of it the Service's."""
    spec = {"selector": {"app": name}, "ports": list(ports), **more.pop("spec", {})}
    metadata = {"name": name, "namespace": namespace, **more}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def peers(name: str, namespace: str = "shop", **spec: Any) -> dict[str, Any]:
    """A PeerAuthentication."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata, "spec": spec}


def space(name: str, **labels: str) -> dict[str, Any]:
    """A namespace; underscores in the keys of labels are dashes."""
    metadata = {"name": name, "labels": {key.replace("_", "-"): value for key, value in labels.items()}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


MESH = space("shop", istio_injection="enabled")

"""Kubeconfig files that lead to the server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from apiserver.server import Server


def write_kubeconfig(
    path: Path,
    server: Server,
    *,
    user: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    name: str = "test",
) -> Path:
    """Write a kubeconfig with one context; `cluster` is laid over the defaults, the user is an admin by default."""
    access = {"server": server.url, "certificate-authority": str(server.keys.authority)} | (cluster or {})
    admin = {"client-certificate": str(server.keys.certificate("admin")), "client-key": str(server.keys.key("admin"))}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {key: value for key, value in access.items() if value is not None}}],
        "users": [{"name": name, "user": admin if user is None else user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    path.write_text(json.dumps(document))
    return path

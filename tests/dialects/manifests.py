"""Manifests in YAML as the dialects take them, and decisions in a few words."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import Any

import yaml

from crenel.kubernetes.decode import Decoded, decode
from crenel.provenance import Origin, Problem
from crenel.routing.proxy import Proxy
from crenel.routing.requests import Request
from crenel.routing.routing import route
from crenel.sources.document import Document


def read(*texts: str) -> Decoded:
    """Objects that are right."""
    objects = [each for text in texts for each in yaml.safe_load_all(textwrap.dedent(text)) if each]
    found = decode(Document(each, Origin("shop.yaml", number)) for number, each in enumerate(objects))
    assert not found.problems, [str(each) for each in found.problems]
    return found


def services(*names: str, namespace: str = "shop", port: int = 80) -> str:
    """Services of these names, with one port."""
    made = [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": port, "targetPort": 8080}]},
        }
        for name in names
    ]
    return yaml.safe_dump_all(made)


def ask(proxy: Proxy, url: str, **changes: Any) -> str:
    """Where a request goes: backends, or status and Location, or why no connection comes about."""
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    port = host.rpartition(":")[2] if ":" in host else {"http": "80", "https": "443"}[scheme]
    server_name = host.partition(":")[0] if scheme == "https" else None
    asked = replace(Request(host, slash + path or "/", port=int(port), server_name=server_name), **changes)
    decision = route(proxy, asked)
    if decision.refused:
        return f"refused: {decision.refused}"
    return ", ".join(
        f"{each.status}{f' {each.location}' if each.location else ''}" if each.backend is None else str(each.backend)
        for each in decision.answers
    )


def said(problems: list[Problem]) -> list[str]:
    """Problems as a report prints them."""
    return [str(each).removeprefix("shop.yaml: ") for each in problems]

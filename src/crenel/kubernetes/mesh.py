"""What the settings of meshes say for all of a mesh: of connections out of it, and of who may come in.

Source: Istio reference, Global Mesh Options (``outboundTrafficPolicy``: ``ALLOW_ANY`` unless it is set), which stand as
YAML in the config map ``istio`` of the root namespace, or in an IstioOperator; and Sidecar, for its namespace.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.kubernetes.decode import ConfigMap, Decoded
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.objects.settings import Setting
from crenel.provenance import FieldPath
from crenel.sources.refusal import Refusal
from crenel.sources.yaml_text import parse

REGISTRY_ONLY = "REGISTRY_ONLY"


@dataclass(frozen=True, slots=True)
class Outbound:
    """Where only registered destinations are let out. `namespace` is None for the whole mesh."""

    thing: ConfigMap | Setting | ForeignPolicy
    field: FieldPath
    namespace: str | None = None


def registry_only(decoded: Decoded) -> Iterator[Outbound]:
    """The settings that let sidecars send to registered destinations alone."""
    for config in decoded.config_maps:
        mesh = config.data.get("mesh")
        if config.name.partition("-")[0] == "istio" and isinstance(mesh, str) and _is_set(_parsed(mesh)):
            yield Outbound(config, ("data", "mesh"))
    for setting in decoded.settings:
        if setting.kind == "IstioOperator" and _is_set(setting.spec.get("meshConfig")):
            yield Outbound(setting, ("spec", "meshConfig", "outboundTrafficPolicy"))
    for policy in decoded.foreign_policies:
        if policy.kind == "Sidecar" and "workloadSelector" not in policy.spec and _is_set(policy.spec):
            yield Outbound(policy, ("spec", "outboundTrafficPolicy"), policy.namespace)


def root_namespace(decoded: Decoded) -> str | None:
    """The namespace whose policies count for the whole mesh: ``rootNamespace``, or that of the settings themselves.

    None for an input without them.
    """
    found = _of_mesh(decoded, "rootNamespace")
    return found and (found[1] or found[0].namespace)


def trust_domain(decoded: Decoded) -> str | None:
    """The trust domain of Istio's identities: ``trustDomain``, or ``cluster.local``; None without its settings."""
    found = _of_mesh(decoded, "trustDomain")
    return found and (found[1] or "cluster.local")


def _of_mesh(decoded: Decoded, key: str) -> tuple[ConfigMap, str] | None:
    """One text of Istio's settings, empty where they do not have it, and where they stand."""
    for config in decoded.config_maps:
        mesh = config.data.get("mesh")
        if config.name.partition("-")[0] == "istio" and isinstance(mesh, str):
            said = _parsed(mesh)
            value = said.get(key) if isinstance(said, dict) else None
            return config, value if isinstance(value, str) else ""
    return None


def default_inbound_policy(decoded: Decoded) -> tuple[ConfigMap, str] | None:
    """The default policy of Linkerd for the whole mesh, and where it stands; None for an input without its settings."""
    found = _of_linkerd(decoded, "defaultInboundPolicy")
    return found and (found[0], found[1] or "all-unauthenticated")


def opaque_ports(decoded: Decoded) -> str | None:
    """The ports that proxies of Linkerd take as they are, unless an annotation says otherwise; None if not known."""
    found = _of_linkerd(decoded, "opaquePorts")
    return (found and found[1]) or None


def _of_linkerd(decoded: Decoded, key: str) -> tuple[ConfigMap, str] | None:
    """One text of how proxies of Linkerd are set, empty where it is not, and where it stands.

    Source: the values of the chart in the config map ``linkerd-config``, ``proxy``.
    """
    for config in decoded.config_maps:
        if config.name == "linkerd-config" and isinstance(text := config.data.get("values"), str):
            values = _parsed(text)
            proxy = values.get("proxy") if isinstance(values, dict) else None
            said = proxy.get(key) if isinstance(proxy, dict) else None
            return config, said if isinstance(said, str) else ""
    return None


def _is_set(spec: Any) -> bool:
    said = spec.get("outboundTrafficPolicy") if isinstance(spec, dict) else None
    return isinstance(said, dict) and said.get("mode") == REGISTRY_ONLY


def _parsed(text: str) -> Any:
    """The value of some YAML; None for what cannot be read."""
    try:
        return parse(text)
    except Refusal:
        return None

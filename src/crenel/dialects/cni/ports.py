"""What network plugins send between machines, as firewalls there see it.

Sources: Calico, "System requirements" (network requirements); Cilium, "System Requirements" (firewall rules); Flannel,
"Backends" and "Firewalls"; Antrea, "Network Requirements"; OVN-Kubernetes, "Geneve"; Weave Net, FAQ on ports;
kube-router, user guide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from crenel.kubernetes.decode import Decoded

_CILIUM_TUNNELS = {"vxlan": "8472", "geneve": "6081"}
_CILIUM = ("TCP/4240", "TCP/4244", "ICMP")
"""Health between nodes, and Hubble."""
_FLANNEL = {"vxlan": 8472, "wireguard": 51820, "udp": 8285}
_CALICO = {"bird": ("TCP/179", "4", "TCP/5473"), "vxlan": ("UDP/4789", "TCP/5473")}
_USUAL: Mapping[str, tuple[str, ...]] = {
    "Flannel": ("UDP/8472",),
    "k3s": ("UDP/8472",),
    "Calico": ("TCP/179", "4", "UDP/4789", "TCP/5473"),
    "Antrea": ("UDP/6081", "TCP/10349-10351", "UDP/10351"),
    "OVN-Kubernetes": ("UDP/6081",),
    "Kube-OVN": ("UDP/6081", "TCP/6641-6644"),
    "OpenShift SDN": ("UDP/4789",),
    "Weave Net": ("TCP/6783", "UDP/6783-6784"),
    "kube-router": ("TCP/179", "4"),
}


def tunnel(plugin: str, decoded: Decoded) -> str:
    """The tunnel that a plugin surely uses, like ``UDP/8472``; empty where none is, or the input does not show it."""
    find = _SHOWN.get(plugin)
    return find(decoded) if find is not None else ""


def needed(plugin: str, decoded: Decoded) -> tuple[str, ...]:
    """All that a plugin may send between machines, narrowed by its configuration where the input has it."""
    if plugin == "Cilium":
        entries = configuration(decoded, "cilium-config")
        encrypted = ("UDP/51871",) if entries.get("enable-wireguard") == "true" else ()
        return (_cilium_port(entries), *encrypted, *_CILIUM)
    if plugin == "Calico":
        return _CALICO.get(configuration(decoded, "calico-config").get("calico_backend", ""), _USUAL[plugin])
    shown = tunnel(plugin, decoded)
    return (shown,) if shown else _USUAL.get(plugin, ())


def is_routed(decoded: Decoded) -> bool:
    """Whether Cilium is set to leave pods' packets to the network, without a tunnel."""
    entries = configuration(decoded, "cilium-config")
    return entries.get("routing-mode") == "native" or entries.get("tunnel") == "disabled"


def configuration(decoded: Decoded, name: str) -> Mapping[str, str]:
    """The texts of a ConfigMap; none where the input lacks it."""
    found = next((each.data for each in decoded.config_maps if each.name == name), None)
    return {key: text for key, text in (found or {}).items() if isinstance(text, str)}


def _flannel(decoded: Decoded) -> str:
    """The backend of ``net-conf.json``."""
    try:
        written = json.loads(configuration(decoded, "kube-flannel-cfg").get("net-conf.json") or "{}")
    except ValueError:
        return ""
    backend: Any = written.get("Backend") if isinstance(written, dict) else None
    if not isinstance(backend, dict):
        return ""
    usual = _FLANNEL.get(str(backend.get("Type")).lower())
    port = backend.get("Port", backend.get("ListenPort", usual))
    return f"UDP/{port}" if usual and isinstance(port, int) and 0 < port < 1 << 16 else ""


def _cilium(decoded: Decoded) -> str:
    """The tunnel of ``cilium-config``: VXLAN unless another, or none, is chosen."""
    entries = configuration(decoded, "cilium-config")
    known = _cilium_protocol(entries) in _CILIUM_TUNNELS and entries.get("routing-mode", "tunnel") == "tunnel"
    return _cilium_port(entries) if entries and known else ""


def _cilium_protocol(entries: Mapping[str, str]) -> str:
    return entries.get("tunnel-protocol") or entries.get("tunnel") or "vxlan"


def _cilium_port(entries: Mapping[str, str]) -> str:
    port = entries.get("tunnel-port") or ""
    usual = _CILIUM_TUNNELS.get(_cilium_protocol(entries), _CILIUM_TUNNELS["vxlan"])
    return f"UDP/{port if port.isdecimal() and 0 < int(port) < 1 << 16 else usual}"


def _ovn(_: Decoded) -> str:
    return _USUAL["OVN-Kubernetes"][0]


_SHOWN: Mapping[str, Callable[[Decoded], str]] = {"Flannel": _flannel, "Cilium": _cilium, "OVN-Kubernetes": _ovn}

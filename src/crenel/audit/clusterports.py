"""What nodes of a cluster have to be able to send each other.

Sources: Kubernetes documentation, "Ports and Protocols"; Flannel, "Backends"; Cilium, "System Requirements: Firewall
Rules"; OVN-Kubernetes, "Geneve"; Antrea, "Network Requirements".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crenel.audit.machines import Machine
from crenel.audit.subject import Subject
from crenel.network.traffic import Match, parse_traffic


@dataclass(frozen=True, slots=True)
class Need:
    """Traffic that each of `sources` has to get to each of `targets` with, other than itself."""

    what: str
    sources: Sequence[Machine]
    targets: Sequence[Machine]
    traffic: tuple[Match, ...]


def needs(subject: Subject) -> Iterator[Need]:
    """What the nodes of the input need; between nodes and a control plane that is not in it, nobody knows."""
    everybody = subject.machines.all
    leading = [each for each in everybody if each.leads]
    if leading:
        yield Need("the kubelet", leading, everybody, parse_traffic("TCP/10250"))
        yield Need("the API server", everybody, leading, parse_traffic("TCP/6443"))
        yield Need("etcd", leading, leading, parse_traffic("TCP/2379"))
        yield Need("etcd", leading, leading, parse_traffic("TCP/2380"))
    for plugin, traffic in _tunnels(subject):
        yield Need(f"the tunnel of {plugin}", everybody, everybody, traffic)


def _tunnels(subject: Subject) -> Iterator[tuple[str, tuple[Match, ...]]]:
    """The encapsulation of the network plugins that the input shows, where it shows which one they use."""
    shown = {each.plugin for each in subject.enforcement.evidence if each.sure}
    for plugin, find in (("Flannel", _flannel), ("Cilium", _cilium), ("OVN-Kubernetes", _ovn)):
        if plugin in shown and (found := find(subject)):
            yield plugin, parse_traffic(found)


def _flannel(subject: Subject) -> str:
    """The backend of ``net-conf.json``."""
    try:
        written = json.loads(_entries(subject, "kube-flannel-cfg").get("net-conf.json") or "{}")
    except ValueError:
        return ""
    backend: Any = written.get("Backend") if isinstance(written, dict) else None
    if not isinstance(backend, dict):
        return ""
    usual = {"vxlan": 8472, "wireguard": 51820, "udp": 8285}.get(str(backend.get("Type")).lower())
    port = backend.get("Port", backend.get("ListenPort", usual))
    return f"UDP/{port}" if usual and isinstance(port, int) and 0 < port < 1 << 16 else ""


def _cilium(subject: Subject) -> str:
    """The tunnel of ``cilium-config``: VXLAN unless another, or none, is chosen."""
    entries = _entries(subject, "cilium-config")
    protocol = entries.get("tunnel-protocol") or entries.get("tunnel") or "vxlan"
    if not entries or entries.get("routing-mode", "tunnel") != "tunnel" or protocol not in _TUNNELS:
        return ""
    port = entries.get("tunnel-port") or ""
    return f"UDP/{port if port.isdecimal() and 0 < int(port) < 1 << 16 else _TUNNELS[protocol]}"


_TUNNELS = {"vxlan": 8472, "geneve": 6081}


def _ovn(_: Subject) -> str:
    return "UDP/6081"


def _entries(subject: Subject, name: str) -> Mapping[str, str]:
    found = next((each for each in subject.decoded.config_maps if each.name == name), None)
    data = found.data if found is not None else None
    return {key: text for key, text in (data or {}).items() if isinstance(text, str)}

"""What network plugins need between machines.

Sources: Calico, "System requirements" (network requirements); Cilium, "System Requirements" (firewall rules); Flannel,
"Firewalls"; Antrea, "Network Requirements"; OVN-Kubernetes, "Geneve"; Weave Net, FAQ on ports; kube-router, user guide.
Plugins that give pods addresses of the network itself hide nothing from firewalls: they see the pods' own packets, and
policies are what tells pods apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from crenel.harden.infrastructure.deriving.draft import Draft
from crenel.harden.infrastructure.model import End
from crenel.network.rules import Direction
from crenel.network.traffic import Match, parse_traffic

_NATIVE = ("Amazon VPC CNI", "Azure CNI", "GKE Dataplane V2 (Cilium)", "kindnet")
_TUNNELS: Mapping[str, tuple[str, ...]] = {
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
_CILIUM = ("TCP/4240", "TCP/4244", "ICMP")
"""Health between nodes, and Hubble."""


def between(draft: Draft) -> None:
    """Open what the plugin needs between machines; where nobody knows which one there is, everything."""
    shown = {each.plugin for each in draft.asked.enforcement.evidence if each.sure}
    texts = dict.fromkeys(text for plugin in shown for text in _needed(plugin, draft))
    names = ", ".join(sorted(shown))
    if draft.asked.enforcement.cni in _NATIVE or shown & set(_NATIVE) or _is_routed(draft):
        _everything(draft, "pods have addresses of this network, and policies tell them apart", pods=True)
    elif texts:
        traffic = [match for text in texts for match in parse_traffic(text)]
        for one, other in draft.pairs():
            draft.let(one, other, traffic, f"the pods' network between machines ({names})")
    else:
        _everything(draft, "the pods' network between machines, of which the input does not show which one it is")
        draft.note(
            "everything is open between machines: the input does not show the network plugin; with its DaemonSet and"
            " configuration only its tunnel is"
        )


def _needed(plugin: str, draft: Draft) -> tuple[str, ...]:
    entries = _configuration(draft, "cilium-config")
    if plugin == "Cilium":
        return (*_cilium(entries), *_CILIUM)
    if plugin == "Calico":
        return _calico(_configuration(draft, "calico-config").get("calico_backend", ""))
    return _TUNNELS.get(plugin, ())


def _cilium(entries: Mapping[str, str]) -> tuple[str, ...]:
    """Its tunnel, VXLAN unless another is chosen, and WireGuard where it is on."""
    protocol = entries.get("tunnel-protocol") or entries.get("tunnel") or "vxlan"
    usual = {"vxlan": "8472", "geneve": "6081"}.get(protocol, "8472")
    port = entries.get("tunnel-port") or ""
    port = port if port.isdecimal() and 0 < int(port) < 1 << 16 else usual
    encrypted = ("UDP/51871",) if entries.get("enable-wireguard") == "true" else ()
    return (f"UDP/{port}", *encrypted)


def _calico(backend: str) -> tuple[str, ...]:
    """BGP with IP in IP, or VXLAN, where its configuration says which."""
    if backend == "bird":
        return ("TCP/179", "4", "TCP/5473")
    if backend == "vxlan":
        return ("UDP/4789", "TCP/5473")
    return _TUNNELS["Calico"]


def _is_routed(draft: Draft) -> bool:
    """Whether pods have addresses that interfaces of the infrastructure own, or their network routes."""
    entries = _configuration(draft, "cilium-config")
    return bool(draft.joined.tenants) or entries.get("routing-mode") == "native" or entries.get("tunnel") == "disabled"


def _configuration(draft: Draft, name: str) -> Mapping[str, str]:
    found = next((each.data for each in draft.decoded.config_maps if each.name == name), None)
    return {key: text for key, text in (found or {}).items() if isinstance(text, str)}


def _everything(draft: Draft, why: str, pods: bool = False) -> None:
    for one, other in draft.pairs():
        draft.let(one, other, None, why)
    if pods and draft.pods:
        for name in draft.machines:
            for direction in Direction:
                draft.add(name, direction, End(addresses=draft.pods), None, why)


def own_ports(draft: Draft) -> None:
    """Open between machines what pods in their own network listen on, and the kubelet, for what asks these for metrics.

    A pod that asks another node bears the address of its own node there.
    """
    network = draft.joined.model.network
    hosted: dict[Match, str] = {Match(6, (10250, 10250)): "the kubelet, for metrics-server and the like"}
    for each in network.endpoints.values():
        for protocol, port in each.listens if each.hosted else ():
            hosted.setdefault(Match(protocol, (port, port)), f"{each.name}, in the network of its node")
    for one, other in draft.pairs():
        for match, why in hosted.items():
            draft.let(one, other, [match], why)

"""What network plugins need between machines.

Plugins that give pods addresses of the network itself hide nothing from firewalls: they see the pods' own packets, and
policies are what tells pods apart.
"""

from __future__ import annotations

from crenel.dialects.cni.ports import is_routed, needed
from crenel.harden.infrastructure.deriving.draft import Draft
from crenel.harden.infrastructure.model import End
from crenel.network.rules import Direction
from crenel.network.traffic import Match, parse_traffic

_NATIVE = ("Amazon VPC CNI", "Azure CNI", "GKE Dataplane V2 (Cilium)", "kindnet")


def between(draft: Draft) -> None:
    """Open what the plugin needs between machines; where nobody knows which one there is, everything."""
    shown = {each.plugin for each in draft.asked.enforcement.evidence if each.sure}
    texts = dict.fromkeys(text for plugin in shown for text in needed(plugin, draft.decoded))
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


def _is_routed(draft: Draft) -> bool:
    """Whether pods have addresses that interfaces of the infrastructure own, or their network routes."""
    return bool(draft.joined.tenants) or is_routed(draft.decoded)


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

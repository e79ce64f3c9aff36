"""What network plugins send between machines."""

from __future__ import annotations

import json

import pytest

from crenel.dialects.cni.ports import is_routed, needed, tunnel
from crenel.kubernetes.decode import Decoded
from crenel.library import Network
from crenel.provenance import Origin
from crenel.sources.document import Document, Reading


def shown(name: str, **data: str) -> Decoded:
    """What an input with one ConfigMap says."""
    text = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "kube-system"},
        "data": data,
    }
    return Network(Reading([Document(text, Origin("x"))])).given.decoded


def flannel(**backend: object) -> Decoded:
    """Flannel's configuration."""
    return shown("kube-flannel-cfg", **{"net-conf.json": json.dumps({"Backend": backend})})


@pytest.mark.parametrize(
    ("plugin", "decoded", "surely", "all_of_it"),
    [
        ("Flannel", flannel(Type="vxlan"), "UDP/8472", ("UDP/8472",)),
        ("Flannel", flannel(Type="vxlan", Port=4789), "UDP/4789", ("UDP/4789",)),
        ("Flannel", flannel(Type="wireguard"), "UDP/51820", ("UDP/51820",)),
        ("Flannel", flannel(Type="host-gw"), "", ("UDP/8472",)),
        ("Flannel", shown("kube-flannel-cfg", **{"net-conf.json": "{"}), "", ("UDP/8472",)),
        ("Cilium", shown("other"), "", ("UDP/8472", "TCP/4240", "TCP/4244", "ICMP")),
        (
            "Cilium",
            shown("cilium-config", **{"tunnel-protocol": "geneve", "enable-wireguard": "true"}),
            "UDP/6081",
            ("UDP/6081", "UDP/51871", "TCP/4240", "TCP/4244", "ICMP"),
        ),
        (
            "Cilium",
            shown("cilium-config", **{"routing-mode": "native"}),
            "",
            ("UDP/8472", "TCP/4240", "TCP/4244", "ICMP"),
        ),
        ("Calico", shown("calico-config", calico_backend="vxlan"), "", ("UDP/4789", "TCP/5473")),
        ("OVN-Kubernetes", shown("other"), "UDP/6081", ("UDP/6081",)),
        ("of nobody", shown("other"), "", ()),
    ],
)
def test_ports_of_plugins(plugin: str, decoded: Decoded, surely: str, all_of_it: tuple[str, ...]) -> None:
    """What the configuration shows is sure; what is not shown may be any that the plugin's documentation names."""
    assert tunnel(plugin, decoded) == surely
    assert needed(plugin, decoded) == all_of_it


def test_cilium_without_a_tunnel_is_routed() -> None:
    """Native routing, and the older way to switch the tunnel off."""
    assert is_routed(shown("cilium-config", **{"routing-mode": "native"}))
    assert is_routed(shown("cilium-config", tunnel="disabled"))
    assert not is_routed(shown("cilium-config"))

"""What nodes of a cluster have to be able to send each other.

Source: Kubernetes documentation, "Ports and Protocols"; of network plugins see `crenel.dialects.cni.ports`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.audit.machines import Machine
from crenel.audit.subject import Subject
from crenel.dialects.cni.ports import tunnel
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
    for plugin in sorted({each.plugin for each in subject.enforcement.evidence if each.sure}):
        if found := tunnel(plugin, subject.decoded):
            yield plugin, parse_traffic(found)

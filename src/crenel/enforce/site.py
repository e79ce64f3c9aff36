"""What of a network lives on one node: the pods that it guards, with their addresses and interfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crenel.network.addresses import AddressSet


@dataclass(frozen=True, slots=True)
class LocalPod:
    """One pod on the node. `interface` is the node's end of its link; empty where that is not known."""

    endpoint: int
    addresses: AddressSet
    interface: str


@dataclass(frozen=True, slots=True)
class Site:
    """One node with its pods. Pods in the node's own network are not among them: nothing guards them."""

    node: str
    pods: Sequence[LocalPod] = ()

"""Firewalls of hosts: ``nft -j list ruleset``, ``iptables-save``, ``ip6tables-save`` and ``ipset save`` of a node.

They are read into one form (`ruleset`), packets are taken through it (`flow`), and what becomes of them is written as
tiers of the model (`lower`): for first packets of connections, whose state is *new*, and for the replies to them, whose
state is *established*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crenel.dialects.hosts import ipset, iptables, nft
from crenel.dialects.hosts.hosts import Host, infrastructure, name_of
from crenel.dialects.hosts.site import Site
from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin

__all__ = ["Site", "read", "recognises"]


def recognises(data: Any) -> bool:
    """Whether a document is one of those: nft's JSON as a mapping, the others as text."""
    if isinstance(data, str):
        return iptables.recognises(data) or ipset.recognises(data)
    return nft.recognises(data)


def read(
    documents: Sequence[tuple[Any, Origin]],
    hosts: Mapping[str, str] | None = None,
    sites: Mapping[str, Site] | None = None,
) -> Infrastructure:
    """Read documents of any number of hosts; several of one host are taken together.

    `hosts` has the name of a host by the source of a document; otherwise it is the file's name up to its first dot.
    `sites` has what else is known of a host by its name. Documents that are none of a host's are left alone.

    Each host has three interfaces: ``host/NAME`` for packets to and from itself; ``host/NAME/pods`` for those that it
    forwards, to pods and from pods, to which `with_tenants` gives addresses; ``host/NAME/nodeports`` for what chains
    before destination NAT do to packets to node ports, which go on to pods. The `machine` of all three is NAME.
    """
    found: dict[str, Host] = {}
    for data, origin in documents:
        if recognises(data):
            name = (hosts or {}).get(origin.source) or name_of(origin.source)
            found.setdefault(name, Host(name, (sites or {}).get(name, Site()))).documents.append((data, origin))
    return infrastructure(found.values())

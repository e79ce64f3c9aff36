"""Whether a question is about paths from the internet into the cluster; every question asks, so it imports little."""

from __future__ import annotations

from crenel.network.endpoints import Kind
from crenel.network.network import Network
from crenel.questions.places import Place

INTERNET = "internet"
"""How the source of such questions is written."""
PORTS = {"http": 80, "https": 443}
"""The schemes of URLs that are understood, with their ports."""


def is_url(text: str) -> bool:
    """Whether a target is written as a URL."""
    return "://" in text and text.partition("://")[0].lower() in PORTS


def concerns(place: Place, network: Network) -> bool:
    """Whether paths from outside are what a question from the internet to a place is about."""
    if place.service is not None:
        return place.service.spec is None or place.service.spec.type != "ExternalName"
    return any(network.endpoints[index].kind is Kind.WORKLOAD for index in place.members)

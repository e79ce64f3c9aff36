"""FQDNNetworkPolicy (networking.gke.io/v1alpha1) of GKE Dataplane V2: egress to DNS names.

Source of the rules: GKE documentation, "Control Pod egress traffic using FQDN network policies". What it and egress
NetworkPolicies of a pod allow is united. A pattern stands for one label: ``*.company.com`` is ``api.company.com``, and
neither ``eu.api.company.com`` nor ``company.com``. DNS itself is left to NetworkPolicies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crenel.dialects.cni.byname import (
    BeyondError,
    Names,
    Opening,
    Pods,
    Read,
    listed,
    matches,
    name,
    only,
    selector,
    span,
    text,
)
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.network.traffic import Match

API = "fqdnnetworkpolicy"
KIND = ("networking.gke.io/v1alpha1", "FQDNNetworkPolicy")
PROTOCOLS = ("TCP", "UDP")


def read(policy: ForeignPolicy) -> Read | None:
    """Read one; None for a policy that says more than is known here."""
    try:
        spec = only(policy.spec, "podSelector", "egress")
        subject = Pods(policy.namespace, selector(spec.get("podSelector")))
        return Read(subject, tuple(_openings(listed(spec.get("egress")))))
    except BeyondError:
        return None


def _openings(rules: list[Any]) -> Iterator[Opening]:
    for place, rule in enumerate(rules):
        found = only(rule, "matches", "ports")
        names = _names(listed(found.get("matches")))
        traffic = tuple(_traffic(listed(found["ports"]))) if "ports" in found else None
        yield Opening(place, (), names, traffic)


def _names(written: list[Any]) -> Names:
    exact, single = list[str](), list[str]()
    for each in written:
        found = only(each, "name", "pattern")
        if len(found) != 1:
            raise BeyondError
        if "name" in found:
            exact.append(name(found["name"]))
        elif (pattern := text(found["pattern"])).startswith("*."):
            single.append(f"*.{name(pattern.removeprefix('*.'))}")
        else:
            exact.append(name(pattern))
    return Names(tuple(exact), tuple(single))


def _traffic(written: list[Any]) -> Iterator[Match]:
    for each in written:
        found = only(each, "protocol", "port")
        protocol = text(found.get("protocol"))
        if protocol not in PROTOCOLS:
            raise BeyondError
        yield from matches((protocol,), span(found.get("port")))

"""The base chains: where packets enter the table, and what no policy decides.

Egress is judged where a pod's packet is forwarded, or taken in by the pod's own node; both see it after destination
NAT. Ingress is judged after source NAT, at the very end of ``postrouting``: the source is then the one that the pod
will see, whoever translated it. A pod that reaches itself through a Service is judged before that, because its source
is translated only to bring the packet back.

Established connections are not judged again, unless their mark says that they were revoked. Neighbour discovery and
path MTU always work (RFC 4890, section 4.3.1 and 4.4.1).
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.enforce.ruleset import AnySet, Hairpins, HookedChain, Interfaces, Sources
from crenel.enforce.site import Site
from crenel.network.addresses import FAMILIES

INTERFACES, HAIRPINS, SOURCES = "pods/interfaces", "pods/hairpins", "pods/sources"
REVOKED = "revoked/refused"
"""The counter of packets of connections that are no longer allowed."""


@dataclass(frozen=True, slots=True)
class Marks:
    """What a table takes for itself of what a machine has only once."""

    revoked: int = 1 << 31
    """The bit of the conntrack mark that says that a connection is no longer allowed."""
    log_group: int = 67
    """The NFLOG group that denied packets go to."""


class Sight(enum.Enum):
    """Which packets of connections a table judges."""

    FIRST = "first packets"
    """Those that no known connection has: what is established is not judged again."""
    EVERY = "every packet"
    """Requests and replies alike, as stateless lists do; connections are nothing to it."""
    REPLIES = "replies"
    """Only what goes back to whoever opened the connection."""


def site_sets(site: Site) -> dict[str, AnySet]:
    """The sets that speak of the interfaces of a node's own pods; of those that are not known they are silent."""
    known = [pod for pod in site.pods if pod.interface]
    names = frozenset(pod.interface for pod in known)
    sets: dict[str, AnySet] = {INTERFACES: Interfaces(INTERFACES, names), HAIRPINS: Hairpins(HAIRPINS, names)}
    for family in FAMILIES:
        elements = frozenset(
            (pod.interface, value)
            for pod in known
            for low, high in pod.addresses.ranges(family)
            for value in range(low, high + 1)
        )
        name = f"{SOURCES}/v{family}"
        sets[name] = Sources(name, family, elements)
    return sets


def hooks(marks: Marks, drop_spoofed: str, sight: Sight = Sight.FIRST) -> Iterator[HookedChain]:
    """The base chains, and the chains that only they use."""
    yield HookedChain("essential", "", _ESSENTIAL)
    yield HookedChain("revoked", "", _REVOKED)
    yield HookedChain("antispoofing", "prerouting priority raw", (*_ANTISPOOFING, drop_spoofed))
    revoked = f"ct mark and {marks.revoked:#x} == {marks.revoked:#x} jump revoked"
    known = (*_UNJUDGED[sight], "jump essential")
    yield HookedChain("input", "input priority filter", (revoked, *known, "goto egress"))
    yield HookedChain("forward", "forward priority filter", (revoked, *known, "goto egress"))
    yield HookedChain("output", "output priority filter", (revoked,))
    hairpin = f"iifname . oifname @{HAIRPINS}"
    yield HookedChain("hairpin", "forward priority filter + 1", (*known, f"{hairpin} goto ingress"))
    yield HookedChain("arrival", "postrouting priority srcnat + 10", (*known, f"{hairpin} accept", "goto ingress"))


_UNJUDGED: dict[Sight, tuple[str, ...]] = {
    Sight.FIRST: ("ct state established,related accept",),
    Sight.EVERY: (),
    Sight.REPLIES: ("ct direction original accept",),
}

_ESSENTIAL = (
    "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept",
    "icmpv6 type { packet-too-big, time-exceeded, parameter-problem } accept",
    "icmp type destination-unreachable icmp code frag-needed accept",
)

_REVOKED = (
    # A reset carries nothing, and the one that is sent below passes here again on its way out.
    "tcp flags & rst == rst return",
    f"counter name {REVOKED}",
    "meta l4proto tcp reject with tcp reset",
    "drop",
)

_ANTISPOOFING = (
    f"iifname != @{INTERFACES} accept",
    f"iifname . ip saddr @{SOURCES}/v4 accept",
    f"iifname . ip6 saddr @{SOURCES}/v6 accept",
    "ip6 saddr fe80::/10 icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } accept",
    "ip6 saddr { ::, fe80::/10 } icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept",
    "ip6 saddr :: icmpv6 type nd-neighbor-solicit accept",
)

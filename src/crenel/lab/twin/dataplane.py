"""The Services of a twin as destination NAT of one node, the way kube-proxy does it, in a table of its own.

A packet for a Service is looked up in a map by (address, protocol, port), or for a node port by (protocol, port) where
the address is the node's own. It goes to a backend at random, or to the one that its client went to before. The source
becomes the node's where the packet has to come back through it: for node ports and load balancers of Services that
serve from all nodes, and where a pod reaches itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crenel.enforce.hooks import Marks
from crenel.enforce.names import identifier
from crenel.enforce.text import protocol_text
from crenel.lab.cluster.backends import Served, TwinBackend
from crenel.network.addresses import Family

TABLE = "crenel-services"
UNSERVED, OUT_OF_RANGE = "service/unserved", "service/source-ranges"
"""What a dropped packet is logged under: no backend may serve it; its source is none that the load balancer takes."""

_HEADER: dict[Family, str] = {4: "ip", 6: "ip6"}
_ADDRESS: dict[Family, str] = {4: "ipv4_addr", 6: "ipv6_addr"}
_MASQUERADE = 0x4000
"""The bit of the packet mark that asks for source NAT; kube-proxy's own."""


def write(served: Sequence[Served], node: str, sources: Mapping[Family, str], marks: Marks | None = None) -> str:
    """The table of a node as one transaction. `sources` has the node's address of each family."""
    return _DataPlane(served, node, sources, (marks or Marks()).log_group).text()


@dataclass(slots=True)
class _DataPlane:
    served: Sequence[Served]
    node: str
    sources: Mapping[Family, str]
    log_group: int
    sets: list[str] = field(default_factory=list)
    chains: dict[str, list[str]] = field(default_factory=dict)
    clusters: dict[Family, dict[str, str]] = field(default_factory=lambda: {4: {}, 6: {}})
    node_ports: dict[Family, dict[str, str]] = field(default_factory=lambda: {4: {}, 6: {}})
    """Chains by what leads to them; where two Services claim the same, the first has it."""

    def text(self) -> str:
        for each in self.served:
            self._serve(each)
        lines = [f"table inet {TABLE}", f"delete table inet {TABLE}", f"table inet {TABLE} {{", *self.sets]
        for family in self.clusters:
            ported = "inet_proto . inet_service"
            lines.append(_map(f"addresses/v{family}", f"{_ADDRESS[family]} . {ported}", self.clusters[family]))
            lines.append(_map(f"node-ports/v{family}", ported, self.node_ports[family]))
        for name, rules in [*self.chains.items(), ("services", list(_LOOKUP))]:
            lines.append(_chain(name, rules))
        lines += [_chain("arrive", ["type nat hook prerouting priority dstnat; policy accept;", "jump services"])]
        # nft 1.0.6 takes `dstnat` for prerouting alone.
        lines += [_chain("leave", ["type nat hook output priority -100; policy accept;", "jump services"])]
        lines += [
            _chain("source-nat", ["type nat hook postrouting priority srcnat; policy accept;", *self._source_nat()])
        ]
        return "\n".join([*lines, "}", ""])

    def _source_nat(self) -> Iterator[str]:
        for family, address in self.sources.items():
            yield f"meta mark and {_MASQUERADE:#x} != 0 meta nfproto ipv{family} snat {_HEADER[family]} to {address}"

    def _serve(self, each: Served) -> None:
        protocol, port = protocol_text(each.protocol), each.port.port
        role = identifier(
            each.exposed.service.namespace, each.exposed.service.name, f"{port}", protocol, f"v{each.family}"
        )
        everywhere = self._balance(f"all/{role}", each, each.backends)
        inside = everywhere
        if each.exposed.local_inside:
            inside = self._balance(f"inside/{role}", each, each.inside(self.node))
        outside = self._outside(role, each, everywhere)
        self._lead(each, each.exposed.addresses, inside)
        self._lead(each, each.exposed.externals, outside)
        if each.exposed.balancers:
            self._lead(each, each.exposed.balancers, self._ranges(role, each, outside))
        if each.port.node_port:
            self.node_ports[each.family].setdefault(f"{protocol} . {each.port.node_port}", outside)

    def _lead(self, each: Served, addresses: Sequence[str], chain: str) -> None:
        for text in each.addresses(addresses):
            protocol = protocol_text(each.protocol)
            self.clusters[each.family].setdefault(f"{text} . {protocol} . {each.port.port}", chain)

    def _outside(self, role: str, each: Served, everywhere: str) -> str:
        """The chain for what comes to an outer address or a node port."""
        name = f"outside/{role}"
        if not each.exposed.local_outside:
            self.chains[name] = [f"meta mark set meta mark or {_MASQUERADE:#x}", f"goto {everywhere}"]
            return name
        local = self._balance(f"local/{role}", each, each.outside(self.node))
        # Clients inside are served from everywhere all the same: kube-proxy's short circuit.
        self.chains[name] = [f'iifname "pod*" goto {everywhere}', f"meta iif 0 goto {everywhere}", f"goto {local}"]
        return name

    def _ranges(self, role: str, each: Served, outside: str) -> str:
        ranges = each.exposed.source_ranges
        if not ranges:
            return outside
        name = f"balancer/{role}"
        mine = [text for text in ranges if (":" in text) == (each.family == 6)]
        elements = f" elements = {{ {', '.join(mine)} }};" if mine else ""
        self.sets.append(f"\tset {name} {{ type {_ADDRESS[each.family]}; flags interval; auto-merge;{elements} }}")
        refuse = f"{_HEADER[each.family]} saddr != @{name} {self._drop(OUT_OF_RANGE)}"
        self.chains[name] = [refuse, f"goto {outside}"]
        return name

    def _drop(self, reason: str) -> str:
        return f'log prefix "{reason} " group {self.log_group} snaplen 128 drop'

    def _balance(self, name: str, each: Served, backends: Sequence[TwinBackend]) -> str:
        """The chain that chooses a backend."""
        if not backends:
            self.chains[name] = [self._drop(UNSERVED)]
            return name
        ends = [self._end(name, each, number, backend) for number, backend in enumerate(backends)]
        rules = []
        if each.exposed.affinity:
            rules += [f"{_HEADER[each.family]} saddr @{end} goto {end}" for end in ends]
        choices = ", ".join(f"{number} : goto {end}" for number, end in enumerate(ends))
        rules.append(f"numgen random mod {len(ends)} vmap {{ {choices} }}" if len(ends) > 1 else f"goto {ends[0]}")
        self.chains[name] = rules
        return name

    def _end(self, chain: str, each: Served, number: int, backend: TwinBackend) -> str:
        header = _HEADER[each.family]
        name = f"{chain}/{number}"
        rules = [f"{header} saddr {backend.address} meta mark set meta mark or {_MASQUERADE:#x}"]
        if each.exposed.affinity:
            seconds = each.exposed.affinity
            kind = f"type {_ADDRESS[each.family]}; flags dynamic,timeout; timeout {seconds}s; size 65536"
            self.sets.append(f"\tset {name} {{ {kind}; }}")
            rules.append(f"update @{name} {{ {header} saddr }}")
        host = f"[{backend.address}]" if each.family == 6 else backend.address
        rules.append(f"meta l4proto {protocol_text(each.protocol)} dnat {header} to {host}:{backend.port}")
        self.chains[name] = rules
        return name


_LOOKUP = (
    "ip daddr . meta l4proto . th dport vmap @addresses/v4",
    "ip6 daddr . meta l4proto . th dport vmap @addresses/v6",
    "ip daddr 127.0.0.0/8 return",
    "ip6 daddr ::1 return",
    "fib daddr type local meta nfproto ipv4 meta l4proto . th dport vmap @node-ports/v4",
    "fib daddr type local meta nfproto ipv6 meta l4proto . th dport vmap @node-ports/v6",
)


def _map(name: str, key: str, elements: Mapping[str, str]) -> str:
    pairs = ", ".join(f"{each} : goto {chain}" for each, chain in elements.items())
    body = f" elements = {{ {pairs} }};" if elements else ""
    return f"\tmap {name} {{ type {key} : verdict;{body} }}"


def _chain(name: str, rules: Sequence[str]) -> str:
    return "\n".join([f"\tchain {name} {{", *(f"\t\t{rule}" for rule in rules), "\t}"])

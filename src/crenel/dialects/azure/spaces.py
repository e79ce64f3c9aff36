"""What the service tags VirtualNetwork and Internet mean at one place.

Source: "Virtual network service tags", table of available tags: VirtualNetwork is the address space of the virtual
network, those of peered ones, what gateways lead to, the address of the host, and the prefixes of user-defined routes,
perhaps with default routes among them. Internet is what is outside of it and reachable by the public internet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.dialects.azure.effective import readable
from crenel.dialects.azure.fields import last
from crenel.dialects.azure.records import Estate, Peering, VirtualNetwork
from crenel.network.addresses import AddressSet

HOST = AddressSet.of("168.63.129.16")
"""The virtual address of the host node, the same everywhere ("What is IP address 168.63.129.16?")."""
METADATA = AddressSet.of("169.254.169.254")
"""The instance metadata service ("Azure platform considerations" of the groups' overview)."""
PRIVATE = AddressSet.of("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Where address spaces lie that nobody can reach from the internet (RFC 1918, 6598, 4193)."""
UNREACHABLE = PRIVATE | AddressSet.of(
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3", "fe80::/10", "ff00::/8"
)  # fmt: skip
"""What the internet does not route; the list that Azure gives for Internet begins with 1.0.0.0/8 and omits 10.0.0.0/8
("Diagnose a virtual machine network traffic filter problem")."""
EVERYTHING = AddressSet.everything(4, 6)
_FORWARDING_HOPS = ("virtualappliance", "virtualnetworkgateway", "vnetlocal")


@dataclass(frozen=True, slots=True)
class Space:
    """What VirtualNetwork is somewhere: surely, and perhaps, with the words for the doubt.

    `network` is the key of the virtual network; its interfaces belong to it even where their addresses are not known.
    """

    network: str = ""
    sure: AddressSet = HOST
    maybe: tuple[tuple[AddressSet, str], ...] = ()

    @property
    def possible(self) -> AddressSet:
        """Everything that may be in it."""
        total = self.sure
        for addresses, _ in self.maybe:
            total |= addresses
        return total

    def own(self, estate: Estate) -> AddressSet:
        """The address space of the virtual network itself."""
        known = estate.networks.get(self.network)
        return readable(known.prefixes) if known is not None else AddressSet()

    @property
    def internet(self) -> AddressSet:
        """What Internet surely is there."""
        return EVERYTHING - UNREACHABLE - self.possible


@dataclass(slots=True)
class Spaces:
    """Works out, once for each place, what VirtualNetwork is there."""

    estate: Estate
    _known: dict[tuple[str, str], Space] = field(default_factory=dict)

    def at(self, subnet: str, nic: str) -> Space:
        """What it is for an interface in a subnet; the key of the subnet is empty where that is not known."""
        told = self.estate.spaces.get(nic) or self.estate.spaces.get(subnet)
        network = self.estate.network_of(subnet)
        if told is not None:
            return Space(network, told)
        if (subnet, "") not in self._known:
            self._known[subnet, ""] = self._of(subnet, network)
        return self._known[subnet, ""]

    def _of(self, subnet: str, network: str) -> Space:
        known = self.estate.networks.get(network)
        if known is None or not readable(known.prefixes):
            return self._unknown(subnet, network)
        sure, maybe = HOST | readable(known.prefixes), list[tuple[AddressSet, str]]()
        for peering in [*known.peerings, *self.estate.loose_peerings.get(network, ())]:
            if peering.in_tag:
                found = self._peer(peering)
                sure |= found
                if not found:
                    maybe.append((PRIVATE, f"the virtual network {last(peering.remote)}, which is not in the input"))
        maybe += self._beyond(known)
        routed, doubtful = self._routed(subnet)
        sure |= routed
        maybe += doubtful
        words = f"VirtualNetwork of {known.name}: its address space and those of its peers, the prefixes of its routes"
        gateway = "" if any("gateway" in text for _, text in maybe) else "; no gateway connects it with anything else"
        self.estate.assume(f"{words}{gateway}")
        left = ((addresses - sure, text) for addresses, text in maybe)
        return Space(network, sure, tuple((addresses, text) for addresses, text in left if addresses))

    def _unknown(self, subnet: str, network: str) -> Space:
        """Nothing is known of the network: its addresses, and those that it is connected with, are private ones."""
        routed, doubtful = self._routed(subnet)
        name = last(network) or "of the interface"
        self.estate.assume(
            f"the address space of the virtual network {name}, and of all that it is connected with, is private (RFC"
            " 1918, 6598, 4193)"
        )
        doubt = f"the virtual network {name}, whose address space is not in the input"
        sure = HOST | routed
        maybe = ((PRIVATE, doubt), *doubtful)
        return Space(network, sure, tuple((each - sure, text) for each, text in maybe if each - sure))

    def _peer(self, peering: Peering) -> AddressSet:
        known = self.estate.networks.get(peering.remote)
        return readable(peering.prefixes) | readable(known.prefixes if known is not None else ())

    def _beyond(self, known: VirtualNetwork) -> Iterator[tuple[AddressSet, str]]:
        """What gateways lead to, which only they know: private addresses, any of them."""
        peerings = [*known.peerings, *self.estate.loose_peerings.get(known.key, ())]
        if known.gateway or any(each.remote_gateway for each in peerings) or self._has_gateway_subnet(known.key):
            yield PRIVATE, f"what a gateway of {known.name} leads to"

    def _has_gateway_subnet(self, network: str) -> bool:
        with_gateway = any(self.estate.network_of(subnet) == network for subnet in self.estate.gateways)
        return with_gateway or any(
            each.network == network and each.name.lower() == "gatewaysubnet" for each in self.estate.subnets.values()
        )

    def _routed(self, subnet: str) -> tuple[AddressSet, list[tuple[AddressSet, str]]]:
        """The prefixes of the subnet's own routes. Default routes may be among them, those that drop may not be."""
        table = self.estate.table_of(subnet)
        sure, maybe = AddressSet(), list[tuple[AddressSet, str]]()
        for route in table.routes if table is not None else ():
            addresses = readable((route.prefix,))
            if not addresses:
                continue
            default = any(addresses.covers(family) for family in addresses.families())
            if route.hop in _FORWARDING_HOPS and not default:
                sure |= addresses
            elif route.hop != "internet" or not default:
                maybe.append((addresses, f"the prefix of the route {route.name}"))
        return sure, maybe

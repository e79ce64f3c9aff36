"""The twin itself: namespaces, links and addresses in the kernel, all held by this process.

No namespace has a name: they are held by file descriptors, and every interface of the twin is in one of them. When the
process ends, however it ends, the kernel takes all of it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from crenel.kernel import sysctl
from crenel.kernel.links import Links
from crenel.kernel.namespaces import Namespace
from crenel.lab.twin.topology import UPLINK, Space, Topology

_QUIET = {
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
    "net.ipv6.conf.default.accept_ra": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    # Nobody is refused an answer because others got one: a refusal is evidence that a packet arrived. A mask is the
    # types that are limited, for IPv6 as a list; there is no type 0.
    "net.ipv4.icmp_ratemask": 0,
    "net.ipv6.icmp.ratelimit": 0,
    "net.ipv6.icmp.ratemask": 0,
    "net.ipv4.ip_unprivileged_port_start": 0,
}
"""What is set in every namespace before it has a link."""

_FORWARDING = {"net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1, "net.ipv6.conf.default.forwarding": 1}


class Twin:
    """The namespaces of a topology. `spaces` has them by their keys."""

    def __init__(self, spaces: dict[str, Namespace]) -> None:
        self.spaces = spaces

    @classmethod
    def build(cls, topology: Topology) -> Self:
        """Make everything that a topology has.

        Raises:
            OSError: the process may not, or the kernel has no room.
        """
        with ExitStack() as undo:
            spaces = {key: undo.enter_context(Namespace.new()) for key in topology.spaces}
            for key, space in topology.spaces.items():
                values = {**_QUIET, **(_FORWARDING if space.forwards else {})}
                sysctl.write_all(spaces[key], values, missing_ok=True)
            _connect(topology, spaces)
            for key, space in topology.spaces.items():
                _configure(space, spaces[key])
            for key, space in topology.spaces.items():
                with Links(spaces[key]) as links:
                    # A link that is up drops packets until the kernel's own workers have been there.
                    links.settle(*space.interfaces)
            undo.pop_all()
            return cls(spaces)

    def close(self) -> None:
        """Give everything up."""
        for namespace in self.spaces.values():
            namespace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def of(self, prefix: str) -> Iterator[tuple[str, Namespace]]:
        """The namespaces whose keys begin with a word: (rest of the key, namespace)."""
        return ((key.removeprefix(f"{prefix} "), each) for key, each in self.spaces.items() if key.startswith(prefix))


def _connect(topology: Topology, spaces: dict[str, Namespace]) -> None:
    by_upper: dict[str, list[int]] = {}
    for number, cable in enumerate(topology.cables):
        by_upper.setdefault(cable.upper, []).append(number)
    for key, numbers in by_upper.items():
        with Links(spaces[key]) as links:
            for cable in (topology.cables[number] for number in numbers):
                links.veth(
                    cable.upper_name,
                    cable.lower_name,
                    spaces[cable.lower],
                    cable.upper_mac,
                    cable.lower_mac,
                    cable.upper_index,
                    UPLINK,
                )
            links.commit()


def _configure(space: Space, namespace: Namespace) -> None:
    with Links(namespace) as links:
        for index in space.interfaces:
            links.up(index)
        for index, address in space.addresses:
            links.address(index, address, address.max_prefixlen)
        for index, address, mac in space.neighbours:
            links.neighbour(index, address, mac)
        for route in space.routes:
            links.route(route.to, route.interface, route.via, route.source)
        links.commit()

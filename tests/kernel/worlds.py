"""Two namespaces with a cable between them, and sockets in them."""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from crenel.kernel.links import LOOPBACK, Links
from crenel.kernel.namespaces import Namespace

FAMILIES = (4, 6)
CLIENT = {4: "10.0.0.1", 6: "fd00::1"}
SERVER = {4: "10.0.0.2", 6: "fd00::2"}
SERVICE = {4: "10.96.0.1", 6: "fd00:96::1"}
"""Routed to the server, which does not have it."""

ETH = 2
"""The index of either end of the cable."""
SECONDS = 5
"""How long anything may take."""


class World(NamedTuple):
    """A client and a server; both can reach each other, by either family."""

    client: Namespace
    server: Namespace


@contextmanager
def world() -> Iterator[World]:
    """Two namespaces, connected by routes and static neighbours alone."""
    macs = {"client": b"\x02\0\0\0\0\x01", "server": b"\x02\0\0\0\0\x02"}
    with Namespace.new() as client, Namespace.new() as server:
        with Links(client) as here, Links(server) as there:
            here.veth("eth0", "eth0", server, macs["client"], macs["server"], ETH, ETH)
            for links, own, others, mac in (
                (here, CLIENT, (SERVER, SERVICE), macs["server"]),
                (there, SERVER, (CLIENT,), macs["client"]),
            ):
                links.up(LOOPBACK)
                links.up(ETH)
                for address in own.values():
                    links.address(ETH, ipaddress.ip_address(address), ipaddress.ip_address(address).max_prefixlen)
                for address in (each for other in others for each in other.values()):
                    links.route(ipaddress.ip_network(address), ETH)
                    links.neighbour(ETH, ipaddress.ip_address(address), mac)
                links.commit()
            here.settle(LOOPBACK, ETH)
            there.settle(LOOPBACK, ETH)
        yield World(client, server)


@contextmanager
def opened(namespace: Namespace, family: int, kind: int, protocol: int = 0) -> Iterator[socket.socket]:
    """A socket in a namespace, which waits for seconds at most."""
    with namespace.entered():
        made = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, kind, protocol)
    made.settimeout(SECONDS)
    with made:
        yield made


@contextmanager
def listening(namespace: Namespace, family: int, port: int) -> Iterator[socket.socket]:
    """A TCP socket of the server that takes connections."""
    with opened(namespace, family, socket.SOCK_STREAM) as listener:
        listener.bind((SERVER[family], port))
        listener.listen()
        yield listener


def knock(client: Namespace, family: int, target: str, port: int) -> socket.socket:
    """A TCP socket that has sent a SYN and does not wait for an answer."""
    with client.entered():
        knocking = socket.socket(socket.AF_INET if family == 4 else socket.AF_INET6, socket.SOCK_STREAM)
    knocking.setblocking(False)
    knocking.connect_ex((target, port))
    return knocking


def soon(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Whether a condition comes to hold within some seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return condition()

"""Namespaces are held by descriptors, and entered by one thread at a time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crenel.kernel.conntrack import Conntrack
from crenel.kernel.links import Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.netlink import ROUTE, Netlink
from crenel.kernel.nflog import PacketLog
from crenel.kernel.nftables import Nftables
from kernel.needs import needs_namespaces
from kernel.worlds import ETH, SECONDS, SERVER, World, soon

pytestmark = needs_namespaces


def where() -> str:
    """The namespace of the calling thread."""
    return str(Path("/proc/thread-self/ns/net").readlink())


def names(namespace: Namespace) -> set[str]:
    """The devices of a namespace."""
    with Links(namespace) as links:
        return {each.name for each in links.links()}


def test_a_namespace_vanishes_when_its_descriptor_is_closed(world: World) -> None:
    """With the last descriptor of a namespace go its devices, and the other ends of its cables."""
    assert names(world.client) == {"lo", "eth0"}
    world.server.close()
    assert soon(lambda: names(world.client) == {"lo"})


def test_a_socket_holds_its_namespace(world: World) -> None:
    """A socket that was opened in a namespace keeps it alive, and stays in it."""
    with world.server.entered():
        held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with held:
        world.server.close()
        assert not soon(lambda: names(world.client) == {"lo"}, 0.3)
        held.bind((SERVER[4], 0))
    assert soon(lambda: names(world.client) == {"lo"})


CHILD = """
import sys, time
from crenel.kernel.namespaces import Namespace
from crenel.kernel.links import Links
with Links(Namespace.current()) as links:
    links.veth("far", "near", Namespace(int(sys.argv[1])), bytes([2, 0, 0, 0, 0, 1]), bytes([2, 0, 0, 0, 0, 2]))
    links.commit()
print("made", flush=True)
time.sleep(60)
"""


@pytest.fixture
def child(namespace: Namespace) -> Iterator[subprocess.Popen[str]]:
    """A process in a namespace of its own, with a cable into `namespace`."""
    with Namespace.new() as own, own.entered():
        process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(namespace.fd)], stdout=subprocess.PIPE, text=True, pass_fds=[namespace.fd]
        )
    with process:
        yield process
        process.kill()


def test_the_death_of_a_process_leaves_nothing(namespace: Namespace, child: subprocess.Popen[str]) -> None:
    """When the process that holds a namespace is killed, the kernel takes the namespace away."""
    assert child.stdout and child.stdout.readline() == "made\n"
    assert names(namespace) == {"lo", "near"}
    child.kill()
    assert soon(lambda: names(namespace) == {"lo"})


def test_a_thread_comes_back(namespace: Namespace) -> None:
    """Whatever happens in a namespace, the thread is where it was afterwards, also when visits are nested."""
    home = where()
    with Namespace.new() as other, namespace.entered():
        there = where()
        with pytest.raises(RuntimeError), other.entered():
            raise RuntimeError
        assert where() == there != home
    assert where() == home


def test_other_threads_stay(namespace: Namespace) -> None:
    """A thread in a namespace takes no other thread with it."""
    seen: list[str] = []
    home = where()
    with namespace.entered():
        thread = threading.Thread(target=lambda: seen.append(where()))
        thread.start()
        thread.join(SECONDS)
        inside = where()
    # A new thread begins where its maker is; the maker's other threads do not move.
    assert seen == [inside]
    assert inside != home


def test_threads_visit_at_the_same_time(namespace: Namespace) -> None:
    """Threads can be in different namespaces at once."""
    seen: dict[str, str] = {}
    both = threading.Barrier(2, timeout=SECONDS)

    def visit(name: str, target: Namespace) -> None:
        with target.entered():
            both.wait()
            seen[name] = where()
            both.wait()

    with Namespace.new() as other:
        threads = [threading.Thread(target=visit, args=each) for each in (("one", namespace), ("two", other))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS)
    assert len({*seen.values(), where()}) == 3


def test_a_closed_namespace_cannot_be_entered(namespace: Namespace) -> None:
    """Entering a namespace that is closed is an OSError, and leaves the thread where it is."""
    home = where()
    namespace.close()
    namespace.close()
    with pytest.raises(OSError, match="setns"), namespace.entered():
        pass
    assert where() == home


def test_descriptors_are_not_inherited(namespace: Namespace) -> None:
    """Nothing that the package opens survives an exec."""
    before = descriptors()
    with (
        Namespace.new(),
        Namespace.current(),
        Netlink(ROUTE, namespace),
        Links(namespace),
        Nftables(namespace),
        PacketLog(namespace, 1),
        Conntrack(namespace),
    ):
        made = descriptors() - before
        assert len(made) == 7
        assert not [fd for fd in made if os.get_inheritable(fd)]
    assert descriptors() == before


def descriptors() -> set[int]:
    """The open descriptors of the process."""
    listed = [Path(each) for each in Path("/proc/self/fd").iterdir()]
    return {int(each.name) for each in listed if each.exists() or each.is_symlink()}


def test_a_descriptor_from_elsewhere_is_a_namespace(world: World) -> None:
    """A descriptor that came over a Unix socket stands for the same namespace."""
    left, right = socket.socketpair()
    with left, right:
        socket.send_fds(left, [b"x"], [world.client.fd])
        _, (fd,), _, _ = socket.recv_fds(right, 1, 1)
    with Namespace(fd) as again:
        assert not os.get_inheritable(fd)
        with Links(again) as links:
            assert ETH in {each.index for each in links.links()}

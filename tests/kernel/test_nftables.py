"""Rules are loaded through the library, each into its namespace."""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
import threading

import pytest

from crenel.kernel import nftables
from crenel.kernel.links import Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables, NftError
from kernel.needs import needs_namespaces
from kernel.worlds import SECONDS, World

pytestmark = needs_namespaces

MAC = b"\x02\0\0\0\0\x01"


def test_rules_stay_in_their_namespace(world: World) -> None:
    """What is loaded into one namespace is listed there, and not in another."""
    with Nftables(world.client) as client, Nftables(world.server) as server:
        client.run("add table inet mine")
        server.run("add table ip6 yours")
        assert client.run("list tables") == "table inet mine\n"
        assert server.run("list tables") == "table ip6 yours\n"


def test_a_context_works_from_any_thread(world: World) -> None:
    """Commands reach the context's namespace wherever the thread is that runs them."""
    listed: list[str] = []

    def use(nft: Nftables) -> None:
        with world.server.entered():
            nft.run("add table inet there")
            listed.append(nft.run("list tables"))

    with Nftables(world.client) as nft:
        thread = threading.Thread(target=use, args=(nft,))
        thread.start()
        thread.join(SECONDS)
    assert listed == ["table inet there\n"]


def test_devices_are_those_of_the_namespace() -> None:
    """A rule with `iif` means the device of that name in its own namespace, not that of whoever was asked last."""
    rules = """table inet t {
        chain c {
            type filter hook input priority 0
            iif "cable" accept
        }
    }"""
    with Namespace.new() as left, Namespace.new() as right, Namespace.new() as far:
        for namespace, index in ((left, 77), (right, 99)):
            with Links(namespace) as links:
                links.veth("cable", f"end{index}", far, MAC, MAC, index)
                links.commit()
        with Nftables(left) as one, Nftables(right) as two, far.entered():
            for nft in (one, two):
                nft.run(rules)
                assert 'iif "cable" accept' in nft.run("list ruleset")


def test_a_transaction_is_all_or_nothing(namespace: Namespace) -> None:
    """When one command fails, none takes effect, and the error begins with nft's own line."""
    with Nftables(namespace) as nft:
        with pytest.raises(NftError) as caught:
            nft.run("add table inet a\nadd rule inet a absent accept\n")
        assert str(caught.value) == (
            "line 2:17-22: Error: Could not process rule: No such file or directory\nadd rule inet a absent accept"
        )
        assert nft.run("list tables") == ""
        with pytest.raises(NftError, match="syntax error"):
            nft.run("add tabel inet a")
        assert nft.run("add table inet a; list tables") == "table inet a\n"


def test_a_long_line_makes_a_short_message(namespace: Namespace) -> None:
    """nft repeats the line it did not like; the message has its beginning alone."""
    elements = ", ".join(f"10.0.{each >> 8}.{each & 255}" for each in range(5000))
    with Nftables(namespace) as nft, pytest.raises(NftError) as caught:
        nft.run(f"add element inet none s {{ {elements} }}")
    assert len(str(caught.value)) < 1000


def test_a_dry_run_changes_nothing(namespace: Namespace) -> None:
    """A dry run says what is wrong, and has no effect; what is run afterwards has."""
    with Nftables(namespace) as nft:
        nft.dry_run("add table inet a")
        with pytest.raises(NftError):
            nft.dry_run("add chain inet a c")
        assert nft.run("list tables") == ""
        nft.run("add table inet a")
        assert nft.run("list tables") == "table inet a\n"


def test_json(namespace: Namespace) -> None:
    """A list as JSON is parsed; text comes as text afterwards, and a command that prints nothing is None."""
    with Nftables(namespace) as nft:
        assert nft.json("add table inet a") is None
        found = nft.json("list tables")["nftables"]
        assert [each["table"]["name"] for each in found if "table" in each] == ["a"]
        assert nft.run("list tables") == "table inet a\n"


def test_a_closed_context_says_so(namespace: Namespace) -> None:
    """A context that is closed is not used: that would end the process."""
    nft = Nftables(namespace)
    nft.close()
    nft.close()
    for use in (nft.run, nft.dry_run, nft.json):
        with pytest.raises(ValueError, match="closed"):
            use("list tables")


def test_no_descriptor_left(namespace: Namespace) -> None:
    """Where the library would end the process because it cannot open a socket, there is an OSError."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (namespace.fd + 20, hard))
    try:
        with contextlib.ExitStack() as stack, pytest.raises(OSError, match="Too many open files"):
            fill(stack, namespace)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def fill(stack: contextlib.ExitStack, namespace: Namespace) -> None:
    """Make contexts until there is no descriptor left."""
    for _ in range(100):
        stack.enter_context(Nftables(namespace))


def test_the_library_is_asked_for_late() -> None:
    """The module can be imported where the library is absent, and then says what to install, in one line."""
    code = "from crenel.kernel import nftables; nftables._LIBRARY = 'libabsent.so.1'; print(nftables.missing())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.count("\n") == 1
    assert "apt-get install libnftables1 nftables" in ran.stdout
    assert nftables.missing() == ""

"""What root of the machine can do, an ordinary user can do in a user namespace."""

from __future__ import annotations

import pytest

from crenel.kernel import nftables
from kernel import nobody

EVERYTHING = """
import errno, ipaddress, os, socket
from crenel.kernel import sysctl
from crenel.kernel.namespaces import Forbidden, Namespace, enter_user_namespace, is_privileged
try:
    assert os.getuid() != 0 and not is_privileged()
    enter_user_namespace()
except Forbidden as error:
    print("forbidden:", error)
    raise SystemExit
assert is_privileged() and os.getuid() == os.getgid() == 0
from crenel.kernel.conntrack import Conntrack
from crenel.kernel.nflog import PacketLog
from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import parse
from kernel.worlds import CLIENT, SERVER, knock, soon, world
with world() as made:
    sysctl.write(made.server, "net.ipv4.ip_forward", 1)
    with Nftables(made.server) as nft, PacketLog(made.server, 5) as log, Conntrack(made.server) as conntrack:
        nft.run('''table inet t {
            chain input {
                type filter hook input priority 0
                ct state new tcp dport 80 log prefix "no" group 5 drop
            }
        }''')
        for family in (4, 6):
            with knock(made.client, family, SERVER[family], 80):
                found = []
                assert soon(lambda: found.extend(log.read()) or found)
            packet = parse(found[0].payload)
            assert found[0].prefix == "no"
            assert packet.source == int(ipaddress.ip_address(CLIENT[family]))
        conntrack.flows()
print("done")
"""
THREADS = """
import threading
from crenel.kernel.namespaces import Forbidden, enter_user_namespace
end = threading.Event()
thread = threading.Thread(target=end.wait, args=(20,))
thread.start()
try:
    enter_user_namespace()
except Forbidden as error:
    print(error)
end.set()
thread.join()
"""


def as_nobody(code: str) -> str:
    """Run code as an ordinary user and return what it prints."""
    ran = nobody.run([nobody.interpreter(), "-c", code])
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.skipif(bool(nftables.missing()), reason=nftables.missing())
def test_an_ordinary_user_can_do_everything() -> None:
    """In a user namespace anyone makes namespaces, cables, settings and rules, and sees packets and connections."""
    said = as_nobody(EVERYTHING)
    if said.startswith("forbidden:"):
        pytest.skip(said.strip())
    assert said == "done\n"


def test_a_process_with_threads_is_told_so() -> None:
    """Where the kernel forbids a user namespace, one line says why."""
    said = as_nobody(THREADS)
    assert said.startswith("cannot make a user namespace: ")
    assert said.count("\n") == 1

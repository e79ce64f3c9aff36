"""Tracked connections are listed with who answers, and marked bit by bit."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crenel.kernel.conntrack import SEEN_REPLY, Conntrack, Flow, _flow
from crenel.kernel.nftables import Nftables
from crenel.kernel.packets import TCP
from kernel.needs import needs_namespaces
from kernel.worlds import CLIENT, FAMILIES, SERVER, SERVICE, World, listening, opened, soon

RULES = f"""table inet t {{
    chain translate {{
        type nat hook prerouting priority -100
        ip daddr {SERVICE[4]} tcp dport 80 dnat ip to {SERVER[4]}:8080
        ip6 daddr {SERVICE[6]} tcp dport 80 dnat ip6 to [{SERVER[6]}]:8080
    }}
    chain input {{
        type filter hook input priority 0
        ct state new ct mark set 0x5
        ct mark and 0x80 == 0x80 reject with tcp reset
    }}
}}"""


@needs_namespaces
@pytest.mark.parametrize("family", FAMILIES)
def test_a_translated_flow_says_who_answers(world: World, family: int) -> None:
    """A flow through DNAT has the Service as its destination and the server as the source of its replies."""
    with (
        Nftables(world.server) as nft,
        Conntrack(world.server) as conntrack,
        listening(world.server, family, 8080) as listener,
        opened(world.client, family, socket.SOCK_STREAM) as client,
    ):
        nft.run(RULES)
        client.connect((SERVICE[family], 80))
        listener.accept()[0].close()
        (flow,) = conntrack.flows()
        sport = client.getsockname()[1]
        here, service, server = (int(ip_address(each[family])) for each in (CLIENT, SERVICE, SERVER))
        assert flow[:10] == (family, TCP, here, sport, service, 80, server, 8080, here, sport)
        assert flow.mark == 5
        assert flow.status & SEEN_REPLY
        assert conntrack.count() == 1


@needs_namespaces
@pytest.mark.parametrize("family", FAMILIES)
def test_a_mark_cuts_a_connection(world: World, family: int) -> None:
    """A mark set with a mask leaves the other bits, and the rule that asks for it cuts what was established."""
    with (
        Nftables(world.server) as nft,
        Conntrack(world.server) as conntrack,
        listening(world.server, family, 8080) as listener,
        opened(world.client, family, socket.SOCK_STREAM) as client,
    ):
        nft.run(RULES)
        client.connect((SERVICE[family], 80))
        accepted, _ = listener.accept()
        with accepted:
            client.sendall(b"a")
            assert accepted.recv(1) == b"a"
            (flow,) = conntrack.flows()
            assert conntrack.set_mark(flow, 0xFF, 0x40)
            assert conntrack.flows()[0].mark == 0x45
            assert conntrack.set_mark(flow, 0x80, 0xC0)
            assert conntrack.flows()[0].mark == 0x85
            client.sendall(b"b")
            with pytest.raises(ConnectionResetError):
                client.recv(1)


@needs_namespaces
def test_many_marks_at_once(world: World) -> None:
    """Many flows are marked in one batch; one that ended meanwhile is False, and stops nothing."""
    with Nftables(world.server) as nft, Conntrack(world.server) as conntrack:
        nft.run(RULES)
        with opened(world.server, 4, socket.SOCK_DGRAM) as server, opened(world.client, 4, socket.SOCK_DGRAM) as client:
            server.bind((SERVER[4], 53))
            for port in range(1, 301):
                with contextlib.suppress(ConnectionRefusedError):
                    client.sendto(b"?", (SERVER[4], port))
            assert soon(lambda: conntrack.count() == 300)
            flows = conntrack.flows()
            ended = flows[7]._replace(raw=without_last_port(flows[7]))
            outcome = conntrack.set_marks([(each, 0x10, 0x10) for each in [*flows[:7], ended, *flows[7:]]])
        assert len(flows) == 300
        assert outcome == [True] * 7 + [False] + [True] * 293
        assert {each.mark for each in conntrack.flows()} == {0x15}
        conntrack.flush()
        assert conntrack.count() == 0 == len(conntrack.flows())
        assert not conntrack.set_mark(flows[0], 1)


def without_last_port(flow: Flow) -> bytes:
    """The name of a flow that nobody began: its destination's port is another."""
    return flow.raw[:-4] + (60000).to_bytes(2, "big") + flow.raw[-2:]


@needs_namespaces
def test_icmp_has_no_ports(world: World) -> None:
    """A flow of a protocol without ports has zeros for them, and can be marked all the same."""
    with Nftables(world.server) as nft, Conntrack(world.server) as conntrack:
        nft.run(RULES)
        with opened(world.client, 4, socket.SOCK_RAW, socket.IPPROTO_ICMP) as pinging:
            pinging.sendto(b"\x08\0\xf7\xfd\0\x01\0\x01", (SERVER[4], 0))
            assert pinging.recv(100)[20] == 0
        (flow,) = conntrack.flows()
        assert (flow.protocol, flow.sport, flow.dport) == (1, 0, 0)
        assert conntrack.set_mark(flow, 2, 2)
        assert conntrack.flows()[0].mark == 7


@given(st.binary(max_size=60))
def test_malformed_flows_are_value_errors(data: bytes) -> None:
    """Whatever bytes come, they are read or are a ValueError."""
    with contextlib.suppress(ValueError):
        _flow(b"\x02\0\0\0" + data)

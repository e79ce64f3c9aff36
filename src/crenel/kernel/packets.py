"""The head of an IP packet, and SCTP's first packet: RFC 791, RFC 8200, RFC 9260.

What is read are the addresses and what a packet filter matches by: the protocol, ports, or ICMP's type and code.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import NamedTuple

ICMP, TCP, UDP, ICMPV6, SCTP = 1, 6, 17, 58, 132
"""Protocol numbers (IANA)."""
_UDPLITE, _DCCP = 136, 33
_WITH_PORTS = frozenset((TCP, UDP, SCTP, _UDPLITE, _DCCP))

_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION, _MOBILITY = 0, 43, 44, 51, 60, 135
_EXTENSIONS = frozenset((_HOP_BY_HOP, _ROUTING, _FRAGMENT, _AUTHENTICATION, _DESTINATION, _MOBILITY))

_PORTS = struct.Struct("!HH")
_ECHOES = {ICMP: (8, 0), ICMPV6: (128, 129)}
"""Types of an echo and of its reply: RFC 792, RFC 4443."""


class Packet(NamedTuple):
    """What a packet filter sees of a packet.

    Ports are 0 where the protocol has none; for an ICMP echo and its reply `sport` is the identifier, as conntrack has
    it. `icmp_type` and `icmp_code` are 0 where it is not ICMP. `headless` says that they are not known: the packet is a
    later fragment, or was cut off before them.
    """

    family: int
    """4 or 6."""
    protocol: int
    source: int
    sport: int
    destination: int
    dport: int
    icmp_type: int = 0
    icmp_code: int = 0
    headless: bool = False


def parse(data: bytes) -> Packet:
    """Read a packet from its IP header on; it may have been cut off after that header.

    Raises:
        ValueError: it is no IP packet, or less than a header.
    """
    version = data[0] >> 4 if data else 0
    if version == 4:
        return _parse_v4(data)
    if version == 6:
        return _parse_v6(data)
    raise ValueError(f"no IP packet: it begins with {data[:4].hex(' ') or 'nothing'}")


def _parse_v4(data: bytes) -> Packet:
    length = (data[0] & 15) * 4
    if length < 20 or len(data) < length:
        raise ValueError(f"an IPv4 header of {length} bytes in {len(data)} bytes")
    later = int.from_bytes(data[6:8], "big") & 0x1FFF
    source, destination = int.from_bytes(data[12:16], "big"), int.from_bytes(data[16:20], "big")
    return _transport(4, data[9], source, destination, b"" if later else data[length:])


def _parse_v6(data: bytes) -> Packet:
    if len(data) < 40:
        raise ValueError(f"an IPv6 header in {len(data)} bytes")
    protocol, rest = _after_extensions(data[6], data[40:])
    return _transport(6, protocol, int.from_bytes(data[8:24], "big"), int.from_bytes(data[24:40], "big"), rest)


def _after_extensions(protocol: int, data: bytes) -> tuple[int, bytes]:
    """Skip extension headers. Returns the protocol behind them and its bytes, none of a later fragment."""
    while protocol in _EXTENSIONS:
        if len(data) < 8:
            return protocol, b""
        following = data[0]
        if protocol == _FRAGMENT:
            if int.from_bytes(data[2:4], "big") >> 3:
                return following, b""
            length = 8
        elif protocol == _AUTHENTICATION:
            length = (data[1] + 2) * 4
        else:
            length = (data[1] + 1) * 8
        protocol, data = following, data[length:]
    return protocol, data


def _transport(family: int, protocol: int, source: int, destination: int, data: bytes) -> Packet:
    if protocol in _WITH_PORTS:
        if len(data) < 4:
            return Packet(family, protocol, source, 0, destination, 0, headless=True)
        sport, dport = _PORTS.unpack_from(data)
        return Packet(family, protocol, source, sport, destination, dport)
    if protocol == (ICMP if family == 4 else ICMPV6):
        if len(data) < 2:
            return Packet(family, protocol, source, 0, destination, 0, headless=True)
        identifier = int.from_bytes(data[4:6], "big") if data[0] in _ECHOES[protocol] else 0
        return Packet(family, protocol, source, identifier, destination, 0, data[0], data[1])
    return Packet(family, protocol, source, 0, destination, 0, headless=protocol in _EXTENSIONS)


_COMMON = struct.Struct("!HHI")
_INIT = struct.Struct("!BBHIIHHI")
_INIT_LENGTH = 20
_WINDOW, _STREAMS = 65536, 10


def sctp_init(sport: int, dport: int, tag: int) -> bytes:
    """The packet that asks for an SCTP association: a common header with the verification tag 0 and an INIT chunk.

    It goes into a raw socket of protocol 132, which adds the IP header. `tag` is the initiate tag, by which the other
    end will address the answer (RFC 9260, 3.3.2).

    Raises:
        ValueError: the tag is 0, which RFC 9260 forbids, or not of 32 bits.
    """
    if not 0 < tag < 1 << 32:
        raise ValueError(f"an initiate tag is a number from 1 to 2**32 - 1, not {tag}")
    ports = _COMMON.pack(sport, dport, 0)
    chunk = _INIT.pack(1, 0, _INIT_LENGTH, tag, _WINDOW, _STREAMS, _STREAMS, tag)
    # RFC 9260, appendix A: the checksum is over the packet with zeros in its place, and travels low byte first.
    return ports + crc32c(ports + bytes(4) + chunk).to_bytes(4, "little") + chunk


ABORT, SCTP_ABORT = 6, 16
"""The type of an ABORT chunk, and the length of a packet that has nothing else (RFC 9260, 3.2 and 3.3.7)."""


def sctp_abort(sport: int, dport: int, tag: int) -> bytes:
    """The packet that refuses an SCTP association: an ABORT chunk with the initiate tag that was asked with.

    This is how an INIT for a port on which nobody listens is answered (RFC 9260, 8.4, rule 3).
    """
    ports = struct.pack("!HHI", sport, dport, tag)
    chunk = struct.pack("!BBH", ABORT, 0, 4)
    return ports + crc32c(ports + bytes(4) + chunk).to_bytes(4, "little") + chunk


_ECHO = struct.Struct("!BBHHH")


def echo(family: int, identifier: int) -> bytes:
    """An ICMP or ICMPv6 echo request for a raw socket of that protocol.

    For IPv6 the kernel fills in the checksum; for IPv4 it is the one of RFC 1071.
    """
    kind = _ECHOES[ICMP if family == 4 else ICMPV6][0]
    message = bytes(_ECHO.pack(kind, 0, 0, identifier, 1))
    if family == 6:
        return message
    total: int = sum(struct.unpack("!4H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return message[:2] + (~total & 0xFFFF).to_bytes(2, "big") + message[4:]


def crc32c(data: bytes) -> int:
    """The CRC of Castagnoli's polynomial, reflected, as SCTP uses it (RFC 9260, appendix A; RFC 3309)."""
    table = _table()
    value = 0xFFFF_FFFF
    for byte in data:
        value = value >> 8 ^ table[(value ^ byte) & 0xFF]
    return value ^ 0xFFFF_FFFF


@cache
def _table() -> tuple[int, ...]:
    return tuple(map(_entry, range(256)))


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (0x82F6_3B78 if value & 1 else 0)
    return value

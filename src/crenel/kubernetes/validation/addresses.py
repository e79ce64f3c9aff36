"""The syntax of addresses and CIDRs.

Source: apimachinery pkg/util/validation/ip.go with strict validation, which a v1.36 server applies (``must not have
bits set beyond the prefix length``); CEL's ``isCIDR`` (apiserver pkg/cel/library/cidr.go), which lets those bits
pass. Every function returns the reason against a text, empty when there is none.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import NamedTuple

_NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_NO_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_MAPPED = 0xFFFF << 32


class Prefix(NamedTuple):
    """A CIDR as written: host bits and all."""

    width: int
    """32 or 128."""
    value: int
    length: int
    strict: bool
    """False when an octet or the prefix length has a leading zero."""

    @property
    def host_bits(self) -> int:
        """The bits that are set beyond the prefix length."""
        return self.value & ((1 << (self.width - self.length)) - 1)

    @property
    def mapped(self) -> bool:
        """Whether it is an IPv4 address in IPv6 clothes (``::ffff:0:0/96``)."""
        return self.width == 128 and self.value >> 32 << 32 == _MAPPED

    def __str__(self) -> str:
        network = self.value & ~self.host_bits
        address = ipaddress.IPv4Address(network) if self.width == 32 else ipaddress.IPv6Address(network)
        return f"{address}/{self.length}"


def _address(text: str) -> tuple[int, int, bool] | None:
    """(width, value, strict); leading zeros of IPv4 octets are decimal and not strict, as ParseIPSloppy reads them."""
    family, width = (socket.AF_INET6, 128) if ":" in text else (socket.AF_INET, 32)
    try:
        return width, int.from_bytes(socket.inet_pton(family, text), "big"), True
    except (OSError, ValueError):
        pass
    if width == 32 and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3}){3}", text, re.ASCII):
        octets = [int(octet) for octet in text.split(".")]
        if max(octets) <= 255:
            return 32, int.from_bytes(bytes(octets), "big"), False
    return None


@lru_cache(maxsize=65536)
def prefix(text: str) -> Prefix | None:
    """Read a CIDR, with the leniency that a server of old had; None when it is none."""
    written, slash, digits = text.partition("/")
    if not slash or not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    if (address := _address(written)) is None or int(digits) > address[0]:
        return None
    width, value, strict = address
    return Prefix(width, value, int(digits), strict and (digits == "0" or not digits.startswith("0")))


@lru_cache(maxsize=65536)
def strict_cidr(text: str) -> str:
    """Why a built-in kind refuses a CIDR (IsValidCIDRForLegacyField, strict)."""
    if (read := prefix(text)) is None:
        return _NO_CIDR
    if not read.strict:
        return "must not have leading 0s in IP or prefix length"
    if read.mapped:
        return "must not have an IPv4-mapped IPv6 address"
    return "must not have bits set beyond the prefix length" if read.host_bits else ""


@lru_cache(maxsize=65536)
def is_cidr(text: str) -> bool:
    """Whether CEL's ``isCIDR`` takes it: host bits are no matter."""
    return (read := prefix(text)) is not None and read.strict and not read.mapped


@lru_cache(maxsize=65536)
def address(text: str) -> str:
    """Why a built-in kind refuses an address (IsValidIPForLegacyField, strict)."""
    if (read := _address(text)) is None:
        return _NO_ADDRESS
    width, value, strict = read
    if not strict:
        return "must not have leading 0s"
    return "must not be an IPv4-mapped IPv6 address" if Prefix(width, value, width, True).mapped else ""


@lru_cache(maxsize=65536)
def endpoint_address(text: str) -> str:
    """Why an address may not stand behind a Service, or be an external address of one (ValidateEndpointIP)."""
    if (read := _address(text)) is None:
        return "must be a valid IP address"
    parsed = ipaddress.IPv4Address(read[1]) if read[0] == 32 else ipaddress.IPv6Address(read[1])
    if parsed.is_unspecified:
        return f"may not be unspecified ({text})"
    if parsed.is_loopback:
        return "may not be in the loopback range (127.0.0.0/8, ::1/128)"
    if parsed.is_link_local:
        return "may not be in the link-local range (169.254.0.0/16, fe80::/10)"
    if parsed.is_multicast and (read[1] >> 8 == 0xE00000 if read[0] == 32 else read[1] >> 112 & 0xFF0F == 0xFF02):
        return "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
    return ""


def family(text: str) -> int:
    """4 or 6; 0 when it is no address."""
    return 0 if (read := _address(text)) is None else (4 if read[0] == 32 else 6)

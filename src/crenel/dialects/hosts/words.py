"""Numbers of which some bits are known: packet and connection marks, connection states, flags of TCP.

The first packet of a connection has no mark, its state is *new*, and if it is TCP it has SYN and nothing else.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

_FULL = 0xFFFF_FFFF


class Register(enum.Enum):
    """Which number of a packet or of its connection."""

    MARK = "packet mark"
    CONNECTION_MARK = "connection mark"
    STATE = "connection state"
    STATUS = "connection status"
    FLAGS = "TCP flags"
    DIRECTION = "direction"
    FRAGMENT = "fragment"


OF_CONNECTION = (Register.CONNECTION_MARK, Register.STATUS, Register.DIRECTION)
"""Those that a packet without a connection does not have (nft_ct_get_eval), beside the state, which it has."""
STATES = {"invalid": 1, "established": 2, "related": 4, "new": 8, "untracked": 64}
"""As nft_ct and xt_conntrack number them: 1 << ctinfo + 1 (linux/netfilter/nf_conntrack_common.h)."""
STATUSES = {"expected": 1, "seen-reply": 2, "assured": 4, "confirmed": 8, "snat": 16, "dnat": 32, "dying": 512}
"""enum ip_conntrack_status of the same header."""
FLAGS = {"fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128}
"""The flags of TCP (RFC 9293, section 3.1); SYN may come with the two of RFC 3168."""


@dataclass(frozen=True, slots=True)
class Word:
    """A number of 32 bits; those outside of `known` are not known and are 0 in `value`."""

    value: int = 0
    known: int = _FULL

    def masked(self, mask: int) -> Word:
        """Its bits within a mask, the others 0."""
        return Word(self.value & mask, (self.known | ~mask) & _FULL)

    def __xor__(self, other: Word) -> Word:
        known = self.known & other.known
        return Word((self.value ^ other.value) & known, known)

    def blurred(self, bits: int) -> Word:
        """The same with some bits unknown."""
        known = self.known & ~bits & _FULL
        return Word(self.value & known, known)

    def within(self, ranges: tuple[tuple[int, int], ...]) -> bool | None:
        """Whether it lies in any of some ranges; None if that is not known."""
        lowest, highest = self.value, self.value | (~self.known & _FULL)
        if any(low <= lowest and highest <= high for low, high in ranges):
            return True
        reachable = [
            (low, high)
            for low, high in ranges
            if low <= highest and lowest <= high and not (low == high and (low ^ self.value) & self.known)
        ]
        return None if reachable and lowest != highest else False

    def shares(self, bits: int) -> bool | None:
        """Whether any of some bits is set; None if that is not known."""
        if self.value & bits:
            return True
        return None if bits & ~self.known else False


UNKNOWN = Word(0, 0)
NO_MARK = Word()
FIRST_OF_TCP = Word(FLAGS["syn"], _FULL ^ FLAGS["ecn"] ^ FLAGS["cwr"])
REPLY_OF_TCP = Word(FLAGS["ack"], FLAGS["ack"])
WHOLE = Word(0, _FULL ^ 0x4000)
"""The field of fragments in a packet that is none: only the bit that forbids them may be set (RFC 791)."""


@dataclass(frozen=True, slots=True)
class Formula:
    """How a mark is computed: registers with masks, and a number, joined by exclusive or."""

    parts: tuple[tuple[Register, int], ...] = ()
    number: int = 0

    def masked(self, mask: int) -> Formula:
        """Its bits within a mask."""
        return Formula(tuple((each, kept & mask) for each, kept in self.parts), self.number & mask)

    def flipped(self, number: int) -> Formula:
        """Exclusive or with a number."""
        return Formula(self.parts, self.number ^ number)

    def with_bits(self, bits: int) -> Formula:
        """The same with some bits set."""
        return self.masked(~bits & _FULL).flipped(bits)

    def joined(self, other: Formula) -> Formula:
        """Exclusive or of two."""
        return Formula(self.parts + other.parts, self.number ^ other.number)

    def mask(self) -> int:
        """The bits that it can set."""
        found = self.number
        for _, kept in self.parts:
            found |= kept
        return found

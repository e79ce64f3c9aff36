"""Conditions of iptables: iptables(8), "PARAMETERS", and iptables-extensions(8), "MATCH EXTENSIONS".

Options are read from left to right, as iptables-save prints them: the protocol first, then ``-m MODULE`` with the
options of that module. ``!`` stands before the option that it inverts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from crenel.dialects.hosts import ipset
from crenel.dialects.hosts.kinds import ALL, Kinds, protocols
from crenel.dialects.hosts.ruleset import (
    AddressIn,
    AddressType,
    AnyOf,
    Condition,
    Device,
    Doubt,
    IpSets,
    KindIn,
    Never,
    Shares,
    Side,
    WordIn,
)
from crenel.dialects.hosts.values import PROTOCOLS, Unreadable, port, span
from crenel.dialects.hosts.words import FLAGS, STATES, STATUSES, Register
from crenel.network.addresses import AddressSet, Family
from crenel.network.traffic import LAST_PORT, PORTED, Ports


class Arguments:
    """The words of one rule behind its chain, read one option at a time."""

    def __init__(self, words: Sequence[str], family: Family, sets: IpSets) -> None:
        self._words = list(words)
        self._position = 0
        self.family = family
        self.sets = sets
        self.inverted = False
        """Whether ``!`` stands before the current option."""
        self.module = ""
        self.protocol: int | None = None

    def is_read(self, option: str) -> bool:
        """Whether an option is one that is read: those of modules that are not known are not."""
        return not option.startswith("--") or not self.module or self.module in MODULES

    @property
    def is_implied(self) -> bool:
        """Whether the options of the current module change nothing about what it asks for."""
        return self.module in _IMPLIED

    def option(self) -> str | None:
        """The next option; None at the end."""
        self.inverted = False
        while self._position < len(self._words):
            word = self._words[self._position]
            self._position += 1
            if word != "!":
                return word
            self.inverted = True
        return None

    def operand(self) -> str:
        """The next word.

        Raises:
            Unreadable: there is none.
        """
        if self._position >= len(self._words):
            raise Unreadable("its value is missing")
        self._position += 1
        return self._words[self._position - 1]

    def operands(self) -> list[str]:
        """The words up to the next option."""
        found = []
        while self._position < len(self._words) and not self._words[self._position].startswith(("-", "!")):
            found.append(self.operand())
        return found

    def rest(self) -> list[str]:
        """All words that are left."""
        found = self._words[self._position :]
        self._position = len(self._words)
        return found


Reader: TypeAlias = Callable[[Arguments], Iterable[Condition]]


def _module(arguments: Arguments) -> Iterable[Condition]:
    """``-m MODULE``: a module that is not known asks for something that is not known, whatever its options."""
    arguments.module = arguments.operand()
    if arguments.module in MODULES:
        return _IMPLIED.get(arguments.module, ())
    return (Doubt(f"what module {arguments.module} asks for"),)


def _address(side: Side) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        try:
            found = AddressSet.of(*arguments.operand().split(","))
        except ValueError as error:
            raise Unreadable(str(error)) from None
        yield AddressIn(side, _one_family(found, arguments))

    return read


def _one_family(found: AddressSet, arguments: Arguments) -> AddressSet:
    return AddressSet.everything(arguments.family) - found if arguments.inverted else found.only(arguments.family)


def _range(side: Side) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        low, _, high = arguments.operand().partition("-")
        yield AddressIn(side, _one_family(span(low, high or low, arguments.family), arguments))

    return read


def _device(side: Side) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        name = arguments.operand()
        name = f"{name[:-1]}*" if name.endswith("+") else name
        yield Device(side, frozenset({name}), arguments.inverted)

    return read


def _protocol(arguments: Arguments) -> Iterator[Condition]:
    text = arguments.operand().lower()
    if text in ("all", "0"):
        if arguments.inverted:
            yield Never()
        return
    number = PROTOCOLS.get(text, int(text) if text.isdecimal() and int(text) < 256 else -1)
    if number < 0:
        raise Unreadable(f"protocol {text}")
    if not arguments.inverted:
        arguments.protocol = number
    yield KindIn(ALL - protocols(number) if arguments.inverted else protocols(number))


def port_range(text: str) -> Ports:
    """``22``, ``80:90``, ``:90``, ``80:``, ``ssh``.

    Raises:
        Unreadable: it is none of those, or the wrong way round.
    """
    low, colon, high = text.partition(":")
    first = port(low or "0")
    last = port(high or str(LAST_PORT)) if colon else first
    if first > last:
        raise Unreadable(f"ports {text}")
    return first, last


def _destination_ports(arguments: Arguments) -> Iterator[Condition]:
    asked = [port_range(each) for each in _port_list(arguments.operand())]
    yield from _to_ports(arguments, asked)


def _port_list(text: str) -> list[str]:
    return text.split(",")


def _to_ports(arguments: Arguments, asked: list[Ports]) -> Iterator[Condition]:
    number = arguments.protocol
    if number is None or number not in PORTED:
        yield Doubt(f"to port {_shown(asked, arguments.inverted)}")
        return
    found = Kinds.of([(number, number)], asked)
    yield KindIn(protocols(number) - found if arguments.inverted else found)


def _source_ports(arguments: Arguments) -> Iterator[Condition]:
    asked = [port_range(each) for each in _port_list(arguments.operand())]
    if (0, LAST_PORT) not in asked:
        yield Doubt(f"from source port {_shown(asked, arguments.inverted)}")
    elif arguments.inverted:
        yield Never()


def _either_ports(arguments: Arguments) -> Iterator[Condition]:
    """``--ports`` of multiport: the source or the destination."""
    asked = [port_range(each) for each in _port_list(arguments.operand())]
    doubt = Doubt(f"from source port {_shown(asked, arguments.inverted)}")
    to = tuple(_to_ports(arguments, asked))
    yield from (*to, doubt) if arguments.inverted else (AnyOf((to, (doubt,))),)


def _shown(asked: Iterable[Ports], inverted: bool) -> str:
    text = ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in asked)
    return f"other than {text}" if inverted else text


def _tcp_flags(arguments: Arguments) -> Iterator[Condition]:
    mask, wanted = (_flags(arguments.operand()) for _ in range(2))
    yield WordIn(Register.FLAGS, mask, ((wanted, wanted),), arguments.inverted)


def _flags(text: str) -> int:
    if text in ("ALL", "NONE"):
        return 63 if text == "ALL" else 0
    found = 0
    for name in text.lower().split(","):
        if name not in FLAGS:
            raise Unreadable(f"flag {name}")
        found |= FLAGS[name]
    return found


def _syn(arguments: Arguments) -> Iterator[Condition]:
    yield WordIn(Register.FLAGS, _flags("FIN,SYN,RST,ACK"), ((FLAGS["syn"],) * 2,), arguments.inverted)


def _state(arguments: Arguments) -> Iterator[Condition]:
    """``--state`` and ``--ctstate``; SNAT and DNAT are bits of the status there."""
    names = [name.lower() for name in arguments.operand().split(",")]
    states = sum(STATES[name] for name in names if name in STATES)
    statuses = sum(STATUSES[name] for name in names if name in ("snat", "dnat"))
    if any(name not in STATES and name not in ("snat", "dnat") for name in names):
        raise Unreadable(f"states {', '.join(names)}")
    alternatives = ((Shares(Register.STATE, states),), (Shares(Register.STATUS, statuses),))
    yield AnyOf(alternatives, arguments.inverted) if statuses else Shares(Register.STATE, states, arguments.inverted)


def _status(arguments: Arguments) -> Iterator[Condition]:
    names = {"NONE": 0, "EXPECTED": 1, "SEEN_REPLY": 2, "ASSURED": 4, "CONFIRMED": 8}
    wanted = [names[name] for name in arguments.operand().split(",") if name in names]
    yield Shares(Register.STATUS, sum(wanted), arguments.inverted) if wanted != [0] else Doubt("of no status")


def _direction(arguments: Arguments) -> Iterator[Condition]:
    wanted = int(arguments.operand() == "REPLY")
    yield WordIn(Register.DIRECTION, 1, ((wanted, wanted),), arguments.inverted)


def _original_port(arguments: Arguments) -> Iterator[Condition]:
    own = (arguments.protocol,) if arguments.protocol is not None else PORTED
    found = Kinds.of(((each, each) for each in own), [port_range(arguments.operand())])
    yield KindIn(protocols(*own) - found if arguments.inverted else found, sent=True)


def _mark(register: Register) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        value, slash, mask = arguments.operand().partition("/")
        number = int(value, 0)
        yield WordIn(register, int(mask, 0) if slash else 0xFFFF_FFFF, ((number, number),), arguments.inverted)

    return read


def _address_type(side: Side) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        yield AddressType(side, frozenset(arguments.operand().lower().split(",")), arguments.inverted)

    return read


def _match_set(arguments: Arguments) -> Iterator[Condition]:
    name, flags = arguments.operand(), arguments.operand()
    yield ipset.membership(name, arguments.sets, flags.split(","), arguments.inverted)


def _packet_type(arguments: Arguments) -> Iterator[Condition]:
    """Between two hosts packets are ``unicast``; on their way out they have no such type yet."""
    if (arguments.operand().lower() == "unicast") is arguments.inverted:
        yield Never()


def _icmp_type(arguments: Arguments) -> Iterator[Condition]:
    text = arguments.operand()
    if text.lower() in ("any", "255"):
        if arguments.inverted:
            yield Never()
        return
    yield Doubt(f"of ICMP type {'other than ' if arguments.inverted else ''}{text}")


def _fragment(arguments: Arguments) -> Iterator[Condition]:
    """``-f`` is for further fragments, which no first packet is."""
    if not arguments.inverted:
        yield Never()


def _reverse_path(arguments: Arguments) -> Iterator[Condition]:
    """``-m rpfilter``: packets come in where their source is reached (`Site.devices`); ``--invert`` are the others."""
    del arguments
    yield Never()


def _ignored(arguments: Arguments) -> Iterable[Condition]:
    arguments.operand()
    return ()


def _flag(arguments: Arguments) -> Iterable[Condition]:
    del arguments
    return ()


def _undecided(what: str) -> Reader:
    def read(arguments: Arguments) -> Iterator[Condition]:
        yield Doubt(f"{what} {'other than ' if arguments.inverted else ''}{' '.join(arguments.operands())}".strip())

    return read


_LIMITED = (Doubt("within its limit"),)
_IMPLIED: dict[str, tuple[Condition, ...]] = {
    "limit": _LIMITED, "hashlimit": _LIMITED, "connlimit": _LIMITED, "quota": _LIMITED, "recent": (Doubt("recent"),),
    "time": (Doubt("at the time that it says"),), "statistic": (Doubt("one in so many"),),
}  # fmt: skip
"""What modules ask for, whatever their options say."""

MODULES = frozenset(
    {
        "tcp", "udp", "sctp", "udplite", "dccp", "multiport", "conntrack", "state", "addrtype", "set", "comment",
        "mark", "connmark", "iprange", "icmp", "icmp6", "pkttype", "rpfilter", "physdev", *_IMPLIED,
    }
)  # fmt: skip
"""The modules whose options are read."""

MATCHES: dict[str, Reader] = {
    "-m": _module, "-s": _address(Side.SOURCE), "-d": _address(Side.DESTINATION), "-i": _device(Side.SOURCE),
    "-o": _device(Side.DESTINATION), "-p": _protocol, "-f": _fragment, "--dport": _destination_ports,
    "--dports": _destination_ports, "--sport": _source_ports, "--sports": _source_ports, "--ports": _either_ports,
    "--tcp-flags": _tcp_flags, "--syn": _syn, "--ctstate": _state, "--state": _state, "--ctstatus": _status,
    "--ctdir": _direction, "--ctorigdstport": _original_port, "--src-type": _address_type(Side.SOURCE),
    "--dst-type": _address_type(Side.DESTINATION), "--src-range": _range(Side.SOURCE),
    "--dst-range": _range(Side.DESTINATION), "--match-set": _match_set, "--comment": _ignored,
    "--pkt-type": _packet_type, "--icmp-type": _icmp_type, "--icmpv6-type": _icmp_type,
    "--physdev-in": _undecided("in by port"), "--physdev-out": _undecided("out by port"),
    "--physdev-is-bridged": _undecided("bridged"), "--invert": _reverse_path, "--loose": _flag, "--validmark": _flag,
    "--accept-local": _flag,
}  # fmt: skip
"""By option. ``--mark`` is read by the module that it follows."""


def _any_mark(arguments: Arguments) -> Iterable[Condition]:
    return _mark(Register.CONNECTION_MARK if arguments.module == "connmark" else Register.MARK)(arguments)


MATCHES["--mark"] = _any_mark

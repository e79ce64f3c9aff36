"""Targets of iptables that are neither verdicts nor chains: iptables-extensions(8), "TARGET EXTENSIONS"."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from crenel.dialects.hosts.ruleset import Assign, Perhaps, Side, Step, Translate, Untrack
from crenel.dialects.hosts.values import Unreadable, port, span
from crenel.dialects.hosts.words import Formula, Register
from crenel.network.addresses import AddressSet, Family, parse_network
from crenel.network.traffic import Ports

Reader: TypeAlias = Callable[[Sequence[str], Family], Iterable[Step]]
_FULL = 0xFFFF_FFFF
_MARK, _CONNECTION = Register.MARK, Register.CONNECTION_MARK


def options(words: Sequence[str]) -> dict[str, str]:
    """Options with their operands; an option without one has an empty operand."""
    found: dict[str, str] = {}
    last = ""
    for word in words:
        if word.startswith("--"):
            last = word
            found[last] = ""
        elif last:
            found[last] = f"{found[last]} {word}".strip()
    return found


def _masked(text: str) -> tuple[int, int]:
    value, slash, mask = text.partition("/")
    return int(value, 0), int(mask, 0) if slash else _FULL


def _set(register: Register, given: dict[str, str]) -> Formula | None:
    """``--set-xmark``, ``--set-mark`` and their kin, all of which iptables-save prints as the first."""
    if (text := given.get("--set-xmark")) is not None:
        value, mask = _masked(text)
        return Formula(((register, _FULL & ~mask),), value)
    if (text := given.get("--set-mark")) is not None:
        value, mask = _masked(text)
        return Formula(((register, _FULL & ~(mask | value)),), value)
    if (text := given.get("--and-mark")) is not None:
        return Formula(((register, int(text, 0)),))
    if (text := given.get("--or-mark")) is not None:
        return Formula(((register, _FULL),)).with_bits(int(text, 0))
    if (text := given.get("--xor-mark")) is not None:
        return Formula(((register, _FULL),), int(text, 0))
    return None


def _mark(words: Sequence[str], family: Family) -> Iterator[Step]:
    del family
    yield Assign(_MARK, _set(_MARK, options(words)))


def _connmark(words: Sequence[str], family: Family) -> Iterator[Step]:
    del family
    given = options(words)
    of_packet, of_connection = (int(given.get(name) or str(_FULL), 0) for name in ("--nfmask", "--ctmask"))
    if "--mask" in given:
        of_packet = of_connection = int(given["--mask"], 0)
    if "--save-mark" in given:
        yield Assign(_CONNECTION, Formula(((_CONNECTION, _FULL & ~of_connection), (_MARK, of_packet))))
    elif "--restore-mark" in given:
        yield Assign(_MARK, Formula(((_MARK, _FULL & ~of_packet), (_CONNECTION, of_connection))))
    else:
        yield Assign(_CONNECTION, _set(_CONNECTION, given))


def _translate(side: Side, option: str) -> Reader:
    def read(words: Sequence[str], family: Family) -> Iterator[Step]:
        yield translation(side, options(words).get(option, ""), family)

    return read


def translation(side: Side, text: str, family: Family) -> Translate:
    """``10.0.0.1-10.0.0.9:80-90``, ``[2001:db8::1]:80``, ``:80``; several of them are not followed."""
    if not text or " " in text:
        return Translate(side, plain=False)
    host, ports = _split(text, family)
    low, _, high = host.partition("-")
    addresses: AddressSet | None = None
    if host:
        addresses = span(low, high or low, family)
    return Translate(side, addresses, _ports(ports))


def _split(text: str, family: Family) -> tuple[str, str]:
    if family == 4:
        host, _, ports = text.partition(":")
        return host, ports
    if text.startswith("["):
        host, _, ports = text[1:].partition("]")
        return host, ports.removeprefix(":")
    return text, ""


def _ports(text: str) -> Ports | None:
    if not text:
        return None
    low, _, high = text.partition("/")[0].partition("-")
    return port(low), port(high or low)


def _redirect(words: Sequence[str], family: Family) -> Iterator[Step]:
    del family
    yield Translate(Side.DESTINATION, None, _ports(options(words).get("--to-ports", "")), local=True)


def _masquerade(words: Sequence[str], family: Family) -> Iterator[Step]:
    del words, family
    yield Translate(Side.SOURCE, local=True)


def _netmap(words: Sequence[str], family: Family) -> Iterator[Step]:
    """NETMAP maps a network to another one, address by address; which end depends on the hook."""
    network = options(words).get("--to", "")
    if parse_network(network)[0] != family:
        raise Unreadable(network)
    yield Translate(Side.DESTINATION, plain=False)


def _untracked(words: Sequence[str], family: Family) -> Iterator[Step]:
    del family
    if not words or "--notrack" in words:
        yield Untrack()


def _nothing(words: Sequence[str], family: Family) -> Iterator[Step]:
    """Targets that leave the packet's way as it is."""
    del words, family
    return iter(())


def _queue(words: Sequence[str], family: Family) -> Iterator[Step]:
    del words, family
    yield Perhaps("denied by the program behind its queue")


def _stolen(words: Sequence[str], family: Family) -> Iterator[Step]:
    del words, family
    yield Perhaps("taken by a proxy on the host")


_SILENT = (
    "LOG", "NFLOG", "ULOG", "TRACE", "AUDIT", "CHECKSUM", "TCPMSS", "TCPOPTSTRIP", "CLASSIFY", "DSCP", "TOS", "TTL",
    "HL", "ECN", "SET", "SECMARK", "CONNSECMARK", "IDLETIMER", "LED", "RATEEST", "TEE", "HMARK", "FLOWOFFLOAD",
)  # fmt: skip

TARGETS: dict[str, Reader] = {
    **dict.fromkeys(_SILENT, _nothing),
    "MARK": _mark,
    "CONNMARK": _connmark,
    "DNAT": _translate(Side.DESTINATION, "--to-destination"),
    "SNAT": _translate(Side.SOURCE, "--to-source"),
    "REDIRECT": _redirect,
    "MASQUERADE": _masquerade,
    "NETMAP": _netmap,
    "NOTRACK": _untracked,
    "CT": _untracked,
    "NFQUEUE": _queue,
    "QUEUE": _queue,
    "TPROXY": _stolen,
    "SYNPROXY": _stolen,
    "TARPIT": _stolen,
}
"""By the name after ``-j``."""

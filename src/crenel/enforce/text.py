"""A ruleset as nft reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from crenel.enforce.ruleset import (
    Accept,
    Addresses,
    AddressIn,
    AnySet,
    Chain,
    Denial,
    Dispatch,
    Drop,
    Goto,
    Hairpins,
    HookedChain,
    Interfaces,
    Jump,
    LocalOrigin,
    Matching,
    NamedPortIn,
    NamedPorts,
    OfProtocol,
    PortIn,
    PortIs,
    PortSet,
    Rule,
    Ruleset,
    Sources,
    Verdict,
    VerdictMap,
)
from crenel.network.addresses import Family, address_text
from crenel.network.traffic import SCTP, TCP, UDP, Ports

_HEADER: dict[Family, str] = {4: "ip", 6: "ip6"}
_TYPE: dict[Family, str] = {4: "ipv4_addr", 6: "ipv6_addr"}
_PROTOCOLS = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}


def write(ruleset: Ruleset) -> str:
    """The whole table as one transaction that takes the place of what the table held before.

    At its head each id that denied packets are logged under is explained, whole: comments in the table are short.
    """
    table = f"inet {ruleset.table}"
    head = [f"# {name}: {_reason(denial)}\n" for name, denial in sorted(ruleset.denials.items())]
    return f"{''.join(head)}table {table}\ndelete table {table}\n{definition(ruleset)}"


def _reason(denial: Denial) -> str:
    if denial.direction is None:
        return "a source that is not the pod's"
    how = "isolated by" if denial.isolation else "denied by a rule of"
    return f"{denial.direction.value}, {how} {', '.join(denial.policies)}"


def definition(ruleset: Ruleset) -> str:
    """The table alone."""
    lines = [f"table inet {ruleset.table} {{"]
    lines += [f"\tcounter {name} {{ {_comment(text)} }}" for name, text in sorted(ruleset.counters.items())]
    for name in sorted(ruleset.sets):
        lines += (f"\t{line}" for line in set_lines(ruleset.sets[name]))
    chains: list[Chain | HookedChain] = [*_in_order(ruleset.chains.values()), *ruleset.hooks]
    for chain in chains:
        lines += (f"\t{line}" for line in chain_lines(chain, ruleset.log_group))
    return "\n".join([*lines, "}", ""])


def _in_order(chains: Iterable[Chain]) -> Iterator[Chain]:
    """Chains before those that lead to them: nft 1.0 wants a chain to be known where it is jumped to."""
    left = {chain.name: chain for chain in chains}
    seen: set[str] = set()

    def visit(chain: Chain) -> Iterator[Chain]:
        if chain.name in seen:
            return
        seen.add(chain.name)
        for rule in chain.rules:
            if isinstance(rule.verdict, (Jump, Goto)) and rule.verdict.chain in left:
                yield from visit(left[rule.verdict.chain])
        yield chain

    for name in sorted(left):
        yield from visit(left[name])


def set_lines(one: AnySet) -> Iterator[str]:
    """The declaration of a set or map with its elements."""
    keyword = "map" if isinstance(one, VerdictMap) else "set"
    yield f"{keyword} {one.name} {{"
    yield f"\ttype {set_type(one)}"
    if interval(one):
        yield "\tflags interval"
    if isinstance(one, Addresses) and one.comment:
        yield f"\t{_comment(one.comment)}"
    if elements := element_texts(one):
        yield f"\telements = {{ {', '.join(elements)} }}"
    yield "}"


def interval(one: AnySet) -> bool:
    """Whether a set holds ranges."""
    if isinstance(one, PortSet):
        return any(first != last for _, (first, last) in one.elements)
    return isinstance(one, Addresses) and one.interval


def set_type(one: AnySet) -> str:
    """The type of a set's elements in nft's words."""
    match one:
        case Addresses(family=family):
            words = _TYPE[family]
        case PortSet():
            words = "inet_proto . inet_service"
        case NamedPorts(family=family):
            words = f"{_TYPE[family]} . inet_proto . inet_service"
        case VerdictMap(family=family):
            words = f"{_TYPE[family]} : verdict"
        case Sources(family=family):
            words = f"ifname . {_TYPE[family]}"
        case Interfaces():
            words = "ifname"
        case Hairpins():
            words = "ifname . ifname"
        case _:
            assert_never(one)
    return words


def element_texts(one: AnySet) -> list[str]:
    """The elements of a set in a stable order."""
    match one:
        case Addresses(family=family, elements=elements):
            texts = [_span(family, each) for each in sorted(elements, key=_first)]
        case PortSet(elements=ported):
            texts = [f"{protocol_text(protocol)} . {ports_text(ports)}" for protocol, ports in sorted(ported)]
        case NamedPorts(family=family, elements=named):
            texts = [
                f"{address_text(family, value)} . {protocol_text(protocol)} . {port}"
                for value, protocol, port in sorted(named)
            ]
        case VerdictMap(family=family, elements=led):
            texts = [f"{address_text(family, value)} : goto {chain}" for value, chain in sorted(led)]
        case Sources(family=family, elements=sources):
            texts = [f'"{name}" . {address_text(family, value)}' for name, value in sorted(sources)]
        case Interfaces(elements=names):
            texts = [f'"{name}"' for name in sorted(names)]
        case Hairpins(elements=names):
            texts = [f'"{name}" . "{name}"' for name in sorted(names)]
        case _:
            assert_never(one)
    return texts


def _first(element: int | tuple[int, int]) -> int:
    return element if isinstance(element, int) else element[0]


def _span(family: Family, element: int | tuple[int, int]) -> str:
    if isinstance(element, int):
        return address_text(family, element)
    low, high = element
    return address_text(family, low) + (f"-{address_text(family, high)}" if high != low else "")


def chain_lines(chain: Chain | HookedChain, log_group: int) -> Iterator[str]:
    """The declaration of a chain with its rules."""
    yield f"chain {chain.name} {{"
    if isinstance(chain, HookedChain):
        if chain.hook:
            yield f"\ttype filter hook {chain.hook}; policy accept;"
        yield from (f"\t{line}" for line in chain.lines)
    else:
        if chain.comment:
            yield f"\t{_comment(chain.comment)}"
        yield from (f"\t{rule_text(rule, log_group)}" for rule in chain.rules)
    yield "}"


def rule_text(rule: Rule, log_group: int) -> str:
    """One rule."""
    counter = [f"counter name {rule.counter}"] if rule.counter else []
    return " ".join([*map(_matching, rule.matches), *counter, _verdict(rule.verdict, log_group)])


def _matching(matching: Matching) -> str:
    match matching:
        case AddressIn(side=side, family=family, name=name, inverted=inverted):
            return f"{_HEADER[family]} {side.value} {'!= ' if inverted else ''}@{name}"
        case OfProtocol(protocol=protocol):
            return f"meta l4proto {protocol_text(protocol)}"
        case PortIs(protocol=protocol, ports=ports):
            return f"{protocol_text(protocol)} dport {ports_text(ports)}"
        case PortIn(name=name):
            return f"meta l4proto . th dport @{name}"
        case NamedPortIn(family=family, name=name):
            return f"{_HEADER[family]} daddr . meta l4proto . th dport @{name}"
        case LocalOrigin():
            return "meta iif 0"
    assert_never(matching)


def _verdict(verdict: Verdict, log_group: int) -> str:
    match verdict:
        case Accept():
            return "accept"
        case Drop(denial=denial):
            return drop_text(denial, log_group)
        case Jump(chain=chain):
            return f"jump {chain}"
        case Goto(chain=chain):
            return f"goto {chain}"
        case Dispatch(side=side, family=family, map=name):
            return f"{_HEADER[family]} {side.value} vmap @{name}"
    assert_never(verdict)


def drop_text(denial: str, log_group: int) -> str:
    """Count, log with the id of the denial, and drop."""
    return f'counter name {denial} log prefix "{denial} " group {log_group} snaplen 128 drop'


def protocol_text(protocol: int) -> str:
    """A protocol as nft writes it; those that it has no name for by number."""
    return _PROTOCOLS.get(protocol, str(protocol))


def ports_text(ports: Ports) -> str:
    """A port, or a range of them."""
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"


def _comment(text: str) -> str:
    return f'comment "{text}"'

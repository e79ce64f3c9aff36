"""Reads ``nft -j list ruleset``: libnftables-json(5), as nftables 1.0.6 and later print it.

A rule whose meaning is not known is kept, with a doubt in the place of what is not understood.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from crenel.dialects.hosts.nftsets import Sets, unwrapped, values
from crenel.dialects.hosts.ruleset import (
    Accept,
    AnyOf,
    Assign,
    Chain,
    Condition,
    Deny,
    Dispatch,
    Doubt,
    Hook,
    Jump,
    Perhaps,
    Return,
    Rule,
    Side,
    Step,
    Table,
    Translate,
    Untrack,
    Verdict,
)
from crenel.dialects.hosts.selectors import Address, Port, ProtocolOf, SourcePort, WordOf, implied, selector
from crenel.dialects.hosts.values import Unreadable, number, ports, span
from crenel.dialects.hosts.words import Formula, Register
from crenel.network.addresses import AddressSet, Family, parse_network
from crenel.network.traffic import Ports
from crenel.provenance import FieldPath, Origin, Problem, Severity

FAMILIES: dict[str, tuple[Family, ...]] = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_SILENT = frozenset(
    {"counter", "log", "flow", "ct helper", "ct timeout", "ct expectation", "secmark", "last", "comment"}
)
_SPOKEN = frozenset({"limit", "quota", "ct count", "meter", "connlimit"})
_PLAIN: dict[str, Verdict | None] = {
    "accept": Accept(),
    "drop": Deny(),
    "reject": Deny(),
    "return": Return(),
    "continue": None,
    "queue": Perhaps("denied by the program behind its queue"),
}
_XT_SILENT = frozenset(
    {"LOG", "NFLOG", "ULOG", "TRACE", "CHECKSUM", "TCPMSS", "CLASSIFY", "DSCP", "TTL", "HL", "comment"}
)
_XT_DENY = frozenset({"REJECT", "DROP"})


def recognises(data: Any) -> bool:
    """Whether a value is a listing of nft: an object with the list ``nftables``, whose items have one key each."""
    if not isinstance(data, Mapping) or not isinstance(data.get("nftables"), list):
        return False
    return all(isinstance(each, dict) and len(each) == 1 for each in data["nftables"][:3])


class NftReader:
    """Reads one document. What is wrong is collected in `problems`."""

    def __init__(self, origin: Origin) -> None:
        self.problems: list[Problem] = []
        self.assumptions: dict[str, None] = {}
        self._origin = origin
        self._tables: dict[tuple[str, str], Table] = {}
        self._sets = Sets()
        self._foreign: dict[tuple[str, str], None] = {}
        self._here: FieldPath = ()
        self._key = ("", "")

    def tables(self, data: Mapping[str, Any]) -> list[Table]:
        """The tables of a listing, in its order."""
        items = list(_items(data["nftables"]))
        for kind, value, field in items:
            self._declare(kind, value, field)
        for kind, value, _ in items:
            if kind == "rule":
                self._growth(value)
        for kind, value, field in items:
            if kind == "rule":
                self._rule(value, field)
        return list(self._tables.values())

    def _declare(self, kind: str, value: Mapping[str, Any], field: FieldPath) -> None:
        family = str(value.get("family"))
        if kind == "table" and family in FAMILIES:
            self._table(family, str(value.get("name")))
        elif kind == "chain" and family in FAMILIES:
            self._chain(value, field)
        elif kind == "chain" and value.get("hook"):
            self._elsewhere(value, field)
        elif kind in ("set", "map"):
            self._sets.add(kind, value)

    def _table(self, family: str, name: str) -> Table:
        known = (family, name)
        if known not in self._tables:
            self._tables[known] = Table(f"{family} {name}", FAMILIES[family], "nftables", origin=self._origin)
        return self._tables[known]

    def _chain(self, value: Mapping[str, Any], field: FieldPath) -> None:
        table = self._table(str(value.get("family")), str(value.get("table")))
        chain = Chain(str(value.get("name")), field=field)
        hook = value.get("hook")
        if hook is not None:
            known = {each.value: each for each in Hook}
            priority = value.get("prio")
            if hook not in known or not isinstance(priority, int):
                self._elsewhere(value, field)
            else:
                chain.hook, chain.priority = known[hook], priority
                chain.nat = value.get("type") == "nat"
                chain.policy = Deny() if value.get("policy") == "drop" else Accept()
        table.chains[chain.name] = chain

    def _elsewhere(self, value: Mapping[str, Any], field: FieldPath) -> None:
        title = f"chain {value.get('name')} of table {value.get('family')} {value.get('table')}"
        text = f"hook {value.get('hook')} of family {value.get('family')} is not followed"
        self.problems.append(Problem(text, self._origin, field, title, Severity.NOTICE))
        self.assumptions[f"{title} lets everything through: {text}"] = None

    def _growth(self, value: Mapping[str, Any]) -> None:
        """Note which sets a rule changes."""
        for statement in _statements(value):
            for change in (statement.get("set"), statement.get("map")):
                if isinstance(change, dict) and isinstance(change.get("set", change.get("map")), str):
                    name = str(change.get("set", change.get("map"))).removeprefix("@")
                    self._sets.grows(str(value.get("family")), str(value.get("table")), name)

    def _rule(self, value: Mapping[str, Any], field: FieldPath) -> None:
        table = self._tables.get((str(value.get("family")), str(value.get("table"))))
        chain = table.chains.get(str(value.get("chain"))) if table is not None else None
        if chain is None:
            if str(value.get("family")) in FAMILIES:
                self._note("its chain is not in the input", field)
            return
        self._here, self._key = field, (str(value.get("family")), str(value.get("table")))
        comment = value.get("comment")
        name = f"handle {value.get('handle')} of chain {chain.name}" + (f" ({comment})" if comment else "")
        steps = tuple(step for statement in _statements(value) for step in self._read(statement))
        chain.rules.append(Rule(steps, name, field))

    def _note(self, message: str, field: FieldPath) -> None:
        self.problems.append(Problem(message, self._origin, field, severity=Severity.NOTICE))

    def _read(self, statement: Mapping[str, Any]) -> list[Step]:
        """The steps of one statement; a doubt where it cannot be read."""
        kind = next(iter(statement))
        try:
            return list(self._statement(kind, statement[kind]))
        except (Unreadable, AttributeError, TypeError, KeyError, IndexError) as error:
            self._note(f"{kind} is not understood: {str(error)[:120]}", self._here)
            return [Doubt(f"what {kind} asks for")] if kind == "match" else [Perhaps(f"denied by {kind}")]

    def _statement(self, kind: str, value: Any) -> Iterator[Step]:
        if kind == "match":
            yield from self._match(value)
        elif kind == "vmap":
            yield self._vmap(value)
        elif kind == "mangle":
            yield from self._mangle(value)
        elif kind == "notrack":
            yield Untrack()
        elif kind == "xt":
            yield from self._extension(value)
        elif kind in _SPOKEN or (kind in ("set", "map") and isinstance(value, dict)):
            yield from self._limit(kind, value)
        elif kind not in _SILENT:
            verdict = self._verdict(kind, value)
            if verdict is not None:
                yield verdict

    def _limit(self, kind: str, value: Any) -> Iterator[Step]:
        """What matches some packets of a sort only. Adding to a set matches all, unless it says how many."""
        if kind in ("set", "map"):
            within = value.get("stmt")
            if not isinstance(within, list) or all(set(each) <= _SILENT for each in within if isinstance(each, dict)):
                return
        yield Doubt(f"within what {kind} allows")

    def _verdict(self, kind: str, value: Any) -> Verdict | None:
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind in ("jump", "goto"):
            return Jump(str(value["target"]), kind == "jump")
        if kind in ("dnat", "snat"):
            return self._translation(Side.DESTINATION if kind == "dnat" else Side.SOURCE, value)
        if kind in ("redirect", "masquerade"):
            return self._translation(Side.DESTINATION if kind == "redirect" else Side.SOURCE, value or {}, local=True)
        self._note(f"statement {kind} is not understood", self._here)
        return Perhaps(f"denied by {kind}")

    def _translation(self, side: Side, value: Mapping[str, Any], local: bool = False) -> Translate:
        address, port = value.get("addr"), value.get("port")
        try:
            return Translate(side, None if address is None else _range(address), _plain_ports(value), local)
        except Unreadable:
            self._note(f"where it translates to is not followed: {str(address or port)[:80]}", self._here)
            return Translate(side, plain=False)

    def _match(self, value: Mapping[str, Any]) -> Iterator[Condition]:
        left, right, op = selector(value["left"]), value["right"], value.get("op")
        if op in ("<", "<=", ">", ">=") and left.last:
            first, last = {
                "<": (0, _number(right) - 1), "<=": (0, _number(right)),
                ">": (_number(right) + 1, left.last), ">=": (_number(right), left.last),
            }[op]  # fmt: skip
            yield from left.among([{"range": [first, last]}] if first <= last else [], False)
        elif op in ("in", "!") and isinstance(left, WordOf) and not _is_set(right):
            yield from left.shares(right, op == "!")
        elif op not in ("==", "!=", "in", "!"):
            raise Unreadable(f"operator {op}")
        elif isinstance(right, str) and right.startswith("@") and len(right) > 1:
            yield from self._sets.member(*self._key, right[1:], left, op in ("!=", "!"))
        else:
            yield from left.among(list(values(right)), op in ("!=", "!"))

    def _vmap(self, value: Mapping[str, Any]) -> Step:
        key = selector(value["key"])
        known = self._sets.pairs(*self._key, value["data"])
        grouped: dict[str, tuple[Verdict | None, list[Any]]] = {}
        for element, verdict in known.elements:
            kind = next(iter(verdict)) if isinstance(verdict, dict) and verdict else str(verdict)
            made = self._verdict(kind, verdict.get(kind) if isinstance(verdict, dict) else None)
            grouped.setdefault("*" if element == "*" else repr(made), (made, []))[1].append(element)
        cases: list[tuple[tuple[Condition, ...], Verdict]] = []
        for name, (made, elements) in grouped.items():
            if made is not None and name != "*":
                cases.append((key.among(elements, False), made))
        rest = AnyOf(tuple(key.among(each, False) for name, (_, each) in grouped.items() if name != "*"), True)
        if "*" in grouped and (final := grouped["*"][0]) is not None:
            cases.append(((*implied(key), rest), final))
        elif known.changing:
            cases.append(
                ((*implied(key), rest, Doubt(known.changing)), Perhaps("denied by what its map holds by then"))
            )
        return Dispatch(tuple(cases))

    def _mangle(self, value: Mapping[str, Any]) -> Iterator[Step]:
        left = selector(value["key"])
        if isinstance(left, Address | Port | SourcePort | ProtocolOf):
            self._note("it writes into the head of packets, which is not followed", self._here)
            yield Perhaps("denied after it was rewritten")
        if not isinstance(left, WordOf) or left.register not in (Register.MARK, Register.CONNECTION_MARK):
            return
        try:
            yield Assign(left.register, _formula(value["value"]))
        except Unreadable:
            yield Assign(left.register)

    def _extension(self, value: Mapping[str, Any] | None) -> Iterator[Step]:
        """``xt``: an extension of iptables, whose parameters nft does not list."""
        kind, name = (str(value.get("type")), str(value.get("name"))) if isinstance(value, dict) else ("", "")
        self._foreign.setdefault(self._key)
        if name in _XT_SILENT:
            return
        if kind == "match":
            yield Doubt(f"what extension {name} asks for")
        elif name in _XT_DENY:
            yield Deny()
        elif name in ("MARK", "CONNMARK"):
            yield Assign(Register.MARK)
            yield Assign(Register.CONNECTION_MARK)
        elif name in ("DNAT", "REDIRECT", "SNAT", "MASQUERADE", "NETMAP"):
            yield Translate(Side.DESTINATION if name in ("DNAT", "REDIRECT", "NETMAP") else Side.SOURCE, plain=False)
        else:
            yield Perhaps(f"denied by extension {name or 'of iptables'}")

    @property
    def foreign(self) -> tuple[tuple[str, str], ...]:
        """The tables (family, name) whose rules are extensions of iptables, which nft does not list in full."""
        return tuple(self._foreign)


def _items(listed: list[Any]) -> Iterator[tuple[str, Mapping[str, Any], FieldPath]]:
    for number_, item in enumerate(listed):
        if isinstance(item, dict) and len(item) == 1:
            ((kind, value),) = item.items()
            if isinstance(value, dict):
                yield str(kind), value, ("nftables", number_, str(kind))


def _statements(rule: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = rule.get("expr")
    for statement in listed if isinstance(listed, list) else ():
        if isinstance(statement, dict) and statement:
            yield statement


def _is_set(right: Any) -> bool:
    return (isinstance(right, str) and right.startswith("@")) or (isinstance(right, dict) and "set" in right)


def _number(right: Any) -> int:
    return number(unwrapped(right), {})


def _range(address: Any) -> AddressSet:
    """An address, a prefix or a range of addresses as the target of a translation."""
    if isinstance(address, dict) and isinstance(address.get("range"), list) and len(address["range"]) == 2:
        low, high = map(str, address["range"])
        return span(low, high, 6 if ":" in low else 4)
    if not isinstance(address, str):
        raise Unreadable("a map")
    try:
        family, first, last = parse_network(address)
    except ValueError as error:
        raise Unreadable(str(error)) from None
    return AddressSet.from_range(family, first, last)


def _plain_ports(value: Any) -> Ports | None:
    port = value.get("port") if isinstance(value, dict) else None
    return None if port is None else ports(port)


def _formula(value: Any) -> Formula:
    """What a mark is set to: a number, a register, or one of them with bits cut off, set or flipped."""
    if isinstance(value, dict) and len(value) == 1:
        ((kind, inner),) = value.items()
        if kind in ("&", "|", "^") and isinstance(inner, list) and len(inner) == 2:
            return _operation(kind, _formula(inner[0]), _formula(inner[1]))
        read = selector(value)
        if isinstance(read, WordOf) and read.register in (Register.MARK, Register.CONNECTION_MARK):
            return Formula(((read.register, read.mask),))
        raise Unreadable(kind)
    return Formula((), number(value, {}))


def _operation(kind: str, left: Formula, right: Formula) -> Formula:
    if left.parts and right.parts:
        if kind == "^" or (kind == "|" and not left.mask() & right.mask()):
            return left.joined(right)
        raise Unreadable("two registers")
    if right.parts:
        left, right = right, left
    if kind == "&":
        return left.masked(right.number)
    return left.with_bits(right.number) if kind == "|" else left.flipped(right.number)

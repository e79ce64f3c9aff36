"""From files of logs to `Observations`: the one entrance of this part."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from crenel.flows import aggregation, naming
from crenel.flows.engine import DuckEngine, opened
from crenel.flows.errors import FlowsError
from crenel.flows.formats import FORMATS, Reader, header, reader
from crenel.flows.formats.fragments import SKIP
from crenel.flows.identities import BEGINNING, Identities, Tenure
from crenel.flows.observed import (
    ELSEWHERE,
    INTERNET,
    Ends,
    Example,
    Limits,
    Observations,
    Observed,
    Read,
    Unmapped,
    Verdict,
)
from crenel.flows.sources import Source, files, places_of
from crenel.network.addresses import AddressSet, address_text, parse_address

_LONGEST = 200
_RANKS = (Ends.TOLD, Ends.KNOWN, Ends.GUESSED)

_NOBODY = AddressSet.of("0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
"""Addresses that no end of a connection across the network has: unset, loopback, link-local of IPv6, multicast and
broadcast (IANA special-purpose registries, RFC 6890; RFC 5771, RFC 4291)."""


def aggregate(
    sources: Sequence[str], identities: Identities | None = None, limits: Limits | None = None, vpc_format: str = ""
) -> Observations:
    """Read logs, and say who talked to whom.

    `sources` are files, folders of them, or ``-``, each with ``FORMAT:`` before it where its content does not tell.
    `vpc_format` is the custom format of VPC flow logs without a header, as AWS writes it. Nothing that is wrong with a
    source raises: see `Observations.failed` and `Read.bad`.

    Raises:
        FlowsError: DuckDB is not installed or does not start, or memory or disk do not suffice.
    """
    limits = limits or Limits()
    known = identities or Identities()
    with opened(limits) as engine:
        return _Run(engine, known, limits, vpc_format).observations(sources)


class _Run:
    def __init__(self, engine: DuckEngine, identities: Identities, limits: Limits, vpc_format: str) -> None:
        self.engine, self.identities, self.limits, self.vpc_format = engine, identities, limits, vpc_format
        self.failed: list[tuple[str, str]] = []
        self.read: list[Read] = []
        self.unmapped: dict[str, int] = {}
        self.outside: set[str] = set()

    def observations(self, sources: Sequence[str]) -> Observations:
        self.engine.load("owners", list(_owners(self.identities.tenures)))
        self.engine.load("serving", sorted(self.identities.serving))
        self._read(sources)
        names = [name for (name,) in self.engine.rows(aggregation.NAMES)]
        self.engine.load("names", [(name, naming.place(name, self.identities)) for name in names])
        for statement in aggregation.CONNECTIONS:
            self.engine.run(statement)
        self._sort_ends()
        rows = list(self._rows())
        return Observations(rows, self.read, self._left(), self.failed, tuple(self._notes(rows)))

    def _read(self, sources: Sequence[str]) -> None:
        kept = [port for _, _, port in self.identities.serving]
        for number, found in enumerate(files(sources, FORMATS, self.engine.folder)):
            if isinstance(found, tuple):
                self.failed.append(found)
                continue
            try:
                source = self._described(found)
                how = reader(source, self.vpc_format)
                self.engine.run(aggregation.fold(how.records, number, kept))
            except FlowsError as error:
                self.failed.append((found.name, _without_folder(str(error), found)))
                self.engine.rejected()
                continue
            self._account(number, source, how)

    def _described(self, source: Source) -> Source:
        """A source whose head has the names of its columns, as the header of a text would."""
        if not source.parquet:
            return source
        names = self.engine.columns(source.path)
        return replace(source, head=header(names))

    def _account(self, number: int, source: Source, how: Reader) -> None:
        rejected = self.engine.rejected()
        skipped: dict[str, int] = {}
        taken = bad = 0
        for origin, trouble, count, *_ in self.engine.rows(aggregation.COUNTS):
            if origin != number:
                continue
            if not trouble:
                taken = int(count)
            elif trouble.startswith(SKIP):
                skipped[trouble[1:]] = int(count)
            else:
                bad += int(count)
        examples = self._examples(source, how) if bad else []
        examples += [Example(source.name, line, _cut(text), why) for line, text, why in rejected]
        examples = sorted(examples, key=lambda each: each.line or 0)[: self.limits.examples]
        self.read.append(
            Read(source.name, how.title, taken, tuple(skipped.items()), bad + len(rejected), tuple(examples), how.notes)
        )

    def _examples(self, source: Source, how: Reader) -> list[Example]:
        """The first lines that are bad."""
        query = aggregation.filled(
            "SELECT trouble, line FROM (@records@) x WHERE trouble <> '' AND trouble NOT LIKE '-%' LIMIT @most@",
            records=how.records,
            most=str(int(self.limits.examples)),
        )
        try:
            found = [(trouble, text or "") for trouble, text in self.engine.rows(query)]
        except FlowsError:  # the count stands, although there is nothing to show
            found = []
        self.engine.rejected()
        lines = places_of(source, [text for _, text in found], how.delimiter)
        return [Example(source.name, lines.get(text), _cut(text), trouble) for trouble, text in found]

    def _sort_ends(self) -> None:
        """Tell the ends that are places from addresses outside, and from those that nobody had."""
        elsewhere: list[tuple[str]] = []
        for place, count in self.engine.rows(aggregation.ENDS):
            sort = self._sort(place)
            if sort == "outside":
                elsewhere.append((place,))
            elif sort:
                self.unmapped[place] = int(count)
        self.engine.load("elsewhere", elsewhere)

    def _sort(self, place: str) -> str:
        """What an end is: empty for a place, ``outside``, or why it cannot be mapped."""
        if "/" in place or place in (INTERNET, ELSEWHERE):
            return ""
        try:
            family, value = parse_address(place)
        except ValueError:
            return "name"
        if _NOBODY.contains(family, value) or self.identities.inside.contains(family, value):
            return "nobody"
        return "outside"

    def _rows(self) -> Iterator[Observed]:
        for client, server, protocol, port, verdict, domain, rank, records, size, first, last, many in self.engine.rows(
            aggregation.answer(self.limits.outside)
        ):
            if client in self.unmapped or server in self.unmapped:
                continue
            yield Observed(
                _canonical(client) or ELSEWHERE,
                _canonical(server) or ELSEWHERE,
                int(protocol),
                None if port is None else int(port),
                int(records),
                None if size is None else int(size),
                _moment(first),
                _moment(last),
                Verdict(verdict),
                _RANKS[int(rank)],
                domain or "",
                max(1, int(many)),
            )

    def _left(self) -> list[Unmapped]:
        ordered = sorted(self.unmapped.items(), key=lambda each: (-each[1], each[0]))
        return [Unmapped(_canonical(end), count) for end, count in ordered]

    def _notes(self, rows: Sequence[Observed]) -> Iterator[str]:
        counts = list(self.engine.rows(aggregation.COUNTS))
        assumed = sum(int(each[3]) for each in counts if not each[1])
        timeless = sum(int(each[4]) for each in counts if not each[1])
        guessed = sum(row.count for row in rows if row.ends is Ends.GUESSED)
        services = sum(row.count for row in rows if "/svc/" in row.target)
        if guessed:
            yield f"which end opened the connection is guessed by ports alone for {_records(guessed)}"
        if services:
            yield f"{_records(services)} to Services: which backend got them is not in the log"
        if assumed:
            yield f"{_records(assumed)} mapped to pods that were gone when the cluster was read next"
        if timeless and self.identities.tenures:
            yield f"{_records(timeless)} without a time: only addresses that never changed hands are mapped"


def _owners(tenures: Iterable[Tenure]) -> Iterator[tuple[str, str, int, int, int]]:
    """The rows of the table: in each spelling of an address, and for records without a time if nobody else had it."""
    by_address: dict[str, list[Tenure]] = defaultdict(list)
    for each in tenures:
        by_address[each.address].append(each)
    for address, group in by_address.items():
        for text in _spellings(address):
            if len({each.place for each in group}) == 1:
                yield text, group[0].place, -1, BEGINNING, BEGINNING
            for each in group:
                yield text, each.place, each.since, each.until, each.certain


def _spellings(address: str) -> tuple[str, ...]:
    """An address as programs write it (RFC 5952), and as the kernel's log does."""
    if ":" not in address:
        return (address,)
    parsed = ipaddress.ip_address(address)
    return tuple(dict.fromkeys((str(parsed), parsed.exploded)))


def _canonical(place: str) -> str:
    try:
        return address_text(*parse_address(place))
    except ValueError:
        return place


def _moment(value: int | None) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(int(value) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _records(number: int) -> str:
    return f"{number} record{'' if number == 1 else 's'}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _without_folder(message: str, source: Source) -> str:
    """What DuckDB says, with the name that the user knows in the place of ours."""
    return message.replace(str(source.path), source.name)

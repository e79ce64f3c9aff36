"""The aggregation: from records to who talked to whom, in standard SQL.

It runs wherever an `Engine` can say its few statements: joins by equality and order, groups, and one window. Nothing in
it is particular to an engine or to a format of logs; formats yield the columns of `RECORD`, and identities fill the
tables of `TABLES`.

Records are folded as they are read: each gets the places that had its addresses at its time, and the ephemeral port of
whoever opened the connection is dropped, so that what is left is about as large as the answer. Which end serves is
settled then, because it takes what all records say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

RECORD = (
    "first_at", "last_at", "source_address", "source_port", "source_name", "target_address", "target_port",
    "target_name", "domain", "protocol", "verdict", "opened", "records", "bytes", "trouble",
)  # fmt: skip
"""The columns of a record. Times are milliseconds since 1970 or NULL; names are what `crenel.flows.naming` reads, or
empty; `opened` is ``source``, ``target`` (the record is of a reply) or empty; `trouble` is empty, or why it is none."""

EPHEMERAL = 32768
"""Where the ports begin that Linux gives to those who open connections (ip_local_port_range)."""

TABLES = {
    "owners": "address VARCHAR, place VARCHAR, since BIGINT, until BIGINT, certain BIGINT",
    "serving": "place VARCHAR, protocol INTEGER, port INTEGER",
    "names": "name VARCHAR, place VARCHAR",
    "elsewhere": "place VARCHAR",
}
"""What an engine is given beside the records: tenures, declared ports, names with their places, and which ends are
addresses outside."""

_SIDE = "{side}_name VARCHAR, {side}_place VARCHAR, {side}_address VARCHAR, {side}_port INTEGER"
FOLDED = (
    "origin INTEGER, trouble VARCHAR, {source}, {target}, domain VARCHAR, protocol INTEGER, verdict VARCHAR, "
    "opened VARCHAR, records BIGINT, assumed BIGINT, timeless BIGINT, bytes BIGINT, first_at BIGINT, last_at BIGINT"
).format(source=_SIDE.format(side="source"), target=_SIDE.format(side="target"))
"""The columns of what is left of the records of all sources."""


class Engine(Protocol):
    """What runs SQL: embedded or distributed."""

    def run(self, statement: str) -> None:
        """Run a statement that answers nothing."""

    def rows(self, statement: str) -> Iterable[tuple[Any, ...]]:
        """Run a query."""

    def load(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to a table."""


def filled(text: str, /, **parts: str) -> str:
    """A statement with its parts put in: fragments and numbers of this package, never a text of the input."""
    for name, part in parts.items():
        text = text.replace(f"@{name}@", part)
    return text


_FOLD = """
INSERT INTO folded
SELECT @origin@, r.trouble,
       CASE WHEN r.trouble = '' THEN r.source_name END AS sn,
       CASE WHEN r.trouble = '' THEN s.place END AS sp,
       CASE WHEN r.trouble = '' AND r.source_name = '' AND s.place IS NULL THEN r.source_address END AS sa,
       CASE WHEN r.trouble <> '' OR r.opened = 'source' OR (r.opened = '' AND @source_drops@) THEN NULL
            ELSE r.source_port END AS spt,
       CASE WHEN r.trouble = '' THEN r.target_name END AS tn,
       CASE WHEN r.trouble = '' THEN t.place END AS tp,
       CASE WHEN r.trouble = '' AND r.target_name = '' AND t.place IS NULL THEN r.target_address END AS ta,
       CASE WHEN r.trouble <> '' OR r.opened = 'target' OR (r.opened = '' AND @target_drops@) THEN NULL
            ELSE r.target_port END AS tpt,
       CASE WHEN r.trouble = '' THEN r.domain END AS d,
       CASE WHEN r.trouble = '' THEN r.protocol END AS p,
       CASE WHEN r.trouble = '' THEN r.verdict END AS v,
       CASE WHEN r.trouble = '' THEN r.opened END AS o,
       SUM(r.records),
       SUM(CASE WHEN s.certain <= r.instant OR t.certain <= r.instant THEN r.records ELSE 0 END),
       SUM(CASE WHEN r.last_at IS NULL THEN r.records ELSE 0 END),
       SUM(r.bytes), MIN(r.first_at), MAX(r.last_at)
FROM (SELECT x.*, COALESCE(x.last_at, -1) AS instant FROM (@records@) x) r
LEFT JOIN owners s ON s.address = r.source_address AND s.since <= r.instant AND r.instant < s.until
LEFT JOIN owners t ON t.address = r.target_address AND t.since <= r.instant AND r.instant < t.until
GROUP BY r.trouble, sn, sp, sa, spt, tn, tp, ta, tpt, d, p, v, o
"""


def fold(records: str, origin: int, kept: Iterable[int]) -> str:
    """Fold the records of one source; `kept` are ephemeral ports that somebody declares to serve."""
    listed = ", ".join(str(int(port)) for port in sorted(set(kept)) if port >= EPHEMERAL)
    return filled(
        _FOLD,
        origin=str(int(origin)),
        source_drops=_drops("source", "target", listed),
        target_drops=_drops("target", "source", listed),
        records=records,
    )


def _drops(side: str, other: str, kept: str) -> str:
    """When a port can be dropped that nobody is known to serve: it is ephemeral and the other end's is not."""
    text = f"(r.{side}_port >= {EPHEMERAL} AND r.{other}_port < {EPHEMERAL}@kept@)"
    return filled(text, kept=f" AND r.{side}_port NOT IN ({kept})" if kept else "")


_NAMED = """
CREATE TABLE parties AS
SELECT COALESCE(a.place, f.source_place, f.source_address, f.source_name) AS source,
       COALESCE(b.place, f.target_place, f.target_address, f.target_name) AS target,
       f.source_port, f.target_port, f.domain, f.protocol, f.verdict, f.opened,
       f.records, f.bytes, f.first_at, f.last_at
FROM folded f
LEFT JOIN names a ON a.name = f.source_name AND f.source_name <> ''
LEFT JOIN names b ON b.name = f.target_name AND f.target_name <> ''
WHERE f.trouble = ''
"""
"""Each end by one name: what the record calls it, who had the address, or the address itself."""

_SERVED = """
CREATE TABLE served AS
SELECT DISTINCT place, protocol, port FROM (
  SELECT place, protocol, port FROM serving
  UNION ALL
  SELECT target, protocol, target_port FROM parties WHERE opened = 'source' AND verdict <> 'dropped'
  UNION ALL
  SELECT source, protocol, source_port FROM parties WHERE opened = 'target' AND verdict <> 'dropped'
) x WHERE port IS NOT NULL
"""
"""Who serves what: as declared, and as told by records."""

_SETTLED = """
CREATE TABLE settled AS
SELECT p.*,
       CASE WHEN p.opened <> '' THEN p.opened
            WHEN t.port IS NOT NULL AND s.port IS NULL THEN 'source'
            WHEN s.port IS NOT NULL AND t.port IS NULL THEN 'target'
            WHEN p.source_port IS NULL THEN 'source'
            WHEN p.target_port IS NULL THEN 'target'
            WHEN p.source_port >= @ephemeral@ AND p.target_port < @ephemeral@ THEN 'source'
            WHEN p.target_port >= @ephemeral@ AND p.source_port < @ephemeral@ THEN 'target'
            ELSE '' END AS opener,
       CASE WHEN p.opened <> '' THEN 0
            WHEN (t.port IS NULL) <> (s.port IS NULL) THEN 1
            ELSE 2 END AS rank
FROM parties p
LEFT JOIN served t ON t.place = p.target AND t.protocol = p.protocol AND t.port = p.target_port
LEFT JOIN served s ON s.place = p.source AND s.protocol = p.protocol AND s.port = p.source_port
"""

_PEERS = """
CREATE TABLE peers AS
SELECT place, protocol, port, COUNT(DISTINCT other) AS number FROM (
  SELECT source AS place, protocol, source_port AS port, target_port AS other FROM settled WHERE opener = ''
  UNION ALL
  SELECT target, protocol, target_port, source_port FROM settled WHERE opener = ''
) x GROUP BY place, protocol, port
"""
"""How many ports each port was seen to talk to, among the records that nothing else settles."""

_OPENED = """
CREATE TABLE opened AS
SELECT y.*, CASE WHEN y.opener <> '' THEN y.opener
                 WHEN y.few > y.many THEN 'target'
                 WHEN y.few = y.many AND y.source_port < y.target_port THEN 'target'
                 ELSE 'source' END AS by_whom
FROM (
  SELECT p.*, COALESCE(s.number, 0) AS few, COALESCE(t.number, 0) AS many
  FROM settled p
  LEFT JOIN peers s ON p.opener = '' AND s.place = p.source AND s.protocol = p.protocol AND s.port = p.source_port
  LEFT JOIN peers t ON p.opener = '' AND t.place = p.target AND t.protocol = p.protocol AND t.port = p.target_port
) y
"""

_CONNECTIONS = """
CREATE TABLE connections AS
SELECT CASE WHEN by_whom = 'target' THEN target ELSE source END AS client,
       CASE WHEN by_whom = 'target' THEN source ELSE target END AS server,
       protocol,
       CASE WHEN protocol IN (6, 17, 33, 132, 136)
            THEN CASE WHEN by_whom = 'target' THEN source_port ELSE target_port END END AS port,
       verdict, domain, MIN(rank) AS rank, SUM(records) AS records, SUM(bytes) AS bytes,
       MIN(first_at) AS first_at, MAX(last_at) AS last_at
FROM opened
GROUP BY 1, 2, 3, 4, verdict, domain
"""

CONNECTIONS = (_NAMED, _SERVED, filled(_SETTLED, ephemeral=str(EPHEMERAL)), _PEERS, _OPENED, _CONNECTIONS)
"""The statements that make `connections` of what was folded, in order."""

_RANKED = """
SELECT client, server, protocol, port, verdict, domain, MIN(rank), SUM(records), SUM(bytes), MIN(first_at),
       MAX(last_at), COUNT(DISTINCT folded_end)
FROM (
  SELECT CASE WHEN c.out_client AND c.place > @outside@ THEN '' ELSE c.client END AS client,
         CASE WHEN c.out_server AND c.place > @outside@ THEN '' ELSE c.server END AS server,
         CASE WHEN c.place > @outside@ THEN CASE WHEN c.out_client THEN c.client ELSE c.server END END AS folded_end,
         c.protocol, c.port, c.verdict, CASE WHEN c.place > @outside@ THEN '' ELSE c.domain END AS domain, c.rank,
         c.records, c.bytes, c.first_at, c.last_at
  FROM (
    SELECT d.*, CASE WHEN d.out_client = d.out_server THEN 0 ELSE
             DENSE_RANK() OVER (
               PARTITION BY CASE WHEN d.out_client THEN d.server ELSE d.client END, d.out_client, d.out_server,
                            d.protocol, d.port, d.verdict
               ORDER BY CASE WHEN d.out_client THEN d.client ELSE d.server END) END AS place
    FROM (
      SELECT x.*, a.place IS NOT NULL AS out_client, b.place IS NOT NULL AS out_server
      FROM connections x LEFT JOIN elsewhere a ON a.place = x.client LEFT JOIN elsewhere b ON b.place = x.server
    ) d
  ) c
) e
GROUP BY client, server, protocol, port, verdict, domain
ORDER BY CASE WHEN client = '' OR server = '' THEN 1 ELSE 0 END, client, server, protocol, port, verdict, domain
"""


def answer(outside: int) -> str:
    """The query for the rows; of the addresses outside of one end and port, those beyond `outside` are one row, ''."""
    return filled(_RANKED, outside=str(int(outside)))


NAMES = """
SELECT DISTINCT name FROM (
  SELECT source_name AS name FROM folded UNION ALL SELECT target_name FROM folded
) x WHERE name <> ''
"""
"""The names that records give to their ends."""

ENDS = "SELECT place, SUM(n) FROM (@ends@) x GROUP BY place"
ENDS = filled(
    ENDS,
    ends="SELECT client AS place, records AS n FROM connections UNION ALL SELECT server, records FROM connections",
)
"""All ends, with how many records each has part in."""

COUNTS = """
SELECT origin, trouble, SUM(records), SUM(assumed), SUM(timeless) FROM folded GROUP BY origin, trouble
ORDER BY origin, trouble
"""
"""What became of the records of each source."""

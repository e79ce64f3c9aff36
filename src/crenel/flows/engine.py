"""DuckDB, as the engine that is always there: embedded, larger than memory, nothing fetched from anywhere.

Everything that it keeps is in a folder that only its owner can read, and that is removed. Files of logs are read
through links in that folder, so that no text of a user is part of a statement or is taken for a pattern or a URL.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crenel.flows.aggregation import FOLDED, TABLES, filled
from crenel.flows.errors import MISSING, FlowsError
from crenel.flows.observed import Limits

_REJECTS = 100_000
"""How many lines of one file that are no text at all are counted one by one."""


class DuckEngine:
    """One database in one folder.

    Joins are done as they are written, the smaller table second: how many records a file has is not known before it is
    read, and where too few are expected they are what is held in memory.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ImportError:
            raise FlowsError(MISSING) from None
        self.folder = folder
        self._errors = duckdb.Error
        self._full = duckdb.OutOfMemoryException
        self._limit = limits.memory
        config: dict[str, Any] = {
            "memory_limit": limits.memory,
            "temp_directory": str(folder / "spilled"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "preserve_insertion_order": "false",
        }
        if limits.threads is not None:
            config["threads"] = limits.threads
        try:
            self._connection = duckdb.connect(str(folder / "flows.duckdb"), config=config)
        except duckdb.Error as error:
            raise FlowsError(f"DuckDB does not start: {_first_line(error)}") from None
        for table, columns in TABLES.items():
            self.run(filled("CREATE TABLE @table@ (@columns@)", table=table, columns=columns))
        self.run(filled("CREATE TABLE folded (@columns@)", columns=FOLDED))
        self.run("SET TimeZone = 'UTC'")
        self.run("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        self.run("SET lock_configuration = true")

    def close(self) -> None:
        """Let go of the files."""
        self._connection.close()

    def run(self, statement: str) -> None:
        """Run a statement.

        Raises:
            FlowsError: a file cannot be read to its end, or memory or disk do not suffice.
        """
        try:
            self._connection.execute(statement)
        except self._errors as error:
            raise self._failure(error) from None

    def _failure(self, error: Exception) -> FlowsError:
        if isinstance(error, self._full):
            return FlowsError(f"{self._limit} of memory are too little")
        return FlowsError(_first_line(error))

    def rows(self, statement: str) -> Iterator[tuple[Any, ...]]:
        """Run a query, and hand out its rows as they are needed.

        Raises:
            FlowsError: as `run`.
        """
        try:
            found = self._connection.execute(statement)
            while batch := found.fetchmany(10_000):
                yield from batch
        except self._errors as error:
            raise self._failure(error) from None

    def columns(self, path: Path) -> list[str]:
        """The names of the columns of a Parquet file.

        Raises:
            FlowsError: it is none, or damaged.
        """
        query = filled("DESCRIBE SELECT * FROM read_parquet(@path@)", path=text_literal(str(path)))
        return [str(row[0]) for row in self.rows(query)]

    def load(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows to one of the tables, column by column."""
        if not rows:
            return
        columns = ", ".join(f"UNNEST(${number})" for number in range(1, len(rows[0]) + 1))
        statement = filled("INSERT INTO @table@ SELECT @columns@", table=table, columns=columns)
        for start in range(0, len(rows), 50_000):
            part = rows[start : start + 50_000]
            self._connection.execute(statement, [list(column) for column in zip(*part, strict=True)])

    def rejected(self) -> list[tuple[int, str, str]]:
        """What of the file that was read last is no text, and is forgotten then: (line, text, why)."""
        known = self._connection.execute(
            "SELECT COUNT(*) FROM duckdb_tables() WHERE table_name = 'reject_errors'"
        ).fetchone()
        if not known or not known[0]:
            return []
        found = self._connection.execute(
            "SELECT line, ANY_VALUE(csv_line), ANY_VALUE(error_message) FROM reject_errors GROUP BY line ORDER BY line"
        ).fetchall()
        self._connection.execute("DROP TABLE reject_errors")
        self._connection.execute("DROP TABLE reject_scans")
        return [(line, text or "", _short(why or "")) for line, text, why in found]


@contextmanager
def opened(limits: Limits) -> Iterator[DuckEngine]:
    """An engine in a new folder of mode 0700, which is gone in the end.

    Raises:
        FlowsError: DuckDB is not installed or does not start, or the folder cannot be made.
    """
    try:
        folder = tempfile.TemporaryDirectory(prefix="crenel-flows-", dir=limits.temporary)
    except OSError as error:
        raise FlowsError(f"no scratch folder can be made: {error}") from None
    with folder as name:
        engine = DuckEngine(Path(name), limits)
        try:
            yield engine
        finally:
            engine.close()


def text_literal(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def lines_of(path: Path, compressed: bool) -> str:
    """Every line of a file as one column, ``line``; what is no UTF-8 or far too long is rejected."""
    template = (
        "(SELECT RTRIM(line, CHR(13)) AS line FROM read_csv(@path@, columns = {'line': 'VARCHAR'}, delim = CHR(31), "
        "quote = '', escape = '', header = false, auto_detect = false, strict_mode = false, new_line = '\\n', "
        "compression = '@compression@', store_rejects = true, rejects_limit = @limit@))"
    )
    return filled(
        template.replace("CHR(31)", "'\x1f'"),
        path=text_literal(str(path)),
        compression="gzip" if compressed else "none",
        limit=str(_REJECTS),
    )


def cells_of(path: Path, compressed: bool, columns: int, delimiter: str, *, headed: bool = True) -> str:
    """Every row of a file of cells, as columns ``c0``, ``c1`` ...; `delimiter` is one that we chose.

    The first row of a `headed` file is left out, and its cells may be quoted (RFC 4180).
    """
    names = ", ".join(f"'c{number}': 'VARCHAR'" for number in range(columns))
    template = (
        "read_csv(@path@, columns = {@names@}, delim = @delimiter@, quote = @quote@, escape = @quote@, "
        "header = @headed@, "
        "auto_detect = false, strict_mode = false, compression = '@compression@', store_rejects = true, "
        "rejects_limit = @limit@)"
    )
    return filled(
        template,
        path=text_literal(str(path)),
        names=names,
        delimiter=text_literal(delimiter),
        quote=text_literal('"' if headed else ""),
        headed="true" if headed else "false",
        compression="gzip" if compressed else "none",
        limit=str(_REJECTS),
    )


def columns_of(path: Path, columns: Sequence[str]) -> str:
    """Every row of a Parquet file, as texts in the columns ``c0``, ``c1`` ..., which are those of these names."""
    quoted = ['"' + name.replace('"', '""') + '"' for name in columns]
    cells = ", ".join(f"CAST({name} AS VARCHAR) AS c{number}" for number, name in enumerate(quoted))
    return filled("(SELECT @cells@ FROM read_parquet(@path@)) t", cells=cells, path=text_literal(str(path)))


def objects_of(path: Path, compressed: bool, size: int, layout: str) -> str:
    """Every object of a JSON document as one column, ``line``: the elements of an array, or concatenated objects."""
    template = (
        "(SELECT CAST(json AS VARCHAR) AS line FROM read_json_objects(@path@, format = '@layout@', "
        "maximum_object_size = @size@, compression = '@compression@'))"
    )
    return filled(
        template,
        path=text_literal(str(path)),
        layout=layout,
        size=str(int(size)),
        compression="gzip" if compressed else "none",
    )


def _first_line(error: Exception) -> str:
    return _short(str(error))


def _short(text: str) -> str:
    """The first line of what DuckDB says, without its own class names."""
    line = text.strip().split("\n", 1)[0]
    head, colon, rest = line.partition(": ")
    return rest if colon and head.endswith("Error") else line

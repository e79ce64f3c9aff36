"""Where flows are read from: files, folders of them, or standard input, plain, compressed with gzip, or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import os
import shutil
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from crenel.flows.errors import FlowsError

_PEEKED = 1 << 16
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
"""What a Parquet file begins and ends with (apache/parquet-format)."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file: `name` as the user knows it, `path` as it can be read, and what its beginning looks like."""

    name: str
    path: Path
    compressed: bool
    size: int
    head: str
    """The first part of its text, without a byte order mark."""
    forced: str = ""
    """The format that the user named; empty: by its content."""
    parquet: bool = False
    """Whether it is a table in Parquet; `head` is empty then, until somebody knows the names of its columns."""


def split(text: str, formats: Sequence[str]) -> tuple[str, str]:
    """Take ``FORMAT:PATH`` apart; the format is empty when none of `formats` is named."""
    head, colon, rest = text.partition(":")
    return (head, rest) if colon and head in formats else ("", text)


def files(texts: Sequence[str], formats: Sequence[str], folder: Path) -> Iterator[Source | tuple[str, str]]:
    """Open what was named, folders with all that is in them; or say why it cannot be read: (name, why)."""
    for text in texts:
        forced, name = split(text, formats)
        found = (
            sorted(each for each in Path(name).rglob("*") if each.is_file()) if Path(name).is_dir() else [Path(name)]
        )
        if not found:
            yield name, "the folder is empty"
        for path in found:
            try:
                yield _opened(name if name == "-" else str(path), path, forced, folder)
            except (OSError, EOFError, zlib.error, FlowsError) as error:
                yield str(path), _why(error)


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def _opened(name: str, path: Path, forced: str, folder: Path) -> Source:
    number = len(list(folder.glob("input-*")))
    link = folder / f"input-{number}"
    if name == "-":
        _copy_standard_input(link)
    elif not path.is_file():
        if path.exists():
            _copy(path, link)
        else:
            raise FlowsError("no such file")
    else:
        link.symlink_to(path.absolute())
    with link.open("rb") as file:
        first = file.read(4)
    compressed, parquet = first[:2] == _GZIP, first == _PARQUET
    head = "" if parquet else _head(link, compressed)
    size = os.stat(link).st_size  # noqa: PTH116 - follows the link
    return Source(name, link, compressed, size, head, forced, parquet)


def _copy_standard_input(target: Path) -> None:
    if sys.stdin is None:
        raise FlowsError("there is no standard input")
    with target.open("wb") as file:
        shutil.copyfileobj(sys.stdin.buffer, file)


def _copy(path: Path, target: Path) -> None:
    """Copy what can be read only once, such as a pipe."""
    with path.open("rb") as old, target.open("wb") as new:
        shutil.copyfileobj(old, new)


def _head(path: Path, compressed: bool) -> str:
    with opened(path, compressed=compressed) as file:
        return file.read(_PEEKED).decode("utf-8-sig", "replace")


def opened(path: Path, *, compressed: bool) -> IO[bytes]:
    """The bytes of a file, uncompressed."""
    return gzip.open(path, "rb") if compressed else path.open("rb")  # type: ignore[return-value]


def places_of(source: Source, wanted: Sequence[str], delimiter: str = "") -> dict[str, int]:
    """In which line of a file, from 1, texts stand first; of CSV its rows without quotes. Parquet has no lines."""
    if source.parquet:
        return {}
    if delimiter:
        return _rows_of(source, set(wanted), delimiter)
    missing = {text.encode("utf-8", "replace") for text in wanted}
    found: dict[str, int] = {}
    if not missing:
        return found
    with opened(source.path, compressed=source.compressed) as file:
        for number, line in enumerate(file, 1):
            text = line.rstrip(b"\r\n")
            if text in missing:
                found[text.decode("utf-8", "replace")] = number
                missing.discard(text)
                if not missing:
                    break
    return found


def _rows_of(source: Source, missing: set[str], delimiter: str) -> dict[str, int]:
    found: dict[str, int] = {}
    with opened(source.path, compressed=source.compressed) as file:
        reader = csv.reader(io.TextIOWrapper(file, "utf-8-sig", "replace", newline=""), delimiter=delimiter)
        start = 1
        for row in reader:
            text = delimiter.join(row)
            if text in missing:
                found[text] = start
                missing.discard(text)
            if not missing:
                break
            start = reader.line_num + 1
    return found

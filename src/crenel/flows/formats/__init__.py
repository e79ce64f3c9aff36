"""The formats of logs that are read, and how a file's is recognised.

Each format is a module with its name, `recognises` for the beginning of a text, and `records`, which says in SQL how
the columns of `crenel.flows.aggregation.RECORD` are taken out of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from crenel.flows.errors import FlowsError
from crenel.flows.formats import azure, calico, conntrack, envoy, gcp, hubble, kernellog, table, tetragon, vpc
from crenel.flows.sources import Source


class Format(Protocol):
    """What a module of a format offers that needs nothing but the text."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """What it is called before a path."""

    @property
    def TITLE(self) -> str:  # noqa: N802
        """What people call it."""

    @property
    def NOTES(self) -> tuple[str, ...]:  # noqa: N802
        """What it does not say."""

    def recognises(self, head: str) -> bool:
        """Whether a text begins like a log of this format."""

    def records(self, source: Source) -> str:
        """The records of a log, as SQL."""


_MODULES: tuple[Format, ...] = (hubble, calico, tetragon, gcp, azure, envoy, conntrack, kernellog)
_SIMPLE = {each.NAME: each for each in _MODULES}

FORMATS = ("vpc", *_SIMPLE, "csv")
"""The names of all formats, in the order in which a text is tried on them."""


@dataclass(frozen=True, slots=True)
class Reader:
    """How one source is read: in SQL, with what the reader of the answer has to know."""

    title: str
    records: str
    notes: tuple[str, ...]
    delimiter: str = ""
    """What separates the cells of CSV; empty for other formats."""


def reader(source: Source, vpc_format: str = "") -> Reader:
    """How a source is read.

    Raises:
        FlowsError: its format is not recognised, or lacks what is needed.
    """
    name = source.forced or recognised(source.head)
    if source.parquet and name in _SIMPLE:
        raise FlowsError("Parquet is read as vpc or as csv")
    if name == "vpc":
        fields = vpc.fields_of(source, vpc_format)
        return Reader(vpc.TITLE, vpc.records(source, fields), tuple(vpc.notes(fields)))
    if name == "csv":
        return Reader(table.TITLE, table.records(source), tuple(table.notes(source)), table.delimiter(source))
    found = _SIMPLE[name]
    return Reader(found.TITLE, found.records(source), found.NOTES)


def header(columns: Sequence[str]) -> str:
    """The header that a text with these columns would have, in the manner of VPC flow logs or else of CSV."""
    if vpc.recognises(" ".join(columns)):
        return " ".join(columns)
    written = io.StringIO()
    csv.writer(written, lineterminator="").writerow(columns)
    return written.getvalue()


def recognised(head: str) -> str:
    """The name of the format that a text begins like.

    Raises:
        FlowsError: it begins like none.
    """
    if not head.strip():
        raise FlowsError("the file is empty")
    if vpc.recognises(head):
        return "vpc"
    for name, module in _SIMPLE.items():
        if module.recognises(head):
            return name
    if table.recognises(head):
        return "csv"
    raise FlowsError(f"no log of a known format; FORMAT:PATH names it, one of {', '.join(FORMATS)}")

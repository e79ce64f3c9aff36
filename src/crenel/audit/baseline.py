"""Findings that are known, so that old ones do not block new work. Kept by check, object and field, never by line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from crenel.audit.finding import Finding
from crenel.provenance import field_text

KIND = "baseline"


class BaselineError(ValueError):
    """The file is no baseline. The message is one line for a person."""


class Known(msgspec.Struct, frozen=True, order=True):
    """One finding of a baseline."""

    check: str
    object: str
    field: str = ""


class _File(msgspec.Struct, tag_field="kind", tag=KIND):
    schema: str
    findings: list[Known]


@dataclass(slots=True)
class Baseline:
    """The findings of a baseline, and which of them were met again."""

    known: frozenset[Known] = frozenset()
    met: set[Known] = field(default_factory=set)

    def holds(self, finding: Finding) -> bool:
        """Whether a finding is known."""
        key = _known(finding)
        if key not in self.known:
            return False
        self.met.add(key)
        return True

    @property
    def gone(self) -> frozenset[Known]:
        """Those that were not met again."""
        return self.known - self.met


def _known(finding: Finding) -> Known:
    return Known(finding.check.id, finding.object, field_text(finding.field))


def read(data: bytes) -> Baseline:
    """Read a baseline.

    Raises:
        BaselineError: it is none.
    """
    try:
        found = msgspec.json.decode(data, type=_File)
    except msgspec.DecodeError as error:
        raise BaselineError(f"not a baseline of crenel audit: {error}") from None
    if found.schema != "crenel/v1":
        raise BaselineError(f"a baseline of the version {found.schema!r}, which is not understood")
    return Baseline(frozenset(found.findings))


def write(findings: Iterable[Finding]) -> bytes:
    """Write a baseline: sorted, a finding on each line."""
    known = sorted({_known(finding) for finding in findings})
    lines = b",\n".join(b"    " + msgspec.json.encode(each) for each in known)
    inner = b"\n" + lines + b"\n  " if known else b""
    return b'{\n  "schema": "crenel/v1",\n  "kind": "' + KIND.encode() + b'",\n  "findings": [' + inner + b"]\n}\n"

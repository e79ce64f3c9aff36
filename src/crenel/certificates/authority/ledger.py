"""Every certificate that was issued, a line of JSON for each, written before the certificate is handed out.

A process that ends in the middle of a line had not handed that certificate out: half a line at the end is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from crenel.certificates.authority import durable
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.state import Digits, Seconds

FILE = "issued.jsonl"


class Issued(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A certificate."""

    serial: Digits
    issuer: Digits
    """The key identifier of its issuer."""
    consumer: str
    """The place of the consumer that it was issued to; empty for an answer to a request, which is out of sight."""
    names: tuple[str, ...]
    not_after: Seconds


class Ledger:
    """The lines of one authority.

    Raises:
        AuthorityError: a whole line makes no sense.
    """

    def __init__(self, folder: Path, *, mend: bool = True) -> None:
        self._path = folder / FILE
        self._mend = mend
        self.entries = self._read()

    def add(self, entries: Iterable[Issued]) -> None:
        """Write certificates down; they are on the disk when this returns."""
        new = list(entries)
        if new:
            durable.append(self._path, b"".join(map(_line, new)), durable.SECRET)
            self.entries += new

    def forget(self, before: int) -> None:
        """Leave out what had expired at a time, once that is half of all and worth the writing."""
        kept = [each for each in self.entries if each.not_after >= before]
        if len(kept) < len(self.entries) - max(len(kept), 100):
            durable.replace(self._path, b"".join(map(_line, kept)), durable.SECRET)
            self.entries = kept

    def _read(self) -> list[Issued]:
        try:
            data = durable.read(self._path)
        except FileNotFoundError:
            return []
        whole, _, torn = data.rpartition(b"\n")
        if torn and self._mend:
            durable.replace(self._path, whole + b"\n" if whole else b"", durable.SECRET)
        return list(self._decoded(whole.split(b"\n")))

    def _decoded(self, lines: Iterable[bytes]) -> Iterator[Issued]:
        decoder = msgspec.json.Decoder(Issued)
        for number, line in enumerate(lines, 1):
            try:
                if line:
                    yield decoder.decode(line)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                raise AuthorityError(f"{self._path}: line {number}: {error}") from None


def _line(entry: Issued) -> bytes:
    return msgspec.json.encode(entry) + b"\n"

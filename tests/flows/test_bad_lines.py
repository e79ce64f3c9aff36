"""Bad lines are counted and shown; they never end a run, and never become flows."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest

from command import crenel
from crenel.flows.aggregate import aggregate
from flows.samples import SAMPLES, Sample


def test_bad_lines_are_shown_with_their_place(tmp_path: Path) -> None:
    """The report is whole, stderr has the count and the first lines with file and line, and the exit code is 0."""
    (tmp_path / "log.csv").write_text(
        "source,destination,port,protocol\n10.0.0.1,10.0.0.2,80,tcp\n10.0.0.1,10.0.0.2,eighty,tcp\n"
        "10.0.0.1\n10.0.0.1,10.0.0.2,81,nothing\nno address,10.0.0.2,80,tcp\n"
    )
    (tmp_path / "none.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    ran = crenel("flows", "log.csv", "-f", "none.yaml", "-o", "csv", cwd=tmp_path)
    assert ran.code == 0
    assert ran.out.splitlines()[1:] == ["10.0.0.1,10.0.0.2,TCP,80,1,,,,forwarded,told,,1"]
    assert "warning: log.csv: 3 lines could not be understood as CSV" in ran.err
    assert "  log.csv:3: no port of the target: 10.0.0.1,10.0.0.2,eighty,tcp" in ran.err
    assert "  log.csv:4: Expected Number of Columns: 4 Found: 1: 10.0.0.1" in ran.err
    assert "  log.csv:5: no protocol: 10.0.0.1,10.0.0.2,81,nothing" in ran.err
    assert "note: 1 record cannot be mapped; nobody had at the time: no address (1)" in ran.err


def test_what_cannot_be_read_at_all_is_an_error(tmp_path: Path) -> None:
    """A file that ends in the middle, or that is none, is one line; the rest is read, and the exit code says so."""
    (tmp_path / "cut.csv.gz").write_bytes(
        gzip.compress(b"source,destination,port\n" + b"10.0.0.1,10.0.0.2,80\n" * 9999)[:-20]
    )
    (tmp_path / "good.csv").write_text("source,destination,port\n10.0.0.1,10.0.0.2,80\n")
    (tmp_path / "none.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    ran = crenel("flows", "cut.csv.gz", "good.csv", "missing", "-f", "none.yaml", cwd=tmp_path)
    assert ran.code == 2
    assert "10.0.0.1  10.0.0.2     TCP/80   1" in ran.out
    assert "error: missing: no such file" in ran.err
    assert "error: cut.csv.gz: " in ran.err
    assert "Traceback" not in ran.err
    assert crenel("flows", "good.csv", "missing", "-f", "none.yaml", "--lenient", cwd=tmp_path).code == 0


def test_a_log_without_a_flow_examines_nothing(tmp_path: Path) -> None:
    """Nothing but bad lines is nothing examined."""
    (tmp_path / "log.csv").write_text("source,destination,port\na\n")
    (tmp_path / "none.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
    assert crenel("flows", "log.csv", "-f", "none.yaml", cwd=tmp_path).code == 3


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_damaged_logs_never_raise(sample: Sample, tmp_path: Path) -> None:
    """Bytes that are struck out, doubled or replaced leave a log that is read, refused or counted, and no exception."""
    chance = random.Random(sample.name)
    for number in range(2):
        data = bytearray(sample.text.encode())
        for _ in range(8):
            place = chance.randrange(len(data))
            data[place : place + chance.choice([0, 1, 5])] = bytes(
                chance.choice([0, 10, 31, 34, 44, 123, 255]) for _ in range(chance.randrange(3))
            )
        (tmp_path / f"{number}.log").write_bytes(data)
    found = aggregate([str(tmp_path)])
    assert len(found.read) + len(found.failed) == 2

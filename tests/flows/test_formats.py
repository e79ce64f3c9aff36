"""Each format is recognised, and what it says becomes who talked to whom."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from command import crenel
from crenel.flows.aggregate import aggregate
from crenel.flows.formats import FORMATS
from crenel.network.traffic import protocol_name
from flows.samples import CSV, HUBBLE, SAMPLES, VPC, VPC_FIVE, Sample
from flows.tables import rows_of
from output.shapes import Flows

NOTHING = '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "empty"}}'


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the command says of all samples at once, by the name of the file."""
    folder = tmp_path_factory.mktemp("logs")
    (folder / "cluster.json").write_text(NOTHING)
    found = {}
    for sample in SAMPLES:
        (folder / f"{sample.name}.log").write_text(sample.text)
        ran = crenel("flows", f"{sample.name}.log", "-f", "cluster.json", "-o", "json", cwd=folder)
        assert ran.code == 0, ran.err
        msgspec.json.decode(ran.out, type=Flows)
        found[sample.name] = json.loads(ran.out)
    return found


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_log_is_read_as_its_vendor_documents_it(sample: Sample, answers: dict[str, Any]) -> None:
    """Who opened each connection, what became of it, and how many records speak of it."""
    said = answers[sample.name]
    rows = [
        (
            row["source"], row["destination"], "/".join(part for part in row["traffic"][0].values() if part != "*"),
            row["records"], row["verdict"], row["ends"],
        )
        for row in said["observed"]
    ]  # fmt: skip
    assert rows == sample.rows
    (read,) = said["read"]
    assert (read["format"], read["bad"]) == (sample.title, sample.bad)
    assert sum(each["records"] for each in read["skipped"]) == sample.skipped


@pytest.mark.parametrize("sample", [each for each in SAMPLES if each.name in ("hubble", "vpc", "vnet", "csv")])
def test_gzip_is_seen_by_content(sample: Sample, tmp_path: Path) -> None:
    """A compressed log says the same, whatever it is called."""
    (tmp_path / "log").write_bytes(gzip.compress(sample.text.encode()))
    assert rows_of(aggregate([str(tmp_path / "log")])) == sample.rows


def test_a_folder_is_all_that_is_in_it(tmp_path: Path) -> None:
    """Logs of several formats in one folder add up; what is none of them is named, and the rest is read."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "hubble.json").write_text(HUBBLE)
    (tmp_path / "vpc.log").write_text(VPC)
    (tmp_path / "readme").write_text("These are our logs.\n")
    (tmp_path / "empty").write_text("")
    found = aggregate([str(tmp_path)])
    assert [read.format for read in found.read] == ["Hubble flows", "AWS VPC flow log"]
    assert found.taken == 5 + 4
    reasons = {Path(source).name: why for source, why in found.failed}
    assert reasons == {
        "readme": f"no log of a known format; FORMAT:PATH names it, one of {', '.join(FORMATS)}",
        "empty": "the file is empty",
    }


def test_a_format_can_be_named(tmp_path: Path) -> None:
    """FORMAT:PATH is believed: a log that begins with other lines is read."""
    log = tmp_path / "log"
    log.write_text("some words of a logger\n" * 300 + KERNEL_LINE)
    assert aggregate([str(log)]).failed
    assert rows_of(aggregate([f"kernel:{log}"])) == [("1.2.3.4", "10.0.0.5", "TCP/22", 1, "unknown", "told")]


KERNEL_LINE = "kernel: x IN=eth0 OUT= SRC=1.2.3.4 DST=10.0.0.5 LEN=60 PROTO=TCP SPT=44000 DPT=22 SYN URGP=0\n"


def test_custom_vpc_format_without_a_header(tmp_path: Path) -> None:
    """CloudWatch has no header: the format is given as AWS writes it, and a stamp before each record is none of it."""
    lines = VPC_FIVE.splitlines()
    fields = " ".join(f"${{{name}}}" for name in lines[0].split())
    log = tmp_path / "log"
    log.write_text("".join(f"2019-08-26T19:47:55.000Z {line}\n" for line in lines[1:-1]))
    (_, why), = aggregate([f"vpc:{log}"]).failed  # fmt: skip
    assert why == "this log has no header and is not of the default format: give --vpc-format"
    found = aggregate([f"vpc:{log}"], vpc_format=fields)
    assert rows_of(found) == next(sample.rows for sample in SAMPLES if sample.name == "vpc 5")


def test_parquet_says_what_text_says(tmp_path: Path) -> None:
    """VPC flow logs in Parquet, with the columns that AWS documents, are those in text; any other table is as CSV."""
    header, *records = (line.split() for line in VPC_FIVE.splitlines()[:-1])
    columns = [name.replace("-", "_") for name in header]
    numbers = ("version", "srcport", "dstport", "protocol", "tcp_flags", "start", "end", "bytes")
    types = {name: "BIGINT" if name in numbers else "VARCHAR" for name in columns}
    (tmp_path / "text").write_text("".join(" ".join(each) + "\n" for each in records))
    database = duckdb.connect()
    read = "CREATE TABLE log AS SELECT * FROM read_csv(?, delim = ' ', header = false, columns = ?)"
    database.execute(read, [str(tmp_path / "text"), types])
    database.execute("INSERT INTO log (version, log_status) VALUES (5, 'NODATA')")
    database.execute("COPY log TO ? (FORMAT parquet)", [str(tmp_path / "vpc")])
    database.execute(
        "COPY (SELECT '10.0.0.1' AS src_ip, '10.0.0.2' AS dst_ip, 80 AS port, 'deny' AS action, 'x' AS \"a, \"\"b\") "
        "TO ? (FORMAT parquet)",
        [str(tmp_path / "other")],
    )
    found = aggregate([str(tmp_path / "vpc")])
    assert rows_of(found) == next(sample.rows for sample in SAMPLES if sample.name == "vpc 5")
    assert (found.read[0].format, dict(found.read[0].skipped)) == (
        "AWS VPC flow log", {"intervals without traffic (NODATA)": 1},
    )  # fmt: skip
    assert rows_of(aggregate([str(tmp_path / "other")])) == [("10.0.0.1", "10.0.0.2", "TCP/80", 1, "dropped", "told")]


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    """A file that only begins like Parquet, or that is said to be of another format, is one error."""
    (tmp_path / "cut").write_bytes(b"PAR1 and no more")
    database = duckdb.connect()
    database.execute("COPY (SELECT '10.0.0.1' AS a) TO ? (FORMAT parquet)", [str(tmp_path / "whole")])
    texts = [str(tmp_path / "cut"), str(tmp_path / "whole"), f"hubble:{tmp_path / 'whole'}"]
    (_, cut), (_, strange), (_, forced) = aggregate(texts).failed
    assert "No magic bytes" in cut
    assert strange == f"no log of a known format; FORMAT:PATH names it, one of {', '.join(FORMATS)}"
    assert forced == "Parquet is read as vpc or as csv"


@pytest.mark.parametrize(
    ("before", "verdict"),
    [
        ("2023-05-01T10:00:00+0000 droplet-1 kernel: accept ", "forwarded"),
        ("May  1 10:00:00 compass kernel: ", "unknown"),
        ("May  1 10:00:00 block7 kernel: [12.3] FINAL_REJECT: ", "dropped"),
        ("[   12.345678] [UFW BLOCK] ", "dropped"),
        ('{"_HOSTNAME":"droplet-1","MESSAGE":"nft-accept: ', "forwarded"),
    ],
)
def test_the_name_of_a_machine_is_no_verdict(before: str, verdict: str, tmp_path: Path) -> None:
    """What a packet's rule said is in the prefix that it logs, and not in what syslog and the journal put before."""
    (tmp_path / "log").write_text(
        f"{before}IN=eth0 OUT= SRC=1.2.3.4 DST=10.0.0.5 LEN=60 PROTO=TCP SPT=44000 DPT=22 SYN URGP=0\n"
    )
    assert rows_of(aggregate([str(tmp_path / "log")])) == [("1.2.3.4", "10.0.0.5", "TCP/22", 1, verdict, "told")]


def test_json_in_an_array_and_in_lines_is_the_same(tmp_path: Path) -> None:
    """The same flows as an array, indented or not, and one on each line."""
    values = [json.loads(line) for line in HUBBLE.splitlines()[:5]]
    expected = None
    for name, text in {
        "lines": "\n".join(json.dumps(value) for value in values),
        "array": json.dumps(values),
        "indented": json.dumps(values, indent=2),
        "pretty": "\n".join(json.dumps(value, indent=2) for value in values),
    }.items():
        (tmp_path / name).write_text(text)
        found = rows_of(aggregate([str(tmp_path / name)]))
        assert found
        expected = expected or found
        assert found == expected, name


def test_names_of_files_are_never_patterns_or_statements(tmp_path: Path) -> None:
    """A name with quotes, stars or a scheme is that file and no other."""
    (tmp_path / "b.csv").write_text(CSV)
    for name in ("*.csv", "it's; DROP TABLE folded--.csv", "s3:x.csv"):
        assert aggregate([str(tmp_path / f"missing-{name}")]).failed
        (tmp_path / name).write_text("source,destination,port\n10.9.9.9,10.9.9.8,80\n")
        assert rows_of(aggregate([str(tmp_path / name)])) == [
            ("10.9.9.9", "10.9.9.8", "TCP/80", 1, "forwarded", "told")
        ]


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """The scratch folder is gone in the end, whatever went wrong."""
    from crenel.flows.observed import Limits

    (tmp_path / "scratch").mkdir()
    (tmp_path / "log").write_text(HUBBLE)
    aggregate([str(tmp_path / "log"), str(tmp_path / "missing")], limits=Limits(temporary=str(tmp_path / "scratch")))
    assert not list((tmp_path / "scratch").iterdir())


def test_protocols_by_name_and_number(tmp_path: Path) -> None:
    """Protocols are written in many ways; what is none is a bad line."""
    (tmp_path / "log").write_text(
        "source,destination,port,protocol\n"
        + "".join(f"10.0.0.1,10.0.0.2,1,{name}\n" for name in ("6", "tcp", "UDP", "132", "icmp6", "47", "300", "x"))
    )
    found = aggregate([str(tmp_path / "log")])
    assert [(protocol_name(row.protocol), row.count) for row in found.rows] == [
        ("TCP", 2), ("UDP", 1), (protocol_name(47), 1), ("ICMPv6", 1), ("SCTP", 1),
    ]  # fmt: skip
    assert found.bad == 2

"""The formats of a map."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import msgspec
import pytest

from crenel.output import map_csv, map_dot, map_json, map_markdown, map_mermaid, map_table, map_wide
from crenel.output.paint import Paint
from crenel.output.reports import MapReport
from growth import linear
from output.reports import ALL, EMPTY, HOSTILE, NAUGHTY, SAMPLE, SQL, connection
from output.shapes import Group, Map


def test_table() -> None:
    """Columns line up, possible rows are marked, and what goes without saying is hidden."""
    assert map_table.render(SAMPLE) == (
        "SOURCE     DESTINATION          TRAFFIC\n"
        "*          0.0.0.0/0            all\n"
        "shop/cart  data/db              TCP/5432\n"
        "shop/web   data/db              TCP/5432 ?\n"
        "shop/web   dns:api.example.com  TCP/443 (IPv6)\n"
        "\n"
        "? is possible, not certain: it depends on what the input does not say. -o wide says on what.\n"
    )


def test_wide() -> None:
    """Nothing is left out, and possible rows say what they depend on."""
    assert map_wide.render(SAMPLE) == (
        "SOURCE     DESTINATION          TRAFFIC   FAMILY  CERTAINTY  DEPENDS ON\n"
        "*          0.0.0.0/0            all       any     sure       -\n"
        "shop/cart  data/db              TCP/5432  any     sure       -\n"
        "shop/web   data/db              TCP/5432  any     possible   shop/web gets an address in 10.0.0.0/8\n"
        "shop/web   dns:api.example.com  TCP/443   IPv6    sure       -\n"
        "shop/web   192.0.2.0/24         TCP/443   any     possible   the address is one of api.example.com\n"
    )


def test_by_namespace_has_a_column_for_the_pairs() -> None:
    """Whether all pairs of pods or some are connected stands in every format."""
    report = replace(SAMPLE, connections=SAMPLE.connections[:2], extents=["all", "some"])
    assert map_table.render(report) == (
        "SOURCE     DESTINATION  PAIRS  TRAFFIC\n"
        "*          0.0.0.0/0    all    all\n"
        "shop/cart  data/db      some   TCP/5432\n"
    )
    assert "PAIRS" in map_wide.render(report)
    assert map_csv.render(report).splitlines()[2] == "shop/cart,data/db,TCP/5432,sure,,,some"
    assert "| `shop/cart` | `data/db` | some | TCP/5432 |" in map_markdown.render(report)
    assert '"TCP/5432 _some_"' in map_mermaid.render(report).replace("(", "_").replace(")", "_")
    decoded = msgspec.json.decode(map_json.render(report), type=Map)
    assert (decoded.by, [each.extent for each in decoded.connections]) == ("namespace", ["all", "some"])


@pytest.mark.parametrize("renderer", [map_table, map_wide, map_markdown])
def test_nothing_connected(renderer: object) -> None:
    """No connection at all is said in one line, and so is that there is nobody to connect."""
    assert renderer.render(EMPTY) == "No connections.\n"  # type: ignore[attr-defined]
    assert renderer.render(replace(EMPTY, workloads=[])) == "No workloads.\n"  # type: ignore[attr-defined]


def test_empty_documents_are_valid() -> None:
    """What other programs read is there even when nothing is in it."""
    assert msgspec.json.decode(map_json.render(EMPTY), type=Map).connections == []
    assert map_csv.render(EMPTY) == "source,destination,traffic,certainty,conditions,family\n"
    assert map_mermaid.render(EMPTY) == "flowchart LR\n"
    assert map_dot.render(EMPTY).endswith("}\n")


def test_colours_do_not_move_columns() -> None:
    """Without its colours a coloured table is the plain one."""
    coloured = map_table.render(SAMPLE, Paint(on=True))
    assert coloured != map_table.render(SAMPLE)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == map_table.render(SAMPLE)


def test_json() -> None:
    """A side is text when it is one thing, else a group; each connection is on a line of its own."""
    text = map_json.render(SAMPLE)
    decoded = msgspec.json.decode(text, type=Map)
    first, second, third, fourth, fifth = decoded.connections
    assert first.source == Group(["*"]) and first.destination == "0.0.0.0/0"
    assert [part.protocol for part in first.traffic] == [protocol for protocol, _ in ALL]
    assert (second.certainty, second.conditions, second.family) == ("sure", [], msgspec.UNSET)
    assert (third.certainty, third.conditions) == ("possible", ["shop/web gets an address in 10.0.0.0/8"])
    assert fourth.family == "IPv6"
    assert fifth.implied is True
    assert b'\n    {"source":"shop/cart","destination":"data/db",' in text


def test_csv() -> None:
    """A spreadsheet gets back what was written."""
    rows = list(csv.DictReader(io.StringIO(map_csv.render(SAMPLE))))
    assert len(rows) == 5
    assert rows[0]["traffic"] == "TCP/1-65535 UDP/1-65535 SCTP/1-65535 ICMP ICMPv6 other"
    assert rows[2]["conditions"] == "shop/web gets an address in 10.0.0.0/8"
    assert rows[3]["family"] == "IPv6"


def test_warning_is_in_every_report_that_people_read() -> None:
    """A policy that nothing enforces is named in the report, not beside it alone."""
    for renderer in (map_table, map_wide, map_markdown, map_mermaid, map_dot):
        assert "not enforced: " in renderer.render(NAUGHTY).replace("\\", "").replace("#58;", ":")
    decoded = msgspec.json.decode(map_json.render(NAUGHTY), type=Map)
    assert [notice.severity for notice in decoded.notices] == ["warning"]


def test_hostile_names_break_no_line() -> None:
    """A name with quotes, pipes and line breaks stays inside its cell in every format."""
    assert len(map_table.render(NAUGHTY).splitlines()) == 5
    assert len(map_wide.render(NAUGHTY).splitlines()) == 5
    assert len(list(csv.reader(io.StringIO(map_csv.render(NAUGHTY))))) == 3
    assert msgspec.json.decode(map_json.render(NAUGHTY), type=Map).connections[0].source == f"shop/{HOSTILE}"
    rows = [line for line in map_markdown.render(NAUGHTY).splitlines() if line.startswith("|")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [4, 4, 4, 4]
    assert "@team" not in map_markdown.render(NAUGHTY)
    for line in map_mermaid.render(NAUGHTY).splitlines():
        assert line.count('"') in (0, 2)


@pytest.mark.parametrize("report", [SAMPLE, NAUGHTY, EMPTY], ids=["sample", "naughty", "empty"])
def test_markdown_is_a_table(report: MapReport) -> None:
    """A parser of GitHub's dialect finds a row for each connection that is shown."""
    parser = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    html = parser.MarkdownIt("gfm-like", {"linkify": False}).render(map_markdown.render(report))
    assert html.count("<tr>") == (len(report.shown()) + 1 if report.shown() else 0)
    assert "<i>" not in html


MERMAID = re.compile(
    r'flowchart LR|  end|  warning\["[^"]*"\]|  subgraph box\d+\["[^"]*"\]| {2,4}n\d+(\["[^"]*"\]|\(\["[^"]*"\]\))'
    r'|  n\d+ (-->|-\.->)\|"[^"]*"\| n\d+'
)


@pytest.mark.parametrize("report", [SAMPLE, NAUGHTY], ids=["sample", "naughty"])
def test_mermaid(report: MapReport) -> None:
    """Every line is one that a flowchart knows, and possible connections are dashed."""
    lines = map_mermaid.render(report).splitlines()
    assert [line for line in lines if not MERMAID.fullmatch(line)] == []
    assert sum("-.->" in line for line in lines) == sum(each.certainty == "possible" for each, _ in report.shown())


def test_mermaid_knows_its_limits() -> None:
    """More edges than Mermaid draws by default are recognised."""
    many = [connection(f"shop/w{number}", "data/db") for number in range(501)]
    assert map_mermaid.too_big(map_mermaid.render(MapReport(many, [])))
    assert not map_mermaid.too_big(map_mermaid.render(MapReport(many[:500], [])))


def test_dot() -> None:
    """Namespaces are clusters, groups are round, and possible connections are dashed."""
    assert map_dot.render(SAMPLE) == (
        "digraph crenel {\n"
        "  rankdir=LR;\n"
        '  node [shape=box, fontname="sans-serif"];\n'
        '  edge [fontname="sans-serif", fontsize=10];\n'
        '  n0 [label="all workloads", style=rounded];\n'
        "  subgraph cluster_1 {\n"
        '    label="outside the cluster";\n'
        '    n1 [label="0.0.0.0/0"];\n'
        '    n5 [label="dns:api.example.com"];\n'
        "  }\n"
        "  subgraph cluster_2 {\n"
        '    label="shop";\n'
        '    n2 [label="cart"];\n'
        '    n4 [label="web"];\n'
        "  }\n"
        "  subgraph cluster_3 {\n"
        '    label="data";\n'
        '    n3 [label="db"];\n'
        "  }\n"
        '  n0 -> n1 [label="all"];\n'
        '  n2 -> n3 [label="TCP/5432"];\n'
        '  n4 -> n3 [label="TCP/5432 ?", style=dashed];\n'
        '  n4 -> n5 [label="TCP/443 (IPv6)"];\n'
        "}\n"
    )


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("report", [SAMPLE, NAUGHTY, EMPTY], ids=["sample", "naughty", "empty"])
def test_graphviz_takes_it(report: MapReport) -> None:
    """Graphviz reads what is written."""
    subprocess.run(["dot", "-Tcanon"], input=map_dot.render(report), text=True, capture_output=True, check=True)


@pytest.mark.alone
@pytest.mark.parametrize("renderer", [map_json, map_table], ids=["json", "table"])
def test_is_written_in_linear_time(renderer: ModuleType) -> None:
    """As 20,000 connections are, against an eighth of them."""
    traffic = [SQL, ALL, (("TCP", "80,443"), ("UDP", "53"))]

    def writing(count: int) -> Callable[[], object]:
        many = [connection(f"a/w{number}", f"b/w{number % 5000}", traffic[number % 3]) for number in range(count)]
        return lambda: renderer.render(MapReport(many, []))

    linear(writing, 2_500, 20_000)

"""The command `crenel flows`: what was observed, and what of it would break."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import msgspec
import pytest

from cli.shop import APP, MORE, POLICY
from command import crenel, run
from output.shapes import Preview

FLOWS = """\
source,destination,destination_port,protocol,start,verdict
shop/cart,data/db,5432,tcp,2024-01-01T00:00:00Z,allow
shop/web,data/db,5432,tcp,2024-01-03T00:00:00Z,allow
shop/web,data/db,5432,tcp,2024-01-03T12:00:00Z,allow
shop/web,shop/cart,8080,tcp,2024-01-02T00:00:00Z,allow
shop/web,data/svc/db,15432,tcp,2024-01-02T00:00:00Z,allow
203.0.113.7,shop/web,8080,tcp,2024-01-02T00:00:00Z,allow
shop/gone,shop/web,8080,tcp,2024-01-02T00:00:00Z,allow
shop/web,203.0.113.9,25,tcp,2024-01-02T00:00:00Z,deny
"""

TABLE = """\
SOURCE       DESTINATION  TRAFFIC    RECORDS  LAST                  VERDICT
203.0.113.7  shop/web     TCP/8080   1        2024-01-02T00:00:00Z  forwarded
shop/cart    data/db      TCP/5432   1        2024-01-01T00:00:00Z  forwarded
shop/gone    shop/web     TCP/8080   1        2024-01-02T00:00:00Z  forwarded
shop/web     203.0.113.9  TCP/25     1        2024-01-02T00:00:00Z  dropped
shop/web     data/db      TCP/5432   2        2024-01-03T12:00:00Z  forwarded
shop/web     data/svc/db  TCP/15432  1        2024-01-02T00:00:00Z  forwarded
shop/web     shop/cart    TCP/8080   1        2024-01-02T00:00:00Z  forwarded
"""

PREVIEW = """\
Would break:
  shop/web to data/db TCP/5432, 2 records
    networkpolicy data/db isolates data/db for ingress and no rule of it allows this (policy.yaml:4)
  shop/web to data/svc/db TCP/15432, 1 record
    networkpolicy data/db isolates data/db for ingress and no rule of it allows this (policy.yaml:4)

Not asked:
  shop/gone to shop/web: no workload or pod 'shop/gone' in the input

2 of 5 observed connections would break. Not counted: 1 was dropped already when it was seen; 1 has an end that the \
input does not have.
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "app.yaml").write_text(APP)
    (tmp_path / "policy.yaml").write_text(POLICY)
    (tmp_path / "more.yaml").write_text(POLICY + MORE)
    (tmp_path / "log.csv").write_text(FLOWS)
    return tmp_path


def test_what_was_observed_is_a_table(shop: Path) -> None:
    """One line for each connection, with records added up."""
    ran = crenel("flows", "log.csv", "-f", "app.yaml", cwd=shop)
    assert (ran.code, ran.out) == (0, TABLE)


def test_csv_is_read_back(shop: Path) -> None:
    """What is written as CSV is a log itself, and says the same; so does standard input."""
    first = crenel("flows", "log.csv", "-f", "app.yaml", "-o", "csv", cwd=shop)
    again = crenel("flows", "-", "-f", "app.yaml", "-o", "csv", cwd=shop, stdin=first.out)
    assert again.out == first.out


def test_a_namespace_is_what_touches_it(shop: Path) -> None:
    """-n keeps the rows that have an end there."""
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "-n", "data", "-o", "md", cwd=shop)
    assert ran.out.splitlines()[2:] == [
        "| `shop/cart` | `data/db` | `TCP/5432` | 1 | 2024-01-01T00:00:00Z | forwarded |",
        "| `shop/web` | `data/db` | `TCP/5432` | 2 | 2024-01-03T12:00:00Z | forwarded |",
        "| `shop/web` | `data/svc/db` | `TCP/15432` | 1 | 2024-01-02T00:00:00Z | forwarded |",
    ]


def test_a_preview_lists_what_would_break(shop: Path) -> None:
    """--with asks about the input with a file applied: every connection that breaks, with the rule that blocks it."""
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "--with", "policy.yaml", cwd=shop)
    assert (ran.code, ran.out) == (1, PREVIEW)


def test_a_preview_in_json_has_the_rule_and_its_line(shop: Path) -> None:
    """Other programs read what breaks, and where the rule stands."""
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "--with", "policy.yaml", "-o", "json", cwd=shop)
    msgspec.json.decode(ran.out, type=Preview)
    said = json.loads(ran.out)
    assert [(each["observed"]["destination"], each["outcome"]) for each in said["broken"]] == [
        ("data/db", "denied"),
        ("data/svc/db", "denied"),
    ]
    assert [(step["file"], step["line"]) for step in said["broken"][0]["blocking"]] == [("policy.yaml", 4)]
    assert (said["kept"], said["dropped"], len(said["unasked"])) == (3, 1, 1)


def test_a_preview_against_another_state(shop: Path) -> None:
    """--against is a state of its own; where all of it passes, the answer is yes."""
    (shop / "log.csv").write_text("".join(line for line in FLOWS.splitlines(True) if "gone" not in line))
    (shop / "hardened").mkdir()
    (shop / "hardened" / "all.yaml").write_text(APP + "---\n" + POLICY + MORE)
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "--against", "hardened", cwd=shop)
    last = "None of 5 observed connections would break. Not counted: 1 was dropped already when it was seen.\n"
    assert (ran.code, ran.out) == (0, last)


def test_what_is_folded_or_unknown_is_never_said_to_pass(shop: Path) -> None:
    """Of addresses that are not told apart it is said what holds for all; where they differ, that it may break."""
    (shop / "log.csv").write_text("source,destination,port,protocol\nelsewhere,shop/web,8080,tcp\n")
    policy = POLICY.partition("  ingress:")[0].replace("name: db, namespace: data", "name: web, namespace: shop")
    policy = policy.replace("app: db", "app: web")
    part = "  ingress:\n    - from: [{ipBlock: {cidr: 203.0.113.0/24}}]\n"
    for rules, code, words in (
        ("  ingress: [{}]\n", 0, "None of 1 observed connection would break."),
        ("", 1, "1 of 1 observed connection would break."),
        (part, 1, "0 of 1 observed connection would break, 1 may break."),
    ):
        (shop / "policy.yaml").write_text(policy + rules)
        ran = crenel("flows", "log.csv", "-f", "app.yaml", "--with", "policy.yaml", cwd=shop)
        assert (ran.code, ran.out.splitlines()[-1]) == (code, words)


def test_wrong_use_is_one_line(shop: Path) -> None:
    """Options that make no sense are refused before anything is read."""
    for arguments, message in (
        (["--memory", "lots"], "--memory lots: write a size such as 512MB or 2GB"),
        (
            ["--against", "app.yaml", "--with", "policy.yaml"],
            "--against is a whole state: it goes without --with and --without",
        ),
        (["--with", "policy.yaml", "-o", "csv"], "what would break is written as table, json or md"),
    ):  # fmt: skip
        ran = crenel("flows", "log.csv", "-f", "app.yaml", *arguments, cwd=shop)
        assert ran.code == 2
        assert message in ran.err


def test_without_duckdb_one_line_says_what_to_install(shop: Path) -> None:
    """The extra is named where it is missing, and no other command needs it."""
    (shop / "duckdb.py").write_text("raise ImportError")
    code = "import sys; sys.path.insert(0, '.'); from crenel.cli.main import main; sys.exit(main())"
    ran = run([sys.executable, "-c", code, "flows", "log.csv", "-f", "app.yaml"], cwd=shop)
    assert (ran.code, ran.out) == (2, "")
    assert "reading flows needs DuckDB: pip install 'crenel[flows]'" in ran.err
    assert run([sys.executable, "-c", code, "map", "-f", "app.yaml"], cwd=shop).code == 0


def test_an_earlier_state_says_whose_an_address_was(shop: Path) -> None:
    """--earlier has a pod that is gone by now; one that cannot be read is an error, and the rest is answered."""
    pod = {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "cart-x", "namespace": "shop", "creationTimestamp": "2024-01-01T00:00:00Z"},
        "spec": {"containers": [{"name": "c", "image": "i"}]}, "status": {"podIP": "10.1.0.5", "phase": "Running"},
    }  # fmt: skip
    (shop / "old.json").write_text(json.dumps(pod))
    (shop / "log.csv").write_text("source,destination,port,protocol,start\n10.1.0.5,8.8.8.8,53,udp,2024-01-02\n")
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "--earlier", "old.json", "-o", "csv", cwd=shop)
    assert ran.code == 0
    assert ran.out.splitlines()[1].startswith("shop/cart-x,8.8.8.8,UDP,53,1,")
    ran = crenel("flows", "log.csv", "-f", "app.yaml", "--earlier", "missing", cwd=shop)
    assert ran.code == 2
    assert "error: missing: not all of it could be read" in ran.err
    assert "10.1.0.5  8.8.8.8" in ran.out

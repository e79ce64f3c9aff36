"""`crenel prove`: the real command on real files."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from cli import shop
from command import ROOT, Ran, crenel
from output.shapes import Proof

HEAD = "schema: crenel/intents/v1\nintents:\n"
HOLDS = "- {name: web works, allow: {from: shop/web, to: 'shop/cart:8080'}}\n"
VIOLATED = "- {name: no db, reason: it is ours, deny: {from: shop/web, to: data/db}}\n"
NOBODY = "- {deny: {from: shop/wbe, to: data/db}}\n"
UNREADABLE = "- {deny: {from: shop, to: data/db}}\n"
WRONG = "- {permit: {from: shop/web, to: data/db}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the shop and its policy."""
    shop.write(tmp_path / "shop", app=shop.APP, policy=shop.POLICY + shop.MORE)
    return tmp_path


def on(home: Path, statements: str, *arguments: str) -> Ran:
    """Run `crenel prove` on some statements."""
    (home / "crenel.yaml").write_text(HEAD + statements, "utf-8")
    return crenel("prove", "crenel.yaml", "-f", "shop", *arguments, cwd=home)


def test_all_hold(home: Path) -> None:
    """A line for each statement, and exit code 0."""
    report = "holds       web works: allowed for 1 pair\n1 statement: 1 holds\n"
    assert on(home, HOLDS) == (0, report, "")


def test_violated(home: Path) -> None:
    """The counterexample with the rule that lets it through, its place, and what mends it."""
    ran = on(home, HOLDS + VIOLATED)
    assert ran.code == 1
    assert ran.err == ""
    assert ran.out.startswith(
        "holds       web works: allowed for 1 pair\n"
        "violated    no db  crenel.yaml:4\n"
        "            because: it is ours\n"
        "            shop/web to data/db TCP/5432 is allowed\n"
    )
    assert "ingress  allows  networkpolicy data/db ingress rule 2 allows it\n" in ran.out
    assert "                  shop/policy.yaml:" in ran.out
    assert "            the smallest change that forbids it:\n" in ran.out
    assert ran.out.endswith("2 statements: 1 holds, 1 violated\n")
    assert on(home, VIOLATED, "--exit-zero").code == 0


@pytest.mark.parametrize(
    ("statements", "code"),
    [
        (HOLDS, 0),
        (HOLDS + VIOLATED, 1),
        (HOLDS + UNREADABLE, 2),
        (VIOLATED + NOBODY + UNREADABLE, 2),
        (HOLDS + WRONG, 2),
        (HOLDS + NOBODY, 3),
        (VIOLATED + NOBODY, 3),
        ("  []\n", 3),
    ],
)
def test_exit_codes(home: Path, statements: str, code: int) -> None:
    """2 over 3 over 1 over 0; nothing passes for having no statement."""
    assert on(home, statements).code == code


@pytest.mark.parametrize("output", ["json", "junit", "md"])
def test_formats_have_the_same_exit_codes(home: Path, output: str) -> None:
    """A report for programs fails as the table does."""
    assert on(home, VIOLATED + NOBODY, "-o", output).code == 3


def test_problems_have_their_place(home: Path) -> None:
    """What cannot be read is one line with file, line and field; the others are judged all the same."""
    ran = on(home, WRONG + UNREADABLE + HOLDS)
    assert "error: crenel.yaml:3: intents[0]: a statement has exactly one of allow, deny, only" in ran.err
    assert "error: crenel.yaml:4: intents[1].deny.from: cannot read 'shop'" in ran.err
    assert "2 statements: 1 holds, 1 unreadable\n" in ran.out


def test_a_file_without_intents(home: Path) -> None:
    """Manifests in the place of intents are wrong use."""
    ran = crenel("prove", "shop", "-f", "shop", cwd=home)
    assert ran.code == 2
    assert "error: shop: no intents are declared here: a document needs schema: crenel/intents/v1" in ran.err


def test_json(home: Path) -> None:
    """The shape is that of docs/json.md."""
    ran = on(home, HOLDS + VIOLATED, "-o", "json")
    found = msgspec.json.decode(ran.out, type=Proof)
    first, second = found.statements
    assert (first.state, first.counterexample, first.change, first.examined) == ("holds", None, None, 1)
    assert (second.name, second.verb, second.reason, second.line) == ("no db", "deny", "it is ours", 4)
    assert second.counterexample is not None
    assert (second.counterexample.source, second.counterexample.traffic) == ("shop/web", "TCP/5432")
    assert [each.certainty for each in second.connections] == ["sure"]
    assert second.change is not None and second.change.closes
    assert found.summary == {"holds": 1, "violated": 1, "unknown": 0, "nothing": 0, "unreadable": 0}


def test_junit(home: Path) -> None:
    """A case for each statement; what is about nobody is an error, not a pass."""
    ran = on(home, HOLDS + VIOLATED + NOBODY, "-o", "junit")
    root = ET.fromstring(ran.out)  # noqa: S314 - our own output
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("3", "1", "1")
    (suite,) = root
    assert suite.attrib["name"] == "crenel.yaml"
    works, violated, nobody = suite
    assert (works.attrib["name"], len(works)) == ("web works", 0)
    assert (violated.attrib["line"], violated[0].tag) == ("4", "failure")
    assert violated[0].attrib["message"] == "shop/web to data/db TCP/5432 is allowed"
    assert "the smallest change" in str(violated[0].text)
    assert nobody[0].tag == "error"
    root = ET.fromstring(on(home, WRONG + HOLDS, "-o", "junit").out)  # noqa: S314 - our own output
    assert (root.attrib["tests"], root.attrib["errors"], root[0][1].attrib["name"]) == ("2", "1", "intents[0]")


def test_markdown(home: Path) -> None:
    """A table of all, and a part for each that does not hold."""
    ran = on(home, HOLDS + VIOLATED, "-o", "md")
    assert ran.out.startswith("**2 statements: 1 holds, 1 violated**\n")
    assert "### no db (`crenel.yaml:4`)\n" in ran.out
    assert "| ingress | allows | networkpolicy data/db ingress rule 2 allows it |" in ran.out


def test_before_it_is_applied(home: Path) -> None:
    """A change can be proved before it lands: as if files were applied, or objects deleted."""
    shop.write(home / "closed", policy=shop.POLICY)
    assert on(home, VIOLATED, "--with", "closed/policy.yaml").code == 0
    assert on(home, HOLDS + VIOLATED, "--without", "networkpolicy/data/db").code == 1


def test_intents_may_lie_beside_manifests(home: Path) -> None:
    """The file is no error where the folder is read as manifests."""
    (home / "shop" / "crenel.yaml").write_text(HEAD + HOLDS, "utf-8")
    assert crenel("prove", "shop", "-f", "shop", cwd=home) == (
        0, "holds       web works: allowed for 1 pair\n1 statement: 1 holds\n", "",
    )  # fmt: skip
    ran = crenel("map", "-f", "shop", cwd=home)
    assert (ran.code, ran.err) == (0, "")


def test_the_example_is_proved() -> None:
    """The example application is what its own statements say."""
    ran = crenel("prove", "examples/shop/crenel.yaml", "-f", "examples/shop", cwd=ROOT)
    assert ran.code == 0
    assert ran.out.endswith("15 statements: 15 hold\n")

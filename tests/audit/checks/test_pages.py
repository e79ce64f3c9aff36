"""Every check has a page whose example triggers it, and whose remedy mends it."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from audit.asking import found
from command import ROOT
from crenel.audit.catalogue import SECTIONS, Rule, rules
from crenel.audit.standards import mappings

CONFIG = re.compile(r"\A# crenel\.toml: (.+)$", re.MULTILINE)
TIME = re.compile(r"\A# crenel audit --at (\S+)$", re.MULTILINE)
BLOCK = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
IDS = [rule.check.id for rule in rules()]


def named(rule: Rule) -> str:
    """The name of a test case."""
    return rule.check.id


def test_ids_are_unique_and_name_their_files() -> None:
    """A check's file is named after its id, and no two have the same."""
    assert len(set(IDS)) == len(IDS)
    files = {path.stem for path in (ROOT / "src" / "crenel" / "audit" / "checks").glob("*.py")} - {"__init__"}
    assert files == {each.lower().replace("-", "_") for each in IDS}
    assert all(re.fullmatch(r"[A-Z]{2}-\d\d", each) for each in IDS)


def test_every_check_has_its_test() -> None:
    """A check comes with a test of the same name, and a test without a check is gone."""
    tests = {path.stem for path in Path(__file__).parent.glob("test_??_??.py")}
    assert tests == {f"test_{each.lower().replace('-', '_')}" for each in IDS}


@pytest.mark.parametrize("rule", rules(), ids=named)
def test_pages_have_their_sections(rule: Rule) -> None:
    """A page says what the check does, why it is bad, shows an example, the fix and the references; in that order."""
    assert tuple(rule.sections) == SECTIONS
    assert all(rule.sections.values())
    assert rule.summary.endswith(".")
    assert BLOCK.search(rule.sections["Example"])
    assert rule.sections["References"].startswith("- ")


@pytest.mark.parametrize("rule", rules(), ids=named)
def test_the_example_triggers_the_check(rule: Rule) -> None:
    """The example of a page has a finding of its check, with a message and something to do."""
    mine = _mine(rule, BLOCK.findall(rule.sections["Example"])[0])
    assert mine
    assert all(each["message"] and each["fix"] for each in mine)
    assert all(not str(each["message"]).endswith(".") for each in mine), "renderers end the sentence"


@pytest.mark.parametrize("rule", [each for each in rules() if BLOCK.search(each.sections["Fix"])], ids=named)
def test_the_remedy_mends_it(rule: Rule) -> None:
    """The example with the remedy of the page has no finding of its check."""
    remedy = BLOCK.findall(rule.sections["Fix"])[0]
    whole = remedy if "kind: Deployment" in remedy or "kind: Pod\n" in remedy else f"{_example(rule)}---\n{remedy}"
    assert not _mine(rule, whole)


def _example(rule: Rule) -> str:
    text: str = BLOCK.findall(rule.sections["Example"])[0]
    return text


def _mine(rule: Rule, text: str) -> list[dict[str, object]]:
    """The findings of the check; the first line of an example may say what ``crenel.toml`` has, or what time it is."""
    with TemporaryDirectory() as folder:
        config = Path(folder) / "crenel.toml"
        config.write_text("\n".join(CONFIG.findall(text)), "utf-8")
        at = [part for time in TIME.findall(text) for part in ("--at", time)]
        return [each for each in found(text, "--config", str(config), *at) if each["check"] == rule.check.id]


def test_standards_are_marked() -> None:
    """Each row of the mappings names a check by an id that can be one, and a standard of the table."""
    assert all(re.fullmatch(r"[A-Z]{2}-\d\d", each.check) for each in mappings().references)
    assert {each.standard.id for each in mappings().references} == set(mappings().standards)
    assert any(each.own for each in mappings().references)
    assert any(not each.own for each in mappings().references)

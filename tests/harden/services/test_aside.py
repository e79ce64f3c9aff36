"""What the user has set aside, with a reason, is changed only when that is confirmed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from audit.pieces import deployment, service
from command import crenel
from crenel.audit.settings import ConfiguredIgnore, Settings
from crenel.harden.services import Plan
from harden.services.planning import AZURE, BALANCED, INTERNET_FOR_WEB, ids, planned

DAY = dt.date(2026, 11, 1)
NEEDED = "allow: {from: 10.20.0.0/16, to: 'shop/admin:8080'}"
TEXT = AZURE + BALANCED
TABLE = """[[set-aside]]
checks = ["SV"]
objects = ["service shop/admin"]
reason = "the old office"
until = 9999-01-01
"""


def plan_of(folder: Path, text: str, settings: Settings, **wishes: object) -> Plan:
    return planned(folder, text, NEEDED, settings=settings, **wishes)


def test_without_it(tmp_path: Path) -> None:
    """The change is sure."""
    found = plan_of(tmp_path, TEXT, Settings(today=DAY))
    assert "service shop/admin: internal" in ids(found.made)
    assert not [each for each in found.waiting if "set aside" in each.question]


@pytest.mark.parametrize(("objects", "until", "aside"), [
    (("service shop/*",), dt.date(2027, 1, 1), True),
    ((), dt.date(2027, 1, 1), True),
    (("service other/*",), dt.date(2027, 1, 1), False),
    (("service shop/*",), dt.date(2026, 1, 1), False),
])  # fmt: skip
def test_by_the_configuration(tmp_path: Path, objects: tuple[str, ...], until: dt.date, aside: bool) -> None:
    """A table of ``crenel.toml`` counts until its day, for its objects, and its reason is told."""
    table = ConfiguredIgnore(("SV",), "the old office", until, objects=objects)
    found = plan_of(tmp_path, TEXT, Settings(ignores=[table], today=DAY))
    assert ("service shop/admin: internal" in ids(found.waiting)) is aside
    assert ("service shop/admin: internal" in ids(found.made)) is not aside
    if aside:
        (change,) = [each for each in found.waiting if each.name == "internal"]
        assert change.question.startswith("SV-")
        assert "set aside for service shop/admin (the old office, until 2027-01-01): change it all" in change.question
        assert found.component == {}
        settings = Settings(ignores=[table], today=DAY)
        confirmed = plan_of(tmp_path, TEXT, settings, confirmed=("service shop/admin: internal",))
        assert "service shop/admin: internal" in ids(confirmed.made)


def test_a_check_that_is_ignored(tmp_path: Path) -> None:
    """What is not looked for is not mended without asking."""
    found = plan_of(tmp_path, TEXT, Settings(ignore=("SV",), today=DAY))
    assert "service shop/admin: internal" in ids(found.waiting)
    assert "is ignored: change it all the same?" in found.waiting[0].question


def test_a_comment(tmp_path: Path) -> None:
    """A comment counts where it stands, until its day; one without a reason sets nothing aside."""
    other = deployment("web") + service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080}]")
    for comment, aside in (
        ("# crenel: ignore[SV-02, SV-03, SV-10] until 2027-01-01: the old office", True),
        ("# crenel: ignore[SV-02, SV-03, SV-10] until 2026-01-01: the old office", False),
        ("# crenel: ignore[SV-02, SV-03, SV-10] until 2027-01-01:", False),
        ("# crenel: ignore[NP-01] until 2027-01-01: the old office", False),
    ):
        text = AZURE + BALANCED.replace("apiVersion: v1\nkind: Service", f"{comment}\napiVersion: v1\nkind: Service")
        found = planned(tmp_path, text + other, NEEDED, INTERNET_FOR_WEB, settings=Settings(today=DAY))
        waiting = [each.id for each in found.waiting if "the old office" in each.question]
        assert bool(waiting) is aside, comment
        assert all(each.startswith("service shop/admin") for each in waiting)


def test_the_command(tmp_path: Path) -> None:
    """The file is that which the audit reads; one that is not understood is wrong use."""
    (tmp_path / "app.yaml").write_text(TEXT)
    (tmp_path / "crenel.yaml").write_text(f"schema: crenel/intents/v1\nintents:\n- {{{NEEDED}}}\n")
    asked = ("harden", "-f", "app.yaml", "--intents", "crenel.yaml", "--services")
    assert "What waits" not in crenel(*asked, cwd=tmp_path).out
    (tmp_path / "crenel.toml").write_text(TABLE)
    ran = crenel(*asked, cwd=tmp_path)
    assert "set aside for service shop/admin (the old office, until 9999-01-01)" in ran.out.partition("What waits")[2]
    (tmp_path / "crenel.toml").write_text("nonsense = 1\n")
    wrong = crenel(*asked, cwd=tmp_path)
    assert wrong.code == 2
    assert "crenel.toml" in wrong.err
    assert crenel("harden", "-f", "app.yaml", cwd=tmp_path).code == 0

"""`crenel diff`: the real command on real files and revisions."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from cli import shop
from command import Ran, crenel, run
from output.shapes import Difference


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the shop in four states: without a policy, with it, with a rule more, and with one possible."""
    shop.write(tmp_path / "open", app=shop.APP)
    shop.write(tmp_path / "old", app=shop.APP, policy=shop.POLICY)
    shop.write(tmp_path / "new", app=shop.APP, policy=shop.POLICY + shop.MORE)
    shop.write(tmp_path / "maybe", app=shop.APP, policy=shop.POLICY + shop.NARROW)
    return tmp_path


def on(home: Path, *arguments: str) -> Ran:
    """Run `crenel diff` in a folder."""
    return crenel("diff", *arguments, cwd=home)


def test_added(home: Path) -> None:
    """What became possible, the policy that caused it, and where it stands."""
    report = (
        "1 connection added, none removed\n"
        "\n"
        "   SOURCE    DESTINATION  TRAFFIC\n"
        "+  shop/web  data/db      TCP/5432\n"
        "\n"
        "CHANGE   OBJECT                 WHERE\n"
        "changed  networkpolicy data/db  new/policy.yaml:1\n"
    )
    assert on(home, "old", "new") == (1, report, "")
    assert on(home, "old", "new", "--exit-zero").code == 0


def test_removed(home: Path) -> None:
    """What became impossible."""
    ran = on(home, "new", "old")
    assert ran.code == 1
    assert ran.out.startswith("1 connection removed, none added\n")
    assert "-  shop/web  data/db      TCP/5432\n" in ran.out


def test_possible(home: Path) -> None:
    """What is now possible, but not certain, says so."""
    ran = on(home, "old", "maybe", "-n", "shop")
    assert "+  shop/web     data/db      TCP/5432  now possible\n" in ran.out.replace("shop/web  ", "shop/web     ")


def test_no_difference(home: Path) -> None:
    """The same meaning in other words is no difference, in every format, and exit code 0."""
    split = shop.POLICY.replace("name: db,", "name: again,")
    shop.write(home / "split", app=shop.APP, other=split, policy=shop.POLICY)
    assert on(home, "old", "split") == (0, "No connection differs.\n", "")
    found = msgspec.json.decode(on(home, "old", "split", "-o", "json").out, type=Difference)
    assert (found.added, found.removed, found.causes) == ([], [], [])
    assert on(home, "old", "split", "-o", "md").out.startswith("No connection differs.")


def test_json(home: Path) -> None:
    """The JSON has the documented shape."""
    found = msgspec.json.decode(on(home, "old", "new", "-o", "json").out, type=Difference)
    [added] = found.added
    assert (added.source, added.destination, added.certainty) == ("shop/web", "data/db", "sure")
    assert (added.before, added.after, added.causes) == ("none", "sure", ["networkpolicy data/db"])
    [cause] = found.causes
    assert (cause.title, cause.change, cause.file, cause.line) == (
        "networkpolicy data/db",
        "changed",
        "new/policy.yaml",
        1,
    )


def test_markdown(home: Path) -> None:
    """Fit for a comment on a pull request."""
    assert on(home, "old", "new", "-o", "md").out == (
        "**1 connection added, none removed** (`old` → `new`)\n"
        "\n"
        "**Added**\n"
        "\n"
        "| Source | Destination | Traffic |\n"
        "| --- | --- | --- |\n"
        "| `shop/web` | `data/db` | TCP/5432 |\n"
        "\n"
        "**Causes**\n"
        "\n"
        "| Change | Object | Where |\n"
        "| --- | --- | --- |\n"
        "| changed | `networkpolicy data/db` | `new/policy.yaml:1` |\n"
    )


def test_revisions(home: Path) -> None:
    """`git:REV:PATH` is a revision of the repository that the command runs in."""
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    for arguments in (["init", "-q"], ["add", "old"], ["commit", "-q", "-m", "first"]):
        assert run([*git, *arguments], cwd=home).code == 0
    (home / "old" / "policy.yaml").write_text(shop.POLICY + shop.MORE)
    ran = on(home, "git:main:old", "old")
    assert (ran.code, ran.out.splitlines()[0]) == (1, "1 connection added, none removed")
    assert on(home, "git:main:old", "git:HEAD:old").code == 0
    assert "git:main:old/policy.yaml:1" in on(home, "old", "git:main:old").out
    assert on(home, "git:nope", "old").code == 2


def test_namespace(home: Path) -> None:
    """`-n` keeps what touches a namespace; one that neither side has is wrong use."""
    assert on(home, "open", "old", "-n", "data").code == 1
    assert on(home, "old", "new", "-n", "shop").out == on(home, "old", "new").out
    shop.write(home / "more", app=shop.APP.replace("namespace: data", "namespace: far"), policy=shop.POLICY)
    assert "data/db" not in on(home, "old", "more", "-n", "far").out
    assert on(home, "old", "new", "-n", "nope") == (
        2,
        "",
        "crenel: no workload in namespace 'nope' on either side\n",
    )


def test_bad_side(home: Path) -> None:
    """A side that cannot be read is exit code 2 whatever the other one says."""
    ran = on(home, "old", "absent")
    assert (ran.code, ran.err) == (2, "error: absent: no such file or directory\n")
    assert on(home, "-", "-").err.startswith("crenel: standard input can be read only once\n")


def test_nothing_examined(home: Path) -> None:
    """Two sides without a workload are no "no difference": exit code 3."""
    shop.write(home / "alone", policy=shop.POLICY)
    assert on(home, "alone", "alone") == (
        3,
        "No connection differs.\n",
        "nothing was examined: there is no workload in the input\n",
    )


def test_not_enforced(home: Path) -> None:
    """A difference of policies that nothing enforces says so."""
    shop.write(home / "old", cni=shop.FLANNEL)
    shop.write(home / "new", cni=shop.FLANNEL)
    ran = on(home, "old", "new")
    assert ran.out.splitlines()[1].startswith("warning: not enforced: Flannel does not enforce")
    assert ran.err.count("note: not enforced") == 1
    assert "> **Warning:** not enforced" in on(home, "old", "new", "-o", "md").out

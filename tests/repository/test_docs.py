"""The documentation: complete, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.labs import gone
from command import ROOT
from crenel.cli.main import COMMANDS
from crenel.cli.parser import build_parser, load_command
from kernel.needs import needs_namespaces
from sessions import LAB, pages, updated, why_no_labs

COMMON = ROOT / "docs" / "commands" / "common-options.md"
SHARED_GROUPS = {"filter", "input", "report"}
"""The groups of options that are documented once."""


def prose(path: Path) -> str:
    """A page without its fenced blocks: what a person wrote."""
    return re.sub(r"^```.*?^```$", "", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def page_of(command: str) -> Path:
    """The page of a command."""
    return ROOT / "docs" / "commands" / f"{command}.md"


def arguments(command: str) -> list[tuple[str, str]]:
    """The names of a command's arguments, each with the group it is in."""
    found = []
    for group in build_parser("crenel", command, load_command(command))._action_groups:
        for action in group._group_actions:
            name = action.option_strings[-1] if action.option_strings else str(action.metavar)
            found.append((str(group.title), name))
    return found


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented(command: str) -> None:
    """A page explains each argument of its command; those that commands share are explained once."""
    own, common = prose(page_of(command)), prose(COMMON)
    for group, name in arguments(command):
        text = common if group in SHARED_GROUPS else own
        assert name == "--help" or re.search(rf"`[^`]*{re.escape(name)}\b[^`]*`", text), f"{name} is not explained"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_page_shows_the_help(command: str) -> None:
    """A page shows its command's help, which the tests keep true, and the index leads to it."""
    assert f"```console\n$ crenel {command} --help\n" in page_of(command).read_text("utf-8")
    assert f"(commands/{command}.md)" in (ROOT / "docs" / "index.md").read_text("utf-8")


def test_no_page_without_a_command() -> None:
    """A command that is gone takes its page with it."""
    found = {path.stem for path in (ROOT / "docs" / "commands").glob("*.md")}
    assert found == {*COMMANDS, COMMON.stem}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_outputs_are_real(page: Path) -> None:
    """Every session shown is what the commands print; `make docs` writes it. Sessions with a lab need one."""
    text = page.read_text("utf-8")
    why = why_no_labs()
    assert text == updated(text, labs=not why)
    if why and LAB.search(text):
        pytest.skip(f"sessions with a lab were not played: {why}")


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Links to other files of the repository point at files."""
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose(page))
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_sessions_are_played() -> None:
    """Outputs are replaced, exit codes carried on, `make` only shown, and the rest of a page left alone."""
    page = "a\n```console\n$ false\nold\n$ echo $? >&2\n$ make demo\nkept\n```\n```sh\n$ echo b\nc\n```\n"
    assert updated(page) == page.replace("old\n", "").replace(">&2\n", ">&2\n1\n")


LAB_SESSION = """```console
$ crenel lab list
kept
$ echo $?
kept
```
"""


def test_sessions_with_labs_are_kept_where_there_are_none() -> None:
    """Where no lab can be built, a session with one stays as it is, to its end; the help needs no lab."""
    assert updated(LAB_SESSION, labs=False) == LAB_SESSION
    assert updated(LAB_SESSION) == LAB_SESSION.replace("list\nkept", "list").replace("kept", "3")
    help_page = "```console\n$ crenel lab --help | head -n 0\nold\n```\n"
    assert updated(help_page, labs=False) == help_page.replace("old\n", "")


POD = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: a}]}}"


@needs_namespaces
def test_sessions_leave_no_lab_behind(tmp_path: Path) -> None:
    """The commands of a session share a folder for labs, and what is up at its end is down afterwards."""
    page = f"""```console
$ echo '{POD}' | crenel lab -f - --keep --name left > {tmp_path}/report 2>&1
$ crenel lab list
$ crenel lab --exec default/a --name left -- readlink /proc/self/ns/net
$ false
$ echo $?
```
"""
    played = updated(page)
    assert "list\nleft  1 pod on 1 node\n" in played
    assert played.endswith("$?\n1\n```\n")
    (inside,) = re.findall(r"^net:\[(\d+)\]$", played, re.MULTILINE)
    assert gone(int(inside))

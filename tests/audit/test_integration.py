"""The hook for pre-commit and the action for GitHub: what they run, runs; nothing of the outside is in a script."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.pieces import DENY, deployment
from command import ROOT, SCRIPTS

HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a commit of a closed application, and an open one in its work tree."""
    folder = tmp_path / "repo with spaces"
    folder.mkdir()
    (folder / "deploy.yaml").write_text(deployment("web") + deployment("db") + DENY)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"]):
        name = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *name, *command], cwd=folder, check=True)
    (folder / "deploy.yaml").write_text(deployment("web") + deployment("db"))
    return folder


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: str(hook["id"]))
def test_hooks_run(hook: dict[str, Any], repository: Path) -> None:
    """What a hook calls ends with 1 for findings, and is not given single files."""
    assert hook["pass_filenames"] is False
    program, *arguments = f"{hook['entry']} {' '.join(hook['args'])}".split()
    ran = subprocess.run(
        [str(SCRIPTS / program), *arguments], cwd=repository, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1, ran.stderr
    assert "Namespace" in ran.stdout or "namespace shop" in ran.stdout


def test_scripts_get_values_through_the_environment() -> None:
    """No expression stands inside a script, where a branch's name would be code; every input is documented."""
    for step in STEPS:
        assert "${{" not in step.get("run", "")
        assert "run" not in step or step["shell"] == "bash"
    assert all(each["description"] and "default" in each for each in ACTION["inputs"].values())
    used = (ROOT / "action.yml").read_text("utf-8")
    assert all(f"inputs.{name}" in used for name in ACTION["inputs"])
    assert "secrets." not in used


def script(name: str, folder: Path, home: Path, **environment: str) -> tuple[int, str]:
    """Run the script of a step as a runner does. Returns its exit code, and what went wrong."""
    (step,) = [each for each in STEPS if each.get("name") == name]
    values = os.environ | {
        "RUNNER_TEMP": str(home),
        "GITHUB_OUTPUT": str(home / "output"),
        "GITHUB_STEP_SUMMARY": str(home / "summary"),
    }
    assert set(environment) == set(step["env"]), "the step's own variables, and no others"
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder, env=values | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.returncode, ran.stderr


@pytest.fixture
def runner(tmp_path: Path) -> Path:
    """A runner's folder in which Crenel is installed already."""
    home = tmp_path / "runner"
    (home / "crenel" / "bin").mkdir(parents=True)
    (home / "crenel" / "bin" / "crenel").symlink_to(SCRIPTS / "crenel")
    return home


def test_the_audit_step(repository: Path, runner: Path) -> None:
    """It writes SARIF, a summary and the exit code; arguments are one on a line, and are not split or run."""
    arguments = "--select=NP\n--config=no such $(touch hacked) file\n"
    code, err = script("Audit", repository, runner, AUDIT_PATH="deploy.yaml", AUDIT_ARGUMENTS=arguments)
    assert (code, not (repository / "hacked").exists()) == (0, True), err
    assert "code=2\n" in (runner / "output").read_text()
    code, err = script("Audit", repository, runner, AUDIT_PATH="deploy.yaml", AUDIT_ARGUMENTS="--select=NP\n")
    assert code == 0, err
    document = json.loads((runner / "crenel.sarif").read_text())
    assert {each["ruleId"] for each in document["runs"][0]["results"]} == {"NP-01"}
    assert (runner / "output").read_text().endswith("code=1\n")
    assert "1 finding: 1 high" in (runner / "summary").read_text()


def test_the_difference_step(repository: Path, runner: Path) -> None:
    """The comment has what the pull request changes, against its base."""
    base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, capture_output=True, text=True, check=True)
    code, err = script(
        "Difference of connections", repository, runner, AUDIT_PATH="deploy.yaml", BASE=base.stdout.strip()
    )
    assert code == 0, err
    comment = (runner / "crenel-difference.md").read_text()
    assert comment.startswith("<!-- crenel: difference of connections -->\n")
    assert "shop/" in comment


@pytest.mark.parametrize(("known", "method"), [("", "POST"), ("17", "PATCH")])
def test_the_comment_step(repository: Path, runner: Path, known: str, method: str) -> None:
    """The first comment is made, later ones are changes of it. A stand-in for `gh` notes what it is asked."""
    programs = runner / "programs"
    programs.mkdir()
    (programs / "gh").write_text(f'#!/bin/sh\necho "$@" >> "{runner}/asked"\necho "{known}"\n')
    (programs / "gh").chmod(0o755)
    (runner / "crenel-difference.md").write_text("text\n")
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    (step,) = [each for each in STEPS if each.get("name") == "Comment on the pull request"]
    values = os.environ | {
        "PATH": path, "RUNNER_TEMP": str(runner), "GH_TOKEN": "x", "REPOSITORY": "o/r", "NUMBER": "3",
    }  # fmt: skip
    subprocess.run(["bash", "-eo", "pipefail", "-c", step["run"]], cwd=repository, env=values, check=True)
    asked = (runner / "asked").read_text().splitlines()
    assert asked[-1].startswith(f"api --method {method} repos/o/r/issues/")
    assert f"body=@{runner}/crenel-comment.md" in asked[-1]


@pytest.mark.parametrize(
    ("code", "fail", "ended"), [("1", "true", 1), ("1", "false", 0), ("2", "false", 2), ("3", "false", 3)]
)
def test_the_last_step(repository: Path, runner: Path, code: str, fail: str, ended: int) -> None:
    """Findings fail the job unless told otherwise; input that could not be read always does."""
    assert script("Fail on findings", repository, runner, CODE=code, FAIL=fail)[0] == ended


def test_the_install_step_installs_from_the_action() -> None:
    """It takes what is beside it, with the versions that were tested."""
    (step,) = [each for each in STEPS if each.get("name") == "Install Crenel"]
    assert '--constraint "$ACTION_PATH/constraints.txt" "$ACTION_PATH"' in step["run"]
    ran = subprocess.run(["bash", "-n", "-c", step["run"]], check=False)
    assert ran.returncode == 0

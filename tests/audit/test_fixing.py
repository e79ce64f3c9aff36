"""Mechanical fixes, by the command."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from audit.asking import inside
from audit.pieces import DENY, deployment
from editing.test_editing import SERVICE


def test_the_diff_is_a_patch(tmp_path: Path) -> None:
    """What --fix prints can be applied by git, and --write leaves the same; links and modes stay."""
    named = SERVICE.replace("port: 80\n", "port: 80\n      name: a\n").replace("{port: 443,", "{port: 443, name: b,")
    text = deployment("web", more=", hostPort: 9000") + named
    folder = tmp_path / "repo"
    folder.mkdir()
    real = folder / "real.yaml"
    real.write_text(text)
    real.chmod(0o640)
    (folder / "link.yaml").symlink_to("real.yaml")
    ran = inside("-f", str(folder / "link.yaml"), "--fix", "--default-namespace", "shop")
    assert ran.code == 1
    assert real.read_text() == text
    inside("-f", str(folder / "link.yaml"), "--fix", "--write", "--default-namespace", "shop")
    assert (folder / "link.yaml").is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    written = real.read_text()
    real.write_text(text)
    (folder / "link.yaml").unlink()
    (folder / "link.yaml").write_text(text)
    (folder / "networkpolicy-default-deny-shop.yaml").unlink()
    depth = str(folder).count("/") + 1
    subprocess.run(
        ["git", "apply", f"-p{depth}", "--unsafe-paths", "-"], input=ran.out, text=True, cwd=folder, check=True
    )  # fmt: skip
    assert (folder / "link.yaml").read_text() == written
    assert "kind: NetworkPolicy" in (folder / "networkpolicy-default-deny-shop.yaml").read_text()


def test_what_is_no_file_is_only_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of standard input, the diff of the document is printed, and new objects in full; nothing is ever written."""
    monkeypatch.chdir(tmp_path)
    ran = inside(
        "-f", "-", "--fix", "--write", "--select", "NP-01,NP-11", stdin=deployment("web", more=", hostPort: 9000")
    )
    assert ran.code == 1
    assert "--- a/-, document 1\n" in ran.out
    assert "+++ b/networkpolicy-default-deny-shop.yaml\n" in ran.out
    assert "no plain file, only shown" in ran.err
    assert not list(tmp_path.iterdir())


def test_nothing_to_fix() -> None:
    """Without findings the diff is empty and the exit code 0; --write alone is wrong use."""
    text = deployment("web") + DENY
    assert inside("-f", "-", "--fix", "--select", "NP-01", stdin=text) == (0, "", "")
    assert inside("-f", "-", "--write", stdin=text).code == 2

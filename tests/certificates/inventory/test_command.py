"""`crenel certs inventory`: formats, filters, exit codes, and what it says when there is nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import pytest

from certificates.inventory.pieces import DAY, deployment, run, tls, write
from certificates.making import authority, leaf
from command import ROOT, SCRIPTS, crenel
from command import run as run_any
from crenel.cli import certs
from crenel.cli.usage import UsageError
from output.shapes import Certificates

EXAMPLE = ROOT / "examples" / "certificates"
WEB = leaf("web.shop.svc", authority())


def example(*arguments: str) -> list[str]:
    """The lines that the command prints for the example."""
    return crenel("certs", "inventory", "-f", str(EXAMPLE), "--at", DAY, *arguments).out.splitlines()


def test_json_has_its_shape() -> None:
    """No field more or less than documented; the summary is that of the entries."""
    ran = crenel("certs", "inventory", "-f", str(EXAMPLE), "--at", DAY, "-o", "json")
    found = msgspec.json.decode(ran.out, type=Certificates)
    assert ran.code == 1
    assert (found.summary.pairs, found.summary.bundles, found.summary.keys) == (4, 4, 0)
    assert found.summary.findings == sum(len(each.findings) for each in found.entries) == 4
    assert found.summary.certificates == len({one.fingerprint for each in found.entries for one in each.certificates})


def test_the_table() -> None:
    """What is shown, what is trusted, what is wrong, and how much there is."""
    lines = example()
    assert lines[0].split("  ")[0] == "CERTIFICATE"
    assert lines[-1] == "8 certificates in 8 places, 4 findings"
    web = next(line for line in lines if line.startswith("secret shop/web tls.crt"))
    assert web.split("  ")[-1].strip() == "certificate shop/web (CA): working"
    assert "11% of 90d" in web


def test_markdown() -> None:
    """The same, with what is wrong first."""
    lines = example("-o", "md")
    assert lines[0] == "**8 certificates in 8 places, 4 findings**"
    assert lines[2] == "| What is wrong | Where | How |"
    assert sum(line.startswith("| `secret ") for line in lines) == 5


@pytest.mark.parametrize(
    ("namespaces", "expected"),
    [(("linkerd",), 2), (("pay", "linkerd"), 3), (("nowhere",), 0)],
)
def test_namespaces(namespaces: tuple[str, ...], expected: int) -> None:
    """Only what lies in a namespace, or is served there."""
    arguments = [word for each in namespaces for word in ("-n", each)]
    ran = crenel("certs", "inventory", "-f", str(EXAMPLE), "--at", DAY, "-o", "json", *arguments)
    if expected:
        assert len(msgspec.json.decode(ran.out, type=Certificates).entries) == expected
    else:
        assert (ran.code, ran.out) == (3, "")


def test_time(tmp_path: Path) -> None:
    """Everything is judged by the time that is given; without a zone it is UTC."""
    write(tmp_path, [tls("web", WEB)])
    for text, code in (("2026-08-20", 0), ("2026-08-20T00:00:01", 1), ("2026-08-20T01:00:00+01:00", 0)):
        assert crenel("certs", "inventory", "-f", str(tmp_path), "--at", text, "--exit-zero").code == 0
        ran = crenel("certs", "inventory", "-f", str(tmp_path), "--at", text)
        assert ("expired" in ran.out) is bool(code)
    ran = crenel("certs", "inventory", "-f", str(tmp_path), "--at", "soon")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "crenel: --at soon: not a date such as 2026-11-26 or 2026-11-26T10:00:00Z\n"


def test_nothing_examined(tmp_path: Path) -> None:
    """No certificate anywhere is no good news."""
    write(tmp_path, [deployment("web", [])])
    ran = run(tmp_path)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == "nothing was examined: there is no certificate in the input\n"


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is gone, and one that holds nothing."""
    ran = run(tmp_path / "gone.pem")
    assert ran.code == 2 and "gone.pem" in ran.err
    (tmp_path / "empty.pem").write_text("")
    ran = run(tmp_path / "empty.pem")
    assert ran.code == 2
    assert ran.err == f"error: {tmp_path}/empty.pem: file {tmp_path}/empty.pem: empty\n"


def test_colours(tmp_path: Path) -> None:
    """What is wrong is red where colours are wanted."""
    write(tmp_path, [tls("web", leaf("web", authority(), days=1))])
    ran = crenel("certs", "inventory", "-f", str(tmp_path), "--at", DAY, FORCE_COLOR="1")
    assert "\x1b[31mexpired" in ran.out


def test_the_library_is_imported_when_it_is_needed() -> None:
    """Neither help nor another command imports it."""
    code = (
        "import sys; from crenel.cli.main import main\ntry: main()\nfinally: assert 'cryptography' not in sys.modules"
    )
    for arguments in (["certs", "inventory", "--help"], ["map", "-f", str(EXAMPLE)], ["certs", "--help"]):
        ran = run_any([sys.executable, "-c", code, *arguments])
        assert "AssertionError" not in ran.err
    assert (SCRIPTS / "crenel").exists()


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear line says what to install."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(UsageError) as caught:
        certs.run(None)  # type: ignore[arg-type]
    assert str(caught.value) == "certificates need a package that is not installed\nhint: pip install 'crenel[certs]'"

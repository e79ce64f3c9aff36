"""How a run ends that cannot go on: quietly or with one line, never with a traceback nobody asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from command import ROOT, SCRIPTS, Ran, run
from crenel.cli.failures import report_failure
from crenel.cli.usage import UsageError

LONG_REPORT = "from crenel.cli import main; main.HELP = 'x' * 10_000_000; raise SystemExit(main.main())"
STUCK = """
import time
from crenel.cli import main
main.dispatch = lambda *_: (print("ready", flush=True), time.sleep(60))
raise SystemExit(main.main())
"""
BROKEN = "from crenel.cli import main; main.dispatch = lambda *_: {}['a\\nb']; raise SystemExit(main.main())"


def python(code: str, **environment: str) -> Ran:
    """Run a variant of the command."""
    return run([sys.executable, "-c", code], cwd=ROOT, **environment)


def test_reader_that_goes_away() -> None:
    """`crenel ... | head -c1` ends quietly, as other commands do."""
    shell = f'{sys.executable} -c "$0" --help | head -c1; echo ${{PIPESTATUS[0]}}'
    assert run(["bash", "-c", shell, LONG_REPORT]) == (0, "x141\n", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_full_disk() -> None:
    """A report that could not be written is an error, not a success."""
    ran = run(["bash", "-c", f"{SCRIPTS / 'crenel'} --help > /dev/full"])
    assert ran == (2, "", "crenel: No space left on device\n")


def test_closed_stdout() -> None:
    """Without a stdout there is nobody to report to, which is no error."""
    assert run(["bash", "-c", f"{SCRIPTS / 'crenel'} --help >&-"]) == (0, "", "")


def test_interrupt() -> None:
    """Ctrl-C ends the command with 130 and not a word."""
    command = [sys.executable, "-c", STUCK]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"")
    assert process.returncode == 130


def test_internal_error() -> None:
    """A mistake of ours is one line that says how to see more."""
    ran = python(BROKEN)
    said = "crenel: internal error: KeyError: 'a\\nb'\n"
    assert ran.code == 2
    assert ran.err == f"{said}hint: CRENEL_DEBUG=1 shows the traceback; please report it together with the input\n"


def test_traceback_on_demand() -> None:
    """CRENEL_DEBUG=1 shows the traceback."""
    assert "Traceback (most recent call last)" in python(BROKEN, CRENEL_DEBUG="1").err


def test_missing_file_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the system is told with the file that it is about."""
    monkeypatch.setattr("sys.stdout", None)
    assert report_failure("crenel", FileNotFoundError(2, os.strerror(2), "policies.yaml")) == 2
    assert capsys.readouterr().err == "crenel: policies.yaml: No such file or directory\n"


def test_usage_error_without_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """A hint is optional."""
    assert report_failure("crenel", UsageError("two sides are needed")) == 2
    assert capsys.readouterr().err == "crenel: two sides are needed\n"

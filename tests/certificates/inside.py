"""The command line within this process: as `main` runs it, without the cost of starting."""

from __future__ import annotations

import contextlib
import io

from command import Ran
from crenel.cli import inputs
from crenel.cli.main import dispatch
from crenel.cli.usage import UsageError


def inside(*arguments: str) -> Ran:
    """Run `crenel ARGUMENTS`."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = dispatch("crenel", list(arguments))
        except UsageError as error:
            code = 2
            err.write(f"crenel: {error}\n")
        finally:
            inputs.resume_collector()
    out.flush()
    buffer = out.buffer
    assert isinstance(buffer, io.BytesIO)
    return Ran(code, buffer.getvalue().decode(), err.getvalue())

"""The configuration file ``crenel.toml`` of commands that look for findings."""

from pathlib import Path
from typing import TYPE_CHECKING

from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.audit.config import Configuration


def read(named: str | None = None) -> "Configuration":
    """What a file says: the one that is `named`, or else the nearest in the current directory or above it.

    Raises:
        UsageError: it cannot be read, or says something that is not understood.
    """
    from crenel.audit import config

    here = Path.cwd()
    path = Path(named) if named else config.find(here)
    if path is None:
        return config.Configuration()
    shown = named or (path.name if path.parent == here else str(path))
    try:
        return config.read(path, shown)
    except config.ConfigError as error:
        raise UsageError(str(error)) from None

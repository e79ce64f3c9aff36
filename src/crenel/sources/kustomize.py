"""Building a kustomization: ``kubectl kustomize DIR``, so that what is read is what would be applied."""

from __future__ import annotations

import re
from pathlib import Path

from crenel.provenance import Origin, Problem
from crenel.sources.commands import CommandError, output
from crenel.sources.document import Reading
from crenel.sources.manifests import ManifestReader

FILE_NAMES = frozenset(("kustomization.yaml", "kustomization.yml", "Kustomization"))
"""The names that kustomize looks for."""
_LOGGED = re.compile(r'"command failed" err="(.*)"$')


def build(source: str, directory: Path, reader: ManifestReader) -> Reading:
    """Read the objects that a kustomization yields; lines are those of the rendered text.

    `source` names the directory as the user would; origins say ``SOURCE (kustomize)``. kubectl missing, or refusing, is
    one problem. kubectl loads what the kustomization names, remote bases included, and runs no plugins.
    """
    name = f"{source} (kustomize)"
    try:
        rendered = output(["kubectl", "kustomize", str(directory.resolve())])
    except CommandError as error:
        message = f"the kustomization cannot be built: {_reason(str(error))}"
        return Reading(problems=[Problem(message, Origin(name))], examined=1)
    return reader.read(name, rendered)


def _reason(message: str) -> str:
    """Return what kubectl complains of, out of the log line that it may stand in."""
    logged = _LOGGED.search(message)
    return logged[1].replace('\\"', '"') if logged else message.removeprefix("error: ")

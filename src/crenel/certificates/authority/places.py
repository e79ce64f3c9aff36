"""All consumers at once: read, written, and read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from crenel.certificates.authority import folders, secrets
from crenel.certificates.authority.contents import Contents, Held
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.state import Consumer


def read(consumers: Sequence[Consumer]) -> dict[str, Held]:
    """What was last written for each consumer, by name."""
    files: dict[str, secrets.Files | str] = {}
    found: dict[str, Held] = {}
    for each in consumers:
        if each.kind == "folder":
            found[each.name] = folders.read(Path(each.path))
            continue
        if each.path not in files:
            files[each.path] = _file(each.path)
        known = files[each.path]
        found[each.name] = Held(problem=known) if isinstance(known, str) else secrets.held(known, each.secret)
    return found


def seen(consumers: Sequence[Consumer], written: Mapping[str, Held], deployed: secrets.Files | None) -> dict[str, Held]:
    """What is known to be in use: for Secrets not what was written but what the cluster says that it has."""
    if deployed is None:
        unknown = Held(problem="what the cluster has is not known: give its Secrets by --deployed", is_unknown=True)
        return {each.name: written[each.name] if each.kind == "folder" else unknown for each in consumers}
    return {
        each.name: written[each.name] if each.kind == "folder" else secrets.held(deployed, each.secret)
        for each in consumers
    }


def write(wanted: Sequence[tuple[Consumer, Contents]]) -> dict[str, str]:
    """Write, and return why some could not be, by name."""
    by_folder = {Path(each.path): contents for each, contents in wanted if each.kind == "folder"}
    failed_folders = folders.write(by_folder)
    failed = {
        each.name: failed_folders[Path(each.path)]
        for each, _ in wanted
        if each.kind == "folder" and Path(each.path) in failed_folders
    }
    by_file: dict[str, list[tuple[Consumer, Contents]]] = defaultdict(list)
    for each, contents in wanted:
        if each.kind == "secret":
            by_file[each.path].append((each, contents))
    for path, group in by_file.items():
        if reason := _rewrite(Path(path), {each.secret: contents for each, contents in group}):
            failed |= {each.name: reason for each, _ in group}
    return failed


def _file(path: str) -> secrets.Files | str:
    try:
        return secrets.read(Path(path))
    except AuthorityError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"


def _rewrite(path: Path, wanted: Mapping[str, Contents]) -> str:
    try:
        secrets.write(path, secrets.read(path), wanted)
    except AuthorityError as error:
        return str(error)
    except OSError as error:
        return f"{path}: {error.strerror}"
    return ""

"""The files of a hardening, and the folder that they are put in: a new one, or one that an earlier run made."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from crenel.editing.exchange import exchange
from crenel.harden.policies.model import Policy, Written
from crenel.harden.policies.text import MARK, document, scalar
from crenel.kubernetes.objects.policies import NetworkPolicy

INDEX = "kustomization.yaml"
SUMS = "SHA256SUMS"
"""How all other files of a folder were written, as ``sha256sum -c`` reads it."""


class TakenError(Exception):
    """The folder holds something that no run of ours wrote. The message is one line for a person."""

    def __init__(self, message: str, hint: str = "name a folder that is not there yet") -> None:
        super().__init__(message)
        self.hint = hint


_EDITED = "name another folder to compare with; or delete the file, and it is written anew"


def of_policies(policies: Sequence[Policy]) -> Iterator[Written]:
    """One file for each workload, and one for what holds for a namespace."""
    together: dict[str, list[Policy]] = defaultdict(list)
    for policy in policies:
        together[f"{policy.namespace}/{_name(policy)}.yaml"].append(policy)
    for path, found in together.items():
        names = tuple(f"{each.namespace}/{each.name}" for each in found)
        yield Written(path, f"{MARK}\n" + "---\n".join(map(document, found)), names)


def _name(policy: Policy) -> str:
    if policy.workload is None:
        return policy.name
    for direction in policy.directions:
        stem = policy.name.removesuffix("-crenel").removesuffix(f"-{direction.value}")
        if stem:
            return stem
    return policy.name


def index(files: Sequence[Written]) -> Written:
    """The kustomization that applies all files."""
    lines = [MARK, "apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:"]
    lines += [f"  - {scalar(each.path)}" for each in sorted(files, key=lambda each: each.path)]
    return Written(INDEX, "\n".join(lines) + "\n")


def removal(policies: Sequence[NetworkPolicy]) -> Written:
    """The kustomize component that takes policies away."""
    lines = [MARK, "apiVersion: kustomize.config.k8s.io/v1alpha1", "kind: Component", "patches:"]
    for each in policies:
        lines += [
            "  - patch: |-",
            "      $patch: delete",
            f"      apiVersion: {each.api_version}",
            f"      kind: {each.kind}",
            "      metadata:",
            f"        name: {scalar(each.name)}",
            f"        namespace: {scalar(each.namespace)}",
        ]
    return Written(f"tighten/{INDEX}", "\n".join(lines) + "\n")


def sums(files: Sequence[Written]) -> list[Written]:
    """What tells files from those of others, and from those that were edited; none without any."""
    lines = [f"{_digest(each.text.encode())}  {each.path}" for each in files]
    return [Written(SUMS, "\n".join([MARK, *lines, ""]))] if files else []


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check(folder: Path) -> None:
    """Look whether a folder may be written.

    Raises:
        TakenError: it may not.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise TakenError(f"{folder}: there is something else than a folder")
    listed = _listed(folder / SUMS)
    for path in sorted(folder.rglob("*")) if folder.exists() else ():
        if path.is_dir() and not path.is_symlink():
            continue
        name = str(path.relative_to(folder))
        if path.is_symlink() or not (_is_marked(path) or name in listed):
            raise TakenError(f"{folder}: {name} there was not written by crenel harden")
        if name in listed and _digest(path.read_bytes()) != listed[name]:
            raise TakenError(f"{folder}: {name} there was changed since crenel harden wrote it", _EDITED)


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline().rstrip(b"\r\n") == MARK.encode()


def _listed(path: Path) -> dict[str, str]:
    """The digests of an earlier run, by path."""
    if path.is_symlink() or not path.is_file() or not _is_marked(path):
        return {}
    pairs = (line.partition("  ") for line in path.read_text("utf-8", "replace").splitlines()[1:])
    return {name: digest for digest, _, name in pairs}


def put(folder: Path, files: Sequence[Written]) -> tuple[str, ...]:
    """Write all files into a new folder beside, and put that in the place of the old one.

    Returns the paths that are new or other than before, the sums aside.

    Raises:
        TakenError: something in the folder was written by somebody else.
        OSError: it cannot be written.
    """
    check(folder)
    for each in files:
        if not (folder / each.path).resolve().is_relative_to(folder.resolve()):
            raise TakenError(f"{each.path} leads out of {folder}")
    changed = tuple(each.path for each in files if not _is_same(folder / each.path, each.text))
    paths = {each.path for each in files}
    stale = [path for path in folder.rglob("*") if path.is_file() and str(path.relative_to(folder)) not in paths]
    if not changed and not stale and folder.exists():
        return ()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        fresh.chmod(0o777 & ~_umask())
        for each in files:
            path = fresh / each.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(each.text, encoding="utf-8")
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return tuple(each for each in changed if each != SUMS)


def _is_same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _swap(fresh: Path, folder: Path) -> None:
    """Put a folder in the place of another one, which then has the first one's name."""
    if not folder.exists():
        fresh.rename(folder)
        return
    if exchange(fresh, folder):
        return
    old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
    folder.rename(old / folder.name)
    try:
        fresh.rename(folder)
    except OSError:
        (old / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

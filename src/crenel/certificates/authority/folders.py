"""A consumer that is a folder: all of its files change in one step.

As the kubelet does with volumes (k8s.io/kubernetes pkg/volume/util AtomicWriter), each generation of files is a folder
of its own, ``..data`` is a link to the current one, and ``tls.crt`` and the others are links through it. Who resolves
``..data`` once and reads all files there sees one generation; the one before stays until the next change.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from crenel.certificates.authority import durable
from crenel.certificates.authority.contents import BUNDLE, CHAIN, KEY, Contents, Held, examine
from crenel.certificates.authority.errors import AuthorityError

_DATA = "..data"
_KEPT, _NEW = "..crenel-", "..new-crenel-"
_LARGEST = 4 << 20
_TRIES = 3


def read(folder: Path) -> Held:
    """Read one generation; where that goes away meanwhile, the next."""
    for _ in range(_TRIES):
        try:
            files = _files(folder / (folder / _DATA).readlink())
        except FileNotFoundError:
            continue
        except (OSError, AuthorityError) as error:
            return Held(problem=_reason(error))
        break
    else:
        return Held(problem="nothing was written yet")
    if missing := [name for name in files if not _is_link(folder, name)]:
        return Held(problem=f"the link {missing[0]} is missing")
    return examine(files)


def write(wanted: Mapping[Path, Contents]) -> dict[Path, str]:
    """Write the files of many folders, and return why some could not be; each folder changes as a whole."""
    failed: dict[Path, str] = {}
    staged: dict[Path, Path] = {}
    for folder, contents in wanted.items():
        try:
            staged[folder] = _stage(folder, contents)
        except (OSError, AuthorityError) as error:
            failed[folder] = _reason(error)
    durable.flush_all({path for new in staged.values() for path in (*new.iterdir(), new, *new.parents[:2])})
    for folder, new in staged.items():
        try:
            _publish(folder, new)
        except (OSError, AuthorityError) as error:
            failed[folder] = _reason(error)
    durable.flush_all(staged)
    return failed


def _stage(folder: Path, contents: Contents) -> Path:
    """Write a generation beside the current one."""
    durable.make_folder(folder.parent)
    folder.mkdir(0o755, exist_ok=True)
    for name in contents.files:
        if (path := folder / name).exists() and not path.is_symlink():
            raise AuthorityError(f"{path} is there already and is not ours")
    new = Path(tempfile.mkdtemp(prefix=_NEW, dir=folder))
    new.chmod(0o755)
    for name, data in contents.files.items():
        durable.create(new / name, data, durable.SECRET if name == KEY else durable.PUBLIC)
    return new


def _publish(folder: Path, new: Path) -> None:
    """Make a generation the current one, and remove all but that and the one before."""
    new = new.rename(folder / new.name.replace(_NEW, _KEPT, 1))
    data = folder / _DATA
    before = str(data.readlink()) if data.is_symlink() else ""
    durable.link(new.name, data)
    for name in os.listdir(new):  # noqa: PTH208 - names are wanted, and there are many folders
        if not os.path.lexists(path := f"{folder}/{name}"):
            os.symlink(f"{_DATA}/{name}", path)  # noqa: PTH211 - the same
        elif not _is_link(folder, name):
            durable.link(f"{_DATA}/{name}", folder / name)
    for name in generations(folder):
        if name not in (before, new.name):
            shutil.rmtree(folder / name)


def tidy(folder: Path) -> None:
    """Remove what an interrupted process has staged and nobody ever saw: it holds keys."""
    with suppress(OSError):
        for name in generations(folder):
            if name.startswith(_NEW):
                shutil.rmtree(folder / name)


def _is_link(folder: Path, name: str) -> bool:
    try:
        return os.readlink(f"{folder}/{name}") == f"{_DATA}/{name}"  # noqa: PTH115 - of thousands
    except OSError:
        return False


def _files(generation: Path) -> dict[str, bytes]:
    """The files of a generation that are there; whatever else is in it is not looked at."""
    found: dict[str, bytes] = {}
    for name in (BUNDLE, CHAIN, KEY):
        with suppress(FileNotFoundError):
            found[name] = durable.read(generation / name, _LARGEST)
    if not found:
        raise FileNotFoundError(generation)
    return found


def _reason(error: OSError | AuthorityError) -> str:
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)


def generations(folder: Path) -> Sequence[str]:
    """The names of the generations that are kept."""
    with os.scandir(folder) as found:
        return sorted(each.name for each in found if each.name.startswith((_KEPT, _NEW)) and not each.is_symlink())

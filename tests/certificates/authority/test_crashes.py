"""A process that works on an authority may be killed at any point."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from certificates.authority import faults
from certificates.authority.small import RELOAD, Small

Move = Callable[[Small], object]

MOVES: tuple[tuple[str, timedelta, Move], ...] = (
    ("init", timedelta(), Small.init),
    ("issue", timedelta(minutes=1), Small.issue),
    ("leaves are renewed", timedelta(hours=15), Small.renew),
    ("making", timedelta(minutes=1), Small.rotate),
    ("trusting", timedelta(minutes=1), Small.renew),
    ("still trusting", RELOAD / 2, Small.renew),
    ("reissuing", RELOAD, Small.renew),
    ("removing and the end", 2 * RELOAD, Small.renew),
    ("intermediates are renewed", timedelta(days=9), Small.renew),
    ("intermediates are let go of", timedelta(days=5, hours=5), Small.renew),
)
"""A life with a rotation: what is done, how long after what was done before, and how."""
ROTATION = {"making", "trusting", "still trusting", "reissuing", "removing and the end"}
LONG = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
"""Whether processes are killed at every step of the other moves, too, and not at every fourth."""


def lived(small: Small, moves: int) -> None:
    """Live through the first of them."""
    for _, pause, move in MOVES[:moves]:
        small.now += pause
        move(small)
        if (small.ca / "state.json").exists():
            small.look()


def kept(folder: Path) -> Path:
    """A copy of a folder beside it, links as they are."""
    copy = folder.with_name("kept")
    shutil.copytree(folder, copy, symlinks=True)
    return copy


def restored(copy: Path, folder: Path) -> None:
    """The folder as it was when it was copied."""
    shutil.rmtree(folder)
    shutil.copytree(copy, folder, symlinks=True)


def steps(small: Small, move: Move) -> int:
    """How many steps a move makes."""
    made = faults.run(lambda: move(small))
    assert made is not None
    return made


@pytest.mark.parametrize("number", range(len(MOVES)), ids=[name for name, _, _ in MOVES])
def test_every_step_may_be_the_last(number: int, tmp_path: Path) -> None:
    """Killed at any step, a process leaves all who talk to each other able to; doing it again ends the same way."""
    small = Small(tmp_path / "all")
    small.folder.mkdir()
    lived(small, number)
    name, pause, move = MOVES[number]
    small.now += pause
    copy, seen, cluster = kept(small.folder), list(small.seen), small.cluster
    last = steps(small, move)
    assert last >= (1 if move is Small.renew else 10)
    restored(copy, small.folder)
    move(small)
    wanted = small.summary()
    for step in range(1, last + 1, 1 if name in ROTATION or LONG else 4):
        restored(copy, small.folder)
        small.seen, small.cluster = list(seen), cluster
        assert faults.run(lambda: move(small), dies_at=step) is None, step
        _is_sound(small, f"killed at step {step}")
        move(small)
        assert not small.lost()
        assert small.summary() == wanted, step


@pytest.mark.parametrize("seed", range(4))
def test_killed_again_and_again(seed: int, tmp_path: Path) -> None:
    """Killed at random and begun again, over a whole life: at the end all is where it is without that."""
    own = random.Random(seed)
    small = Small(tmp_path / "all")
    small.folder.mkdir()
    for _, pause, move in MOVES:
        small.now += pause
        for _ in range(own.randrange(6)):
            faults.run(lambda move=move: move(small), dies_at=own.randrange(1, 90))  # type: ignore[misc]
            _is_sound(small, "killed")
        move(small)
        _is_sound(small, "done")
    undisturbed = Small(tmp_path / "other")
    undisturbed.folder.mkdir()
    lived(undisturbed, len(MOVES))
    assert small.summary() == undisturbed.summary()


def _is_sound(small: Small, when: str) -> None:
    for problem in _unsound(small):
        raise AssertionError(f"{when}: {problem}")


def _unsound(small: Small) -> Iterator[str]:
    """What may never be, however a process ended."""
    if not (small.ca / "state.json").exists():
        return
    small.state()
    small.look()
    yield from (f"{each} has what is not in the ledger" for each in small.lost())
    for path in small.folder.rglob("*"):
        if not path.is_symlink() and path.is_file() and path.stat().st_mode & 0o077:
            text = path.read_bytes()
            if b"PRIVATE KEY" in text or b"tls.key" in text:
                yield f"{path} holds a key that others can read"

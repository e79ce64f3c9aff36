"""Few dependencies, and every version that the tests ran with written down."""

from __future__ import annotations

import tomllib
from importlib import metadata
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from command import ROOT

MOST = 6
"""Direct dependencies of `pip install crenel`."""


def project() -> dict[str, Any]:
    """The project's table in pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def pinned() -> dict[str, str]:
    """The versions in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    found: dict[str, str] = {}
    for line in lines:
        name, equals, version = line.partition("==")
        assert equals, f"constraints.txt pins by ==, not {line!r}"
        found[canonicalize_name(name)] = version
    return found


def needed(requirements: list[str], extras: frozenset[str] = frozenset()) -> set[str]:
    """The distributions that requirements bring along in this environment, themselves included."""
    names: set[str] = set()
    pending = [(Requirement(each), extras) for each in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while pending:
        requirement, asked = pending.pop()
        if not any(_applies(requirement, extra) for extra in asked | {""}):
            continue
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) not in seen:
            seen.add((name, extras))
            names.add(name)
            pending += [(Requirement(each), extras) for each in metadata.requires(name) or []]
    return names


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def test_few_direct_dependencies() -> None:
    """Reading files and answering needs few packages."""
    assert len(project()["dependencies"]) <= MOST


def test_constraints_cover_everything() -> None:
    """All that tests and users install, and what builds it, is pinned."""
    missing = needed(["crenel[dev]", "pip", "setuptools"]) - {"crenel"} - set(pinned())
    assert not missing


def test_constraints_are_what_is_installed() -> None:
    """The tests run with the versions that are written down."""
    installed: dict[str, str] = {canonicalize_name(each.name): each.version for each in metadata.distributions()}
    assert not {name for name, version in pinned().items() if installed.get(name, version) != version}

"""The direction of flow: sources, kubernetes, dialects, network, questions, output; nothing imports upwards.

`docs/decisions` and DESIGN say why. A new part of the package gets its line here first.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from repository.sources import modules

VERSION = "__version__"
"""What every part may ask the façade for."""

BASE = {"provenance", "bits"}
"""What every part may use."""

MAY_USE: dict[str, set[str]] = {
    "provenance": set(),
    "bits": set(),
    "sources": set(),
    "kubernetes": {"sources"},
    "network": set(),
    "routing": {"network"},
    "dialects": {"kubernetes", "network", "routing"},
    "intents": {"sources", "kubernetes"},
    "flows": {"dialects", "kubernetes", "network"},
    "questions": {"flows", "intents", "dialects", "kubernetes", "network", "routing"},
    "certificates": {"sources", "kubernetes", "dialects", "network"},
    "editing": set(),
    "audit": {"editing", "certificates", "questions", "dialects", "routing", "network", "kubernetes"},
    "harden": {
        "sources",
        "kubernetes",
        "dialects",
        "network",
        "routing",
        "intents",
        "flows",
        "questions",
        "editing",
        "audit",
        "certificates",
        "loading",
        "library",
    },
    "loading": {"sources", "kubernetes", "dialects", "network", "intents", "questions", "library"},
    "library": {
        "sources",
        "kubernetes",
        "dialects",
        "network",
        "intents",
        "flows",
        "questions",
        "certificates",
        "audit",
        "loading",
    },
    "kernel": set(),
    "enforce": {"network", "kernel"},
    "lab": {
        "sources",
        "kubernetes",
        "dialects",
        "network",
        "questions",
        "certificates",
        "library",
        "enforce",
        "kernel",
    },
    "output": {"flows", "intents", "questions", "network", "certificates", "audit", "harden", "lab"},
    "cli": {
        "sources",
        "kubernetes",
        "dialects",
        "network",
        "intents",
        "flows",
        "questions",
        "certificates",
        "editing",
        "audit",
        "harden",
        "loading",
        "library",
        "output",
        "enforce",
        "kernel",
        "lab",
        "",
    },
    "": {"network", "questions", "loading", "library"},
    "__main__": {"cli"},
}
"""What each part may import beside itself and `BASE`; the empty name is the façade, `crenel` itself."""


def imports(name: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    """The modules of the package that a module imports, anywhere in its text, with the lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if inside(alias.name))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}:{node.lineno}: imports are absolute"
            if node.module and inside(node.module):
                yield from (
                    (node.lineno, target(node.module, each.name)) for each in node.names if each.name != VERSION
                )


def inside(name: str) -> bool:
    """Whether a module belongs to the package."""
    return name == "crenel" or name.startswith("crenel.")


def target(module: str, name: str) -> str:
    """What ``from module import name`` imports: the module of that name, or the one that holds the name."""
    return full if (full := f"{module}.{name}") in modules() else module


def part(name: str) -> str:
    """The part that a module belongs to."""
    return name.partition(".")[2].partition(".")[0]


@pytest.mark.parametrize("name", modules())
def test_imports_go_one_way(name: str) -> None:
    """A module imports its own part, what lies before it in the flow, and nothing else."""
    own = part(name)
    assert own in MAY_USE, f"{own} is a new part of the package: say in MAY_USE what it may import"
    wrong = [
        f"{name}, line {line}: imports {imported}"
        for line, imported in imports(name, modules()[name])
        if part(imported) not in MAY_USE[own] | BASE | {own}
    ]
    assert not wrong


def test_the_table_names_only_what_exists() -> None:
    """A part that was renamed or removed leaves the table too."""
    existing = {part(name) for name in modules()}
    assert set(MAY_USE) <= existing | {"loading", "library"}

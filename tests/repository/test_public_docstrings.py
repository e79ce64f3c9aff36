"""Every public name of the package says what it is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from repository.sources import modules

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
OF_OTHERS = {"overload", "override", "setter"}
"""Decorators of definitions that are documented elsewhere."""


def undocumented(owner: str, node: Documented) -> Iterator[str]:
    """The public names without a docstring in a module or a class."""
    if ast.get_docstring(node) is None:
        yield owner
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in node.body:
            if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and is_public(child):
                yield from undocumented(f"{owner}.{child.name}", child)


def is_public(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether others may use a definition, and it is the one to read about."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return not node.name.startswith("_") and not decorators & OF_OTHERS


@pytest.mark.parametrize("name", modules())
def test_public_names_are_documented(name: str) -> None:
    """Modules, classes, functions and methods that do not begin with an underscore have a docstring."""
    assert not list(undocumented(name, modules()[name]))

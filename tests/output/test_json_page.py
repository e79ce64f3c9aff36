"""docs/json.md names every field of every shape."""

from __future__ import annotations

import msgspec
import pytest

from command import ROOT
from output.shapes import SHAPES, Strict

PAGE = (ROOT / "docs" / "json.md").read_text("utf-8")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: str(shape.__name__))
def test_fields_are_documented(shape: type[Strict]) -> None:
    """A field that the tests allow is one that the page explains."""
    for field in msgspec.structs.fields(shape):
        assert f"`{field.encode_name}`" in PAGE, field.encode_name

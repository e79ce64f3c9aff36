"""Fields have lines."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.provenance import FieldPath
from crenel.sources.manifests import ManifestReader
from crenel.sources.places import Place

TEXT = """\
# comment
apiVersion: v1
kind: Thing

metadata: {name: x,
  "labels": {yes: z}}
spec:
    ports:
    - port: 80
      name: a

    -
      port: 443
      9090: x
    text: |
      ports:
      - nothing
    ref: &r {deep: 1}
    again: *r
    yes: last
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 2),
        (("kind",), 3),
        (("metadata", "name"), 5),
        (("metadata", "labels", "true"), 6),
        (("spec", "ports"), 8),
        (("spec", "ports", 0), 9),
        (("spec", "ports", 0, "name"), 10),
        (("spec", "ports", 1), 13),
        (("spec", "ports", 1, "9090"), 14),
        (("spec", "ports", 2, "name"), 8),
        (("spec", "ports", "name"), 8),
        (("spec", "text", 0), 15),
        (("spec", "ref", "deep"), 18),
        (("spec", "again", "deep"), 19),
        (("spec", "true"), 20),
        (("spec", "missing", "deeper"), 7),
        (("missing",), 2),
    ],
)
def test_a_field_has_the_line_of_its_key(path: FieldPath, line: int) -> None:
    """Or that of the nearest ancestor that is there."""
    assert Place(TEXT, 1)(path) == line
    assert Place(TEXT, 11)(path) == line + 10


def test_a_text_that_stops_being_yaml_has_lines_until_there() -> None:
    """A place never raises."""
    assert Place("a:\n  b: 1\n c: [\n", 1)(("a", "b")) == 2
    assert Place("a:\n  b: 1\n c: [\n", 1)(("a", "z")) == 1
    assert Place("", 1)(("a",)) == 1
    assert Place("\x00", 1)(("a",)) == 1


ITEM = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\n  note: |\n    - a\n    - b\n"


def indented(text: str, first: str, rest: str) -> str:
    """An item of a list: its text behind a dash."""
    head, *lines = text.splitlines()
    return "\n".join([first + head, *(rest + line for line in lines)]) + "\n"


@pytest.mark.parametrize(("dash", "indent"), [("- ", "  "), ("  - ", "    "), ("-   ", "    "), ("-\n  ", "  ")])
def test_items_of_a_list(dash: str, indent: str) -> None:
    """Each item finds its own lines, however the list is indented."""
    text = (
        "apiVersion: v1\nkind: List\nitems:\n"
        + "".join(indented(ITEM, dash, indent) for _ in range(3))
        + "x:\n- y\n- z\n"
    )
    lines = text.splitlines()
    expected = [number for number, line in enumerate(lines, 1) if "name:" in line]
    found = [each.origin.line(("metadata", "name")) for each in ManifestReader().read("x", text.encode()).documents]
    assert found == expected
    tops = [each.origin.line() for each in ManifestReader().read("x", text.encode()).documents]
    assert tops == [number for number, line in enumerate(lines, 1) if "apiVersion" in line][1:]


def test_items_on_one_line_and_missing_fields() -> None:
    """Items in brackets, fields that are not there, and an item that is an alias."""
    head = "kind: List\napiVersion: v1\nx: &x\n  kind: A\n  apiVersion: v1\n"
    text = f"{head}items: [{{kind: B, apiVersion: v1,\n  z: 1}}, *x]\n"
    first, second = ManifestReader().read("x", text.encode()).documents
    assert (first.origin.line(("z",)), first.origin.line(("y", "z")), second.origin.line(("kind",))) == (7, 6, 7)


def test_json_items() -> None:
    """The items of a list in JSON."""
    items = '{"apiVersion": "v1", "kind": "A"},\n{"apiVersion": "v1",\n"kind": "B"}'
    text = f'{{"apiVersion": "v1", "kind": "List", "items": [\n{items}]}}'
    found = [each.origin.line(("kind",)) for each in ManifestReader().read("x", text.encode()).documents]
    assert found == [2, 4]


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_many_questions_to_a_long_list_are_cheap(form: str) -> None:
    """Where the items begin is found once."""
    if form == "yaml":
        text = "apiVersion: v1\nkind: List\nitems:\n" + indented(ITEM, "- ", "  ") * 1500
    else:
        item = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}
        text = msgspec.json.format(
            msgspec.json.encode({"apiVersion": "v1", "kind": "List", "items": [item] * 1500})
        ).decode()
    documents = ManifestReader().read("x", text.encode()).documents
    begun = time.monotonic()
    found = [each.origin.line(("metadata", "name")) for each in documents]
    assert time.monotonic() - begun < 5
    assert found == [number for number, line in enumerate(text.splitlines(), 1) if "name" in line]


values = st.recursive(
    st.integers(0, 9) | st.sampled_from(["x", 'a "b" \\ c', "é{[", ""]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", 'q"', "\\", "é"]), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["a", "b", "c"]), values, min_size=1))
@settings(max_examples=60, deadline=None)
def test_json_and_yaml_agree_on_lines(data: dict[str, object]) -> None:
    """JSON is YAML: both ways to find a line find the same for every field."""
    text = msgspec.json.format(msgspec.json.encode(data), indent=2).decode()
    for path in paths(data):
        assert Place(text, 1, json=True)(path) == Place(text, 1)(path)


def paths(value: object) -> list[FieldPath]:
    """The paths of all that is in a value."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, part in pairs for rest in paths(part))]

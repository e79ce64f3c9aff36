"""JSON, as kubectl and other programs write it."""

from __future__ import annotations

import pytest

from crenel.provenance import Origin
from crenel.sources.manifests import ManifestReader

POD = '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s"}}'


def problems(text: str) -> list[str]:
    """The problems of a file, as a person reads them."""
    return [str(problem) for problem in ManifestReader().read("x.json", text.encode()).problems]


def names(text: str) -> list[str]:
    """The names of the objects of a file."""
    return [document.data["metadata"]["name"] for document in ManifestReader().read("x.json", text.encode()).documents]


@pytest.mark.parametrize("between", ["", " ", "\n", "\n\n", "\n---\n", "\r\n"])
def test_documents_behind_each_other(between: str) -> None:
    """Concatenated, one a line, or with markers between them, all documents are read."""
    assert names(between.join(POD % name for name in "abc")) == ["a", "b", "c"]


def test_each_of_many_documents_knows_its_line() -> None:
    """The lines of documents behind each other count from the begin of the file."""
    reading = ManifestReader().read("x.json", "\n\n".join(POD % name for name in "abc").encode())
    assert [document.origin.line(("metadata", "name")) for document in reading.documents] == [1, 3, 5]


def test_a_bad_document_does_not_hide_those_before_it() -> None:
    """JSON lines are read as far as they are JSON."""
    text = f'{POD % "a"}\n{POD % "b"}\n{{"apiVersion": nonsense}}\n'
    assert names(text) == ["a", "b"]
    assert problems(text) == ["x.json:3: bad JSON: invalid character"]


def test_keys_that_are_there_twice() -> None:
    """The line of the second is named, however the names are spaced or escaped."""
    text = '{"apiVersion": "v1", "kind": "Pod",\n "metadata": {"a": "\\":",\n  %s: 1, "b": [{"b": 1}],\n %s : 2}}'
    for one, other in (('"b"', '"c"'), ('"b"', '"b2"')):
        assert problems(text % (one, other)) == [] or one == '"b"'
    for other in ('"b"', '"\\u0062"'):
        assert "is there twice" in problems(text % ('"x"', other))[0]
        assert problems(text % ('"x"', other))[0].startswith("x.json:4: ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": NaN}', "x.json:1: bad JSON: invalid character"),
        ('{"a": 1e400}', "x.json:1: bad JSON: the number 1e400 is out of range"),
        ('{"a": 1,\n}', "x.json:2: bad JSON: trailing comma in object"),
        ('{"a":\n 1', "x.json:2: bad JSON: Input data was truncated"),
        ('{"a" 1}', "x.json:1: bad JSON: expected ':'"),
        ("[1, 2]", "x.json:1: not a Kubernetes object: a list instead of a mapping"),
        ('{"a": 1}', "x.json:1: not a Kubernetes object: no apiVersion and no kind"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "x.json:1: nested more than 100 levels deep"),
        ('{"a": ' + "[" * 200000, "x.json:1: nested more than 100 levels deep"),
        ('{"a": "\\ud83d"}', "x.json:1: bad JSON: Input data was truncated"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    """One line each, with the place."""
    assert problems(text) == [message]


def test_what_only_looks_like_json_is_yaml() -> None:
    """A flow mapping without quotes is YAML, and so is everything behind a marker, as kubectl has it."""
    assert names("{apiVersion: v1, kind: Pod, metadata: {name: a}}") == ["a"]
    assert names('---\n{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": a,},}') == ["a"]


def test_numbers_are_those_of_kubectl() -> None:
    """80.0 is 80 and fits an integer; a half stays a half; surrogate pairs are one character."""
    text = '{"apiVersion": "v1", "kind": "X", "a": 80.0, "b": 0.5, "c": 1e2, "d": "\\ud83d\\ude00"}'
    data = ManifestReader().read("x.json", text.encode()).documents[0].data
    assert [(data[key], type(data[key])) for key in "abcd"] == [
        (80, int),
        (0.5, float),
        (100, int),
        ("\U0001f600", str),
    ]


def test_tabs_and_minified_json_have_lines() -> None:
    """Lines are found in JSON that is indented with tabs, and in JSON of one line."""
    spec = '{\n\t\t"a\\"b": [\n\t\t\t{"x": 1},\n\t\t\t{"y": 2}\n\t\t]\n\t}'
    text = f'{{\n\t"apiVersion": "v1",\n\t"kind": "Pod",\n\t"spec": {spec}\n}}'
    origin = ManifestReader().read("x.json", text.encode()).documents[0].origin
    assert origin.line(("spec", 'a"b', 1, "y")) == 7
    assert origin.line(("spec", "missing")) == 4
    assert origin.line() == 1
    (one,) = ManifestReader().read("x.json", (POD % "a").encode()).documents
    assert one.origin.line(("metadata", "name")) == 1
    assert Origin("nowhere").line() is None

"""One file: what is read from it, and what is said of the rest."""

from __future__ import annotations

import pytest

from crenel.provenance import Severity
from crenel.sources.document import Reading
from crenel.sources.manifests import ManifestReader

POD = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {}\n"


def read(text: str | bytes) -> Reading:
    """What is read from one file."""
    return ManifestReader().read("x.yaml", text.encode() if isinstance(text, str) else text)


def names(text: str | bytes) -> list[str]:
    """The names of the objects of a file without problems."""
    reading = read(text)
    assert reading.problems == []
    return [document.data["metadata"]["name"] for document in reading.documents]


def problems(text: str | bytes) -> list[str]:
    """What is wrong with a file, as a person reads it."""
    return [str(problem) for problem in read(text).problems]


def test_several_documents_with_empty_ones() -> None:
    """Rendered Helm output: comments, empty documents, markers with nothing between."""
    empty = "---\n# Source: b.yaml\n---\n\n---\nnull\n---\n"
    text = f"---\n# Source: a.yaml\n{POD.format('a')}{empty}{POD.format('b')}...\n---\n"
    assert names(text) == ["a", "b"]
    assert [document.origin.document for document in read(text).documents] == [0, 1]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(encoding: str, newline: str) -> None:
    """Whatever YAML allows: UTF-8 with or without a mark, UTF-16 and UTF-32 with one, every kind of line end."""
    text = f"---\n{POD.format('é')}---\n{POD.format('b')}  x: |\n    y\n".replace("\n", newline)
    assert names(text.encode(encoding)) == ["é", "b"]
    assert [document.origin.line(("metadata", "name")) for document in read(text.encode(encoding)).documents] == [5, 10]
    assert read(text.encode(encoding)).documents[1].data["metadata"]["x"] == "y\n"


def test_lists_are_taken_apart() -> None:
    """A List, one in another, and a typed list whose items do not state their kind."""
    text = """\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: a}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleList
  items:
  - metadata:
      name: b
  - metadata: {name: c}
    kind: Other
"""
    reading = read(text)
    assert reading.problems == []
    found = [(each.data["apiVersion"], each.data["kind"], each.origin.item) for each in reading.documents]
    assert found == [
        ("v1", "Pod", ("items", 0)),
        ("rbac.authorization.k8s.io/v1", "Role", ("items", 1, "items", 0)),
        ("rbac.authorization.k8s.io/v1", "Other", ("items", 1, "items", 1)),
    ]
    assert [each.origin.line(("metadata", "name")) for each in reading.documents] == [6, 11, 12]


def test_lists_without_items_hold_nothing() -> None:
    """An empty list is no problem; an object whose kind only sounds like one stays an object."""
    assert names("apiVersion: v1\nkind: PodList\nitems: []\n---\napiVersion: v1\nkind: List\nitems:\n") == []
    assert names("apiVersion: x/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: []}\n") == ["a"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1", "x.yaml:1: not a Kubernetes object: no apiVersion and no kind"),
        ("# c\n\nkind: Pod", "x.yaml:3: not a Kubernetes object: no apiVersion"),
        ("apiVersion: v1\nkind:\n", "x.yaml:1: not a Kubernetes object: no kind"),
        ("apiVersion: v1\nkind: 3", "x.yaml:2: kind: not a Kubernetes object: kind is not text"),
        ("apiVersion: [v1]\nkind: 3", "x.yaml:1: apiVersion: not a Kubernetes object: apiVersion is not text"),
        ("- a\n- b", "x.yaml:1: not a Kubernetes object: a list instead of a mapping"),
        ("just words", "x.yaml:1: not a Kubernetes object: text instead of a mapping"),
        ("80", "x.yaml:1: not a Kubernetes object: a number instead of a mapping"),
        ("true", "x.yaml:1: not a Kubernetes object: a word instead of a mapping"),
        ("kind: List\napiVersion: v1\nitems:\n- 3", "x.yaml:4: not a Kubernetes object: a number instead of a mapping"),
        ("kind: List\napiVersion: v1\nitems:\n- a: b", "x.yaml:4: not a Kubernetes object: no apiVersion and no kind"),
        ("a: [", "x.yaml:1: bad YAML: did not find expected node content while parsing a flow node"),
        (
            "a: {{ .Values.x }}\nb: - c",
            "x.yaml:1: a: a key that is a mapping or a list; if this is a template of a Helm chart, render it",
        ),
        ("metadata:\n  labels: {a: 1}\n  labels: {}", "x.yaml:3: metadata.labels: the key 'labels' is there twice"),
        (b"a: 1\nb: \xff", "x.yaml:2: not UTF-8: byte 0xff"),
        ("a: \x00", "x.yaml:1: bad YAML: control characters are not allowed"),
        (b"\xff\xfea", "x.yaml: not utf-16-le text"),
    ],
)
def test_what_is_wrong_is_one_line(text: str | bytes, message: str) -> None:
    """File, line and field, in one line; the documents around it are read."""
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(message)
    assert "\n" not in found[0]


def test_the_others_are_still_read() -> None:
    """A document that is bad, in whatever way, leaves those before and after it alone."""
    bad = ["a: [", "a: *x", "a: 1\na: 2", "{", "\t- x", "a: 'x", "key: |\n x\ny", "? [", "&a [*a]", "%TAG", "a: \udcff"]
    text = "".join(f"{POD.format(n)}---\n{each}\n---\n" for n, each in enumerate(bad)) + POD.format("last")
    reading = read(text.encode("utf-8", "surrogateescape"))
    assert len(reading.documents) == len(bad) + 1
    assert len(reading.problems) == len(bad)
    last = reading.documents[-1].origin
    assert last.line() == text.count("\n") - 3
    assert last.document == 2 * len(bad)


def test_kustomize_configuration_is_a_notice() -> None:
    """A kustomization among manifests is told of; the object of that name that Flux has is an object."""
    (problem,) = read("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n").problems
    assert problem.severity is Severity.NOTICE
    assert names("apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n") == ["a"]


def test_an_empty_file_was_looked_into() -> None:
    """Nothing in it, nothing wrong, one file examined."""
    assert read("") == Reading(examined=1)

"""Edits of the user's own text."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.editing.files import changes, edited
from crenel.editing.patches import Append, NewFile, Patch, Remove, Set
from crenel.editing.values import RefusalError
from crenel.provenance import Origin
from crenel.sources import files

SERVICE = """\
# first comment
apiVersion: v1
kind: Service
metadata:
    name: web   # its name
    labels: {a: "1", b: 'two'}   
spec:
    type:   NodePort

    ports:
    # the only port
    - port: 80
      nodePort: 30080   # chosen by hand
    - {port: 443, nodePort: 30443}
    externalIPs: [192.168.0.1]
# the end
"""  # noqa: W291 - what people write


def origin(path: Path, document: int = 0) -> Origin:
    """Where a document of a file was read from."""
    return files.read([str(path)]).documents[document].origin


def after(tmp_path: Path, text: str, *edits: Set | Remove | Append, document: int = 0) -> str:
    """A file with some edits of one of its documents."""
    path = tmp_path / "x.yaml"
    path.write_bytes(text.encode())
    return edited(text.encode(), [Patch(origin(path, document), *edits)]).decode()


def test_only_what_is_asked_for_changes(tmp_path: Path) -> None:
    """Odd spaces, blanks at the end of lines, quotes and comments stay as they are."""
    assert after(tmp_path, SERVICE, Set(("metadata", "namespace"), "shop")) == SERVICE.replace(
        "spec:\n", "    namespace: shop\nspec:\n"
    )
    assert after(tmp_path, SERVICE, Remove(("spec", "externalIPs"))) == SERVICE.replace(
        "    externalIPs: [192.168.0.1]\n", ""
    )
    assert after(tmp_path, SERVICE, Append(("spec", "ports"), {"port": 8443})) == SERVICE.replace(
        "    externalIPs", "    - port: 8443\n    externalIPs"
    )


def test_other_documents_stay_byte_for_byte(tmp_path: Path) -> None:
    """Line ends, documents before and after, and a missing line end are kept."""
    other = "a: [ 1,2 ]\r\nkind: ConfigMap\r\napiVersion: v1\r\n"
    text = f"{other}---\n{SERVICE}---\r\n{other}"
    changed = after(tmp_path, text, Remove(("spec", "externalIPs")), document=1)
    assert changed.encode() == text.replace("    externalIPs: [192.168.0.1]\n", "").encode()
    assert after(tmp_path, "apiVersion: v1\nkind: X\na: 1\nb: 2", Remove(("a",), 0)) == "apiVersion: v1\nkind: X\nb: 2"


def test_windows_line_ends(tmp_path: Path) -> None:
    """A document with CRLF line ends has them afterwards too."""
    text = "apiVersion: v1\r\nkind: X\r\nspec:\r\n  a: 1\r\n  b: 2\r\n"
    assert after(tmp_path, text, Set(("spec", "c"), 3)) == text + "  c: 3\r\n"


def test_items_of_a_list(tmp_path: Path) -> None:
    """An object in a List is edited at its place."""
    text = (
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: X\n  spec: {a: 1}\n- apiVersion: v1\n  kind: Z\n"
    )
    text += "  spec:\n    a: 1\n    b: 2\n"
    assert after(tmp_path, text, Remove(("spec", "a")), document=1) == text.replace("    a: 1\n", "")


def test_what_becomes_empty_goes_too(tmp_path: Path) -> None:
    """A list whose last item goes is taken out."""
    text = "apiVersion: v1\nkind: X\nspec:\n  a: 1\n  list:\n    - x\n"
    assert after(tmp_path, text, Remove(("spec", "list", 0))) == "apiVersion: v1\nkind: X\nspec:\n  a: 1\n"


def test_several_items_of_one_list(tmp_path: Path) -> None:
    """Removals do not move each other's items."""
    text = "apiVersion: v1\nkind: X\nspec:\n  list: \n    - a: 1\n    - a: 2\n    - a: 3\n"
    edits = (Remove(("spec", "list", 0)), Remove(("spec", "list", 2)))
    assert yaml.safe_load(after(tmp_path, text, *edits))["spec"]["list"] == [{"a": 2}]


@pytest.mark.parametrize("field", [("spec", "none"), ("spec", "ports", 7), ("none", "a")])
def test_what_is_not_there_is_refused(tmp_path: Path, field: tuple[str | int, ...]) -> None:
    """A field that the text does not have cannot be taken out."""
    with pytest.raises(RefusalError, match="there is no"):
        after(tmp_path, SERVICE, Remove(field))


def test_refusals(tmp_path: Path) -> None:
    """A file that has changed, JSON, what is no file, and bytes that are no text are refused in a line."""
    path = tmp_path / "x.yaml"
    path.write_text(SERVICE)
    patch = Patch(origin(path), Remove(("spec", "externalIPs")))
    path.write_text(SERVICE.replace("80", "81"))
    outcome = changes([patch])
    assert (outcome.changes, outcome.refused) == ([], [f"{path}: has changed since it was read"])
    json_file = tmp_path / "x.json"
    json_file.write_text('{"apiVersion": "v1", "kind": "X", "spec": {"a": 1}}')
    assert "JSON is not edited" in changes([Patch(origin(json_file), Set(("spec", "b"), 1))]).refused[0]
    live = changes([Patch(Origin("context here"), Set(("spec", "b"), 1))])
    assert live.refused == ["context here: its text is not known"]


def test_new_files_are_never_written_over(tmp_path: Path) -> None:
    """A new object goes into a new file beside the old one, or nowhere."""
    path = tmp_path / "x.yaml"
    path.write_text(SERVICE)
    new = NewFile(origin(path), "new.yaml", "a: 1\n")
    (change,) = changes([new, new]).changes
    assert change.diff() == f"--- /dev/null\n+++ b{tmp_path}/new.yaml\n@@ -0,0 +1 @@\n+a: 1\n".replace("b/", "b/", 1)
    (tmp_path / "new.yaml").write_text("mine\n")
    assert "exists already" in changes([new]).refused[0]


def comments_of(text: str) -> list[str]:
    """The comments that the test put into a text."""
    return [line for line in text.splitlines() if line.startswith("# comment")]


KEYS = st.sampled_from(["a", "b", "c", "d"])
VALUES = st.recursive(
    st.integers(0, 9) | st.sampled_from(["x", "yes", "1", "with space", "#", ""]),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(KEYS, inner, min_size=1, max_size=3),
    max_leaves=8,
)


@settings(max_examples=30)
@given(
    spec=st.dictionaries(KEYS, VALUES, min_size=1, max_size=4),
    key=KEYS,
    value=VALUES,
    flow=st.sampled_from([False, True, None]),
    comments=st.lists(st.integers(0, 30), max_size=4),
)
def test_edits_mean_what_they_say(
    tmp_path_factory: pytest.TempPathFactory, spec: dict[str, object], key: str, value: object,
    flow: bool | None, comments: list[int],
) -> None:  # fmt: skip
    """Whatever the text: what comes out means the old with the edit, and every comment is still there; or a refusal."""
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "X", "spec": spec}, default_flow_style=flow, sort_keys=False)
    lines = text.splitlines(keepends=True)
    for number, at in enumerate(comments):
        lines.insert(min(at, len(lines)), f"# comment {number}\n")
    written = "".join(lines)
    if yaml.safe_load(written) != yaml.safe_load(text):
        return  # a comment that would be part of a text
    folder = tmp_path_factory.mktemp("edit")
    for edit, expected in (
        (Set(("spec", key), value), {**spec, key: value}),
        (Remove(("spec", key)), {name: each for name, each in spec.items() if name != key}),
    ):
        try:
            new = after(folder, written, edit)
        except RefusalError:
            continue
        assert (yaml.safe_load(new).get("spec") or {}) == expected
        if (key in spec) == isinstance(edit, Remove) and not isinstance(spec.get(key), (dict, list)):
            assert sorted(comments_of(new)) == sorted(comments_of(written)), "none of them is inside of what changes"


@pytest.mark.parametrize(
    ("line", "edit", "expected"),
    [
        ("spec: {ports: [{port: 80}], type: LoadBalancer}", Set(("spec", "type"), "ClusterIP"),
         "spec: {ports: [{port: 80}], type: ClusterIP}"),
        ("spec: {l: [{a: b}]}", Set(("spec", "l", 0, "c"), 1), "spec: {l: [{a: b, c: 1}]}"),
        ("spec: {l: [{a: b}, {c: d}]}", Remove(("spec", "l", 1)), "spec: {l: [{a: b}]}"),
        ("spec: {l: [a: b], type: x}", Set(("spec", "type"), "y"), "spec: {l: [a: b], type: y}"),
        ("spec: { type: x }", Set(("spec", "type"), "y"), "spec: { type: y }"),
        ("spec: { l: [ a ], e: {}, f: [] }", Append(("spec", "l"), "b"), "spec: { l: [ a, b ], e: {}, f: [] }"),
        ("spec: { l: [a], m: { n: o } }", Set(("spec", "m", "p"), "q"), "spec: { l: [a], m: { n: o, p: q } }"),
        ("spec: {l: [ a ]}", Append(("spec", "l"), "b"), "spec: {l: [ a, b ]}"),
    ],
    ids=["one pair", "its own pair", "removed", "bare", "spaced", "spaced lists", "spaced mappings", "lists alone"],
)  # fmt: skip
def test_mappings_in_one_line(tmp_path: Path, line: str, edit: Set | Remove | Append, expected: str) -> None:
    """Collections in one line keep the spaces, and the braces around a single pair, that the user gave them."""
    text = f"apiVersion: v1\nkind: Service\nmetadata: {{name: web}}  # its name\n{line}\n"
    assert after(tmp_path, text, edit) == text.replace(line, expected)


def test_a_collection_over_several_lines(tmp_path: Path) -> None:
    """One in braces that goes over several lines is refused where it would have to change, with its line."""
    text = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {type: x,\n  ports: [{port: 80}]}\n"
    with pytest.raises(RefusalError, match=r"x\.yaml:4: written too unlike other YAML to be edited without touching"):
        after(tmp_path, text, Set(("spec", "type"), "y"))


SPACES = st.sampled_from([" ", "  ", "   "])
ENDS = st.sampled_from(["", " ", "  # why", "   # because: it is {so}"])
SCALARS = st.sampled_from(["80", "'x'", '"y: z"', "plain", "true", "[1,  2]", "{a: 1,b: 2}"])


@st.composite
def lines_of(draw: st.DrawFn) -> list[str]:
    """The fields of a spec, each on a line of its own with odd spaces and comments, between comments and blanks."""
    found = []
    for number in range(draw(st.integers(2, 6))):
        found += draw(st.sampled_from([[], ["\n"], ["  # about what follows\n"], ["# at the edge\n", "\n"]]))
        found.append(f"  key{number}:{draw(SPACES)}{draw(SCALARS)}{draw(ENDS)}\n")
    return found


@settings(max_examples=40)
@given(lines=lines_of(), chosen=st.integers(0, 5), ending=st.sampled_from(["\n", "\r\n"]), before=st.booleans())
def test_every_other_byte_stays(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], chosen: int, ending: str, before: bool
) -> None:
    """Whatever lines look like: a field that is set changes its line alone, one that goes takes its line alone."""
    fields = [number for number, line in enumerate(lines) if "key" in line]
    at = fields[chosen % len(fields)]
    key = lines[at].strip().partition(":")[0]
    other = "a: [ 1,2 ] \nkind: X\napiVersion: v1\n---\n" if before else ""
    head = f"{other}apiVersion: v1\nkind: Thing\nspec:\n"
    text = (head + "".join(lines)).replace("\n", ending)
    folder = tmp_path_factory.mktemp("edit")
    for edit in (Set(("spec", key), "new"), Remove(("spec", key))):
        try:
            new = after(folder, text, edit, document=int(before))
        except RefusalError:
            continue
        kept = [each for number, each in enumerate(lines) if number != at]
        pieces = new.replace(ending, "\n").removeprefix(head).splitlines(keepends=True)
        assert new.replace(ending, "\n").startswith(head)
        assert [each for each in pieces if not each.startswith(f"  {key}:")] == kept
        assert sum(each.startswith(f"  {key}:") for each in pieces) == isinstance(edit, Set)
        assert new.count("\n") == new.count(ending)


@settings(max_examples=20)
@given(lines=lines_of())
def test_there_and_back(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    """A field that is added and taken out again leaves every byte as it was."""
    text = "apiVersion: v1\nkind: Thing\nspec:\n" + "".join(lines)
    folder = tmp_path_factory.mktemp("edit")
    assert after(folder, after(folder, text, Set(("spec", "fresh"), [1])), Remove(("spec", "fresh"))) == text

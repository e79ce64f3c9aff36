"""The fast path and the slow path read the same."""

from __future__ import annotations

from random import Random

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crenel.sources import yaml_text
from crenel.sources.refusal import Refusal
from crenel.sources.splitting import split
from crenel.sources.yaml_plain import NotPlain, PlainReader

SCALARS = """
    a web web-0 a.b/c a:b a::b a: a,b a#b a&b a*b x=y _ _1 / /etc/x /- a- -a - -- --- ... ? ?a : :a , ,a # #a & &a
    * *a ! !a !!str !!int|1 y Y n N yes Yes YES no No NO on On ON off Off OFF true True TRUE tRue false null Null
    NULL ~ ~a nul truee 0 1 00 01 007 08 10 -1 +1 -0 1_000 0x1F 0o17 0b11 0B1 1.0 1. .5 1e3 1E5 1e 5E 5Ei 5M 100m
    128Mi 1.5Gi 30s 1h 5d 123456789012345 1234567890123456 99999999999999999999 18446744073709551615 10.0.0.1
    10.0.0.0/8 1.2.3 1.2 300.1.2.3/99 22:22 1:2:3 2001-01-01 2001-12-14t21:59:43.10-05:00 fd00::1 2001:db8::/32
    ::1 ::/0 a::/8 .inf .nan -.inf << = @ ` % > | |- >+ {} [] {|} [|] [a] [a,b] [a,|b] [a|b] [|a,|1,|true|] [yes]
    [-1] [a:|b] [a:b] [a,,b] [a,] {a:|b} {a:|1,|b:|[x,|y]} {a:|1,|a:|2} {a:b} {a} {"a":|b} {"a":b} {a|:|b} {a|:b}
    {1:|a} {y:|a} {a:|} {a:|{b:|{c:|d}}} [10.0.0.0/8] [1.2] {a:|'x"y'} {a:|"x'y"} [a]|#c [a]x {a:|b}: [[a],|[b]]
    [a|:b] [a:|] [a/b,c.d] [*a] [&a|b] [!a] [a#b] [a|#b] ] } {a:|b] "" "a" "a|b" "a:|b" "a'b" "a|#b" "\\n" "\\"
    "é" 'a' '' 'a|b' 'it''s' 'a"b' 'a\\b' '\u00e9' "a"|b 'a'b "a "a"a" a|b a||b a|#b
    a|b|#c a|-|b a|:b a:|b a|?|b %a @a `a a%b a@b a`b a(b) a<b>c; *.example.com $(X) é aé \U0001f600 "\U0001f600"
""".split()  # noqa: SIM905 - a hundred pairs of quotes would hide what is in them
"""YAML values, with | for the space."""
SCALARS += [
    f"{quote}a{character}b{quote}"
    for quote in ('"', "'", "")
    for character in "\t\x7f\x85\xa0\u2028\u2029\ufeff\ufffe\0"
]
KEYS = (
    "a",
    "b",
    "name",
    "a.b/c",
    "f:x",
    "f:x:",
    '"a"',
    '"b c"',
    "'a'",
    "yes",
    "y",
    "true",
    "1",
    "-",
    "é",
    "a b",
    "<<",
    "_",
    "null",
    "*a",
    "a#",
    "?",
)

scalars = st.sampled_from(SCALARS).map(lambda text: text.replace("|", " "))
endings = st.sampled_from(("", "", "", "", " ", "  ", " # c", "# c", " #", "\t", "\r", " # é", " # \x85 x", " # a: b"))
gaps = st.sampled_from((" ", " ", " ", "  ", "", "\t"))
indents = st.sampled_from(("", "", "  ", "  ", "    ", "    ", "   ", " ", "      ", "\t"))
entries = st.builds(
    lambda key, gap, value, end: f"{key}:{gap}{value}{end}", st.sampled_from(KEYS), gaps, scalars, endings
)
openings = st.builds(lambda key, end: f"{key}:{end}", st.sampled_from(KEYS), endings)
contents = st.one_of(entries, entries, openings, openings, st.builds(lambda value, end: value + end, scalars, endings))
dashes = st.sampled_from(("", "", "- ", "- ", "-", "-  ", "- - ", "-\t"))
lines = st.one_of(
    st.builds(lambda indent, dash, content: indent + dash + content, indents, dashes, contents),
    st.builds(lambda indent, dash, content: indent + dash + content, indents, dashes, contents),
    st.sampled_from(("", "  ", "# c", "    # c", "#", " \t", "# é: \u2028")),
)
jumbles = st.lists(lines, min_size=1, max_size=7).map("\n".join)

safe_keys = st.sampled_from(("a", "b", "c", "name", "app.kubernetes.io/name", '"q"', "f:spec"))
SAFE = (
    "web", "80", '"80"', "'x y'", "true", "null", "{}", "[]", "10.0.0.0/8", "a b", "[a, 1]", "{x: y}",
)  # fmt: skip
safe_scalars = st.sampled_from(SAFE)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 3) -> list[str]:
    """Lines of well-formed YAML, indented as people and programs do it."""
    width = draw(st.sampled_from((2, 2, 4, 3)))
    if draw(st.booleans()):
        return [line for part in draw(st.lists(items(depth), min_size=1, max_size=3)) for line in part]
    found: list[str] = []
    for key in draw(st.lists(safe_keys, min_size=1, max_size=4)):
        if depth and draw(st.booleans()):
            child = draw(blocks(depth - 1))
            shift = 0 if child[0].startswith("-") and draw(st.booleans()) else width
            found += [f"{key}:{draw(endings)}", *(" " * shift + line for line in child)]
        elif draw(st.booleans()):
            found.append(f"{key}:")
        else:
            found.append(f"{key}: {draw(safe_scalars)}{draw(endings)}")
        if draw(st.integers(0, 9)) == 0:
            found.append(draw(st.sampled_from(("", "# c", "   # c"))))
    return found


@st.composite
def items(draw: st.DrawFn, depth: int) -> list[str]:
    if not depth or draw(st.booleans()):
        return [f"- {draw(safe_scalars)}"]
    first, *rest = draw(blocks(depth - 1))
    return [f"- {first}", *(f"  {line}" for line in rest)]


documents = blocks().map("\n".join)


def agree(text: str) -> bool:
    """Tell whether the fast path takes all documents. Of those it takes the slow path must return the same."""
    taken = [agree_on_one(chunk.text) for chunk in split(text)]
    return all(taken)


def agree_on_one(text: str) -> bool:
    try:
        fast = PlainReader().parse(text)
    except NotPlain:
        return False
    slow = yaml_text.parse(text)
    assert msgspec.json.encode(fast) == msgspec.json.encode(slow), text
    return True


@given(st.integers(0, 10**9))
@settings(max_examples=20, deadline=None)
def test_many_plain_texts_agree(seed: int) -> None:
    """Texts that the fast path often takes: thrown together at random, a hundred at a time, mostly from safe pieces."""
    random = Random(seed)
    for _ in range(100):
        agree("\n".join(random_line(random) for _ in range(random.randint(1, 6))))


def random_line(random: Random) -> str:
    indent = " " * random.choice((0, 0, 2, 2, 4, 1, 3, 6))
    dash = random.choice(("", "", "- ", "- ")) if random.random() < 0.95 else random.choice(("-", "-  ", "- - "))
    key = random.choice(("a", "b", "c", "d", '"q"', "f:x")) if random.random() < 0.9 else random.choice(KEYS)
    value = random.choice(SAFE) if random.random() < 0.85 else random.choice(SCALARS).replace("|", " ")
    content = random.choice((f"{key}: {value}", f"{key}: {value}", f"{key}:", f"{key}:", value, ""))
    if random.random() < 0.1:
        return random_block(random, indent + dash + key)
    return indent + dash + content + random.choice(("", "", "", "", " ", " # c"))


def random_block(random: Random, head: str) -> str:
    mark = random.choice(("|", "|", "|-", "|-", "|+", ">", "|2", "| # c", "|- "))
    margins = ("    ", "    ", "    ", "      ", "  ", "", "\t")
    texts = ("a", "b: c", "# d", "", "", " ", "- e", '{"f": 1}', "é", "\u2028", "g\t", "--- h")
    lines = [random.choice(margins) + random.choice(texts) for _ in range(random.randint(0, 4))]
    return "\n".join([f"{head}: {mark}", *lines])


@given(jumbles)
@settings(max_examples=400, deadline=None)
@example("a: b\n  c")
@example("a: b\n\n # c\n  - d")
@example("key: ---")
def test_whatever_the_fast_path_takes_it_reads_as_the_slow_path_does(text: str) -> None:
    """Lines thrown together from tricky pieces mean the same to both, or are left to the slow one."""
    agree(text)


@given(documents)
@settings(max_examples=120, deadline=None)
def test_well_formed_documents_mean_the_same_to_both(text: str) -> None:
    """Nested maps and lists, some with odd spacing or a key twice, agree where the fast path takes them."""
    agree(text)


FRAMES = (
    "a: {}",
    "- {}",
    "a:\n  - b: {}\n    c: d",
    "a:\n- {} # c\n",
    "{}:\n  b: c",
    "{}: c",
    "a: [{}]",
    "a: {{b: {}}}",
)


@pytest.mark.parametrize("frame", FRAMES)
def test_every_tricky_scalar_agrees_in_every_place(frame: str) -> None:
    """A scalar on its own, in a list, nested and as a key."""
    for value in SCALARS:
        agree(frame.format(value.replace("|", " ")))


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web-0\n  labels:\n    app: web",
        "spec:\n  ports:\n  - port: 80\n    protocol: TCP\n  - port: 443\nstatus: {}",
        "spec:\n    from:\n      - ipBlock:\n            cidr: 10.0.0.0/8\n            except: [10.1.0.0/16]\n",
        "a: fd00::1\nb: 2001:db8::/32\nc: 2001:db8::1/64",
        "---  # Source: chart/x.yaml\n# comment\n\na: 1  # one\nb:    # nothing\nc: ''\n",
        'policyTypes: [Ingress, Egress]\npodSelector: {matchLabels: {app: web, tier: "x"}}',
        "args:\n- a b c\n- 'x: y'\nf:metadata:\n  f:labels: {}\n",
        "cpu: 100m\nmemory: 128Mi\ntimeout: 30s\nimage: nginx:1.2.3\nuser: null\non_: true",
        "",
        "# nothing\n",
    ],
)
def test_common_manifests_take_the_fast_path(text: str) -> None:
    """What manifests are made of is not left to the slow path."""
    assert agree(text)


@pytest.mark.parametrize(
    "text", ["a: 1\na: 2", "a:\n  b: 1\n  c: 2\n  b: 3", "a: {b: 1, b: 2}", '"a": 1\na: 2', "- a: 1\n  a:\n"]
)
def test_a_key_that_is_there_twice_is_refused(text: str) -> None:
    """The fast path leaves it to the slow one, which names it."""
    with pytest.raises(NotPlain):
        PlainReader().parse(text)
    with pytest.raises(Refusal, match="is there twice"):
        yaml_text.parse(text)

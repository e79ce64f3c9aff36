"""The slow path: structure, merge keys, aliases and limits."""

from __future__ import annotations

import time

import pytest

from crenel.sources import yaml_text
from crenel.sources.refusal import MAX_DEPTH, Refusal


def refusal(text: str) -> Refusal:
    """What is wrong with a text."""
    with pytest.raises(Refusal) as raised:
        yaml_text.parse(text)
    return raised.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{<<: {a: 1, b: 2}, a: 5}", {"a": 5, "b": 2}),
        ("{a: 5, <<: {a: 1, b: 2}}", {"a": 1, "b": 2}),
        ("{<<: [{a: 1, b: 2}, {a: 10, c: 30}]}", {"a": 1, "b": 2, "c": 30}),
        ("{<<: {a: 1}, <<: {a: 10}}", {"a": 10}),
        ('{"<<": 3}', {"<<": 3}),
        ("b: &b {a: 1}\nc:\n  <<: *b\n", {"b": {"a": 1}, "c": {"a": 1}}),
    ],
)
def test_merge_keys_apply_where_they_stand(text: str, expected: object) -> None:
    """A merge overrides what came before it, as kubectl has it (go-yaml v2, unlike v3)."""
    assert yaml_text.parse(text) == expected


def test_aliases_repeat_values_and_keys() -> None:
    """An anchor may be set anew; the alias repeats the last."""
    assert yaml_text.parse("a: &q 1\nb: &q x\n*q : *q\n") == {"a": 1, "b": "x", "x": "x"}


def test_block_scalars_keep_their_text() -> None:
    """Literal and folded blocks, with a chomped end."""
    assert yaml_text.parse("a: |\n  x\n   y\nb: >-\n  p\n  q\n") == {"a": "x\n y\n", "b": "p q"}


@pytest.mark.parametrize(
    ("text", "message", "line", "field"),
    [
        ("a:\n  b: 1\n  b: 2\n", "the key 'b' is there twice", 3, ("a", "b")),
        ("a:\n- b\n- {c: 1, c: 2}\n", "the key 'c' is there twice", 3, ("a", 1, "c")),
        ("yes: 1\ntrue: 2\n", "the key 'true' is there twice", 2, ("true",)),
        ("a: 1\nb: &x [1, *x]\n", "the alias *x stands inside what it repeats", 2, ("b", 1)),
        ("a: *x\n", "the alias *x has no anchor &x", 1, ("a",)),
        ("a: 1\n~: 1\n", "a key that is null", 2, ()),
        ("a: 1\n[b]: 1\n", "a key that is a mapping or a list", 2, ()),
        ("a: 1\n b: 2\n", "bad YAML: mapping values are not allowed in this context", 2, ()),
        ("a: 1\nb: [1\n", "bad YAML: did not find expected ',' or ']' while parsing a flow sequence", 3, ()),
        ("a: 1\n\tb: 2\n", "bad YAML: found a tab character that violates indentation", 2, ()),
        ("a: 1\nb: é\x00\n", "bad YAML: control characters are not allowed", 2, ()),
        ("a: \u2028\nb: [", "bad YAML: did not find expected node content while parsing a flow node", 2, ()),
    ],
)
def test_what_is_wrong_has_a_message_a_line_and_a_field(
    text: str, message: str, line: int, field: tuple[str | int, ...]
) -> None:
    """One line that a person can act on, without the parser's dump."""
    found = refusal(text)
    assert str(found).startswith(message)
    assert "\n" not in str(found)
    assert (found.line, found.field) == (line, field)


def test_nesting_is_limited() -> None:
    """The deepest that is allowed is read; one more is refused, and so are a million more, quickly."""
    assert yaml_text.parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert "levels deep" in str(refusal("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))
    assert "levels deep" in str(refusal("[" * 1_000_000))
    assert "levels deep" in str(refusal("\n".join(" " * n + "a:" for n in range(MAX_DEPTH + 2)) + " 1"))
    assert "levels deep" in str(refusal("- " * 5000 + "a"))


def test_aliases_cannot_nest_beyond_the_limit() -> None:
    """A chain of aliases, each one level deeper, counts as nesting."""
    chain = ["a0: &a0 [x]", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, MAX_DEPTH + 1))]
    assert "levels deep" in str(refusal("\n".join(chain)))


def test_an_alias_bomb_is_refused_quickly() -> None:
    """Nine aliases of nine aliases, nine times over, are counted and not built."""
    bomb = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10))]
    begun = time.monotonic()
    assert "aliases that repeat more than" in str(refusal("\n".join(bomb)))
    assert time.monotonic() - begun < 5


def test_a_merge_bomb_is_refused_too() -> None:
    """Merging counts as repeating."""
    wide = "base: &b {" + ", ".join(f"k{n}: 1" for n in range(1000)) + "}"
    assert "aliases that repeat" in str(refusal("\n".join([wide, *(f"m{n}: {{<<: *b}}" for n in range(1100))])))

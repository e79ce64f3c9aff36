"""Tokens in what crosses a wire."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import given
from hypothesis import strategies as st

from crenel.lab.tls.watching import Sighting, Watch, token
from kernel.test_capture import tcp, v4

HERE, THERE = int(ip_address("10.0.0.1")), int(ip_address("10.0.0.2"))


def watch(*tokens: str) -> Watch:
    return Watch({}, tokens, [("10.0.0.2", 8443)])


def test_tokens_are_host_names_that_differ() -> None:
    """All have one length, and are nothing that HTTP would have to escape."""
    tokens = {token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(each) for each in tokens} == {len("0" * 32 + ".crenel-lab.example")}
    assert all(each.replace(".", "").replace("-", "").isalnum() for each in tokens)


@given(st.integers(0, 200), st.lists(st.integers(1, 300), max_size=6), st.booleans())
def test_a_token_is_found_however_it_is_split(before: int, cuts: list[int], twice: bool) -> None:
    """In one packet or over several, each seen once or, as on a node, twice; what only looks like it is not found."""
    mine, other = token(), token()
    text = b"x" * before + mine.encode() + b"y" * 50 + f"{other[:31]}z{other[32:]}".encode()
    one = watch(mine, other)
    start = 0
    for cut in [*sorted({each for each in cuts if each < len(text)}), len(text)]:
        packet = v4(tcp(text[start:cut]))
        for _ in range(1 + (twice and cut - start >= len(mine))):
            one._look(packet)
        start = cut
    assert one.seen == {Sighting(mine, (THERE, 8443), sent=False)}


def test_where_a_token_is_seen() -> None:
    """At a target, whether it came or was sent; elsewhere where it was sent to. Of many clients it is one sighting."""
    mine = token()
    for targets, expected in (
        ([("10.0.0.2", 8443)], Sighting(mine, (THERE, 8443), sent=False)),
        ([("10.0.0.1", 33000)], Sighting(mine, (HERE, 33000), sent=True)),
        ([], Sighting(mine, (THERE, 8443), sent=False)),
    ):
        one = Watch({}, [mine], targets)
        one._look(v4(tcp(mine.encode())))
        one._look(v4(tcp(mine.encode())))
        assert one.seen == {expected}


def test_streams_are_not_mixed() -> None:
    """The beginning of a token in one stream and its end in another are none."""
    mine = token()
    one = watch(mine)
    one._look(v4(tcp(mine.encode()[:20])))
    one._look(v4(tcp(mine.encode()[20:]).replace(b"\x80\xe8", b"\x80\xe9", 1)))
    assert not one.seen
    assert one.packets == {(THERE, 8443): 2}


def test_memory_is_bounded() -> None:
    """Of more streams than are remembered the oldest end is let go of; packets without data are no streams."""
    mine = token()
    one = watch(mine)
    for number in range(5000):
        one._look(v4(number.to_bytes(2, "big") + tcp(b"z" * 1000)[2:]))
        one._look(v4(number.to_bytes(2, "big") + tcp(b"")[2:]))
    assert len(one._ends) == 4096
    assert all(len(each) < len(mine) for each in one._ends.values())

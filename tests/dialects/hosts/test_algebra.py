"""The algebra below the translation, against sets that are written out: kinds, regions, words known in part."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from crenel.dialects.hosts.boxes import Box, without
from crenel.dialects.hosts.kinds import ALL, Kinds, protocols
from crenel.dialects.hosts.regions import Region
from crenel.dialects.hosts.words import Formula, Register, Word
from crenel.network.addresses import AddressSet
from crenel.network.traffic import ICMP, SCTP, TCP, UDP, Match


def union(parts: list[Kinds]) -> Kinds:
    """All of them."""
    found = Kinds(AddressSet())
    for part in parts:
        found |= part
    return found


POINTS = [(family, value) for family in (4, 6) for value in range(4)]
PORTS = (1, 2, 3)
KINDS = [(TCP, port) for port in PORTS] + [(UDP, port) for port in PORTS] + [(ICMP, 0), (47, 0)]

address_sets = st.sets(st.sampled_from(POINTS)).map(
    lambda chosen: AddressSet(
        *(
            AddressSet.of(*(("::" if family == 6 else "0.0.0.") + str(v) for f, v in chosen if f == family)).ranges(
                family
            )
            for family in (4, 6)
        )
    )
)
kinds = st.lists(
    st.one_of(
        st.builds(
            lambda protocol, ports: Kinds.of([(protocol, protocol)], [(min(ports), max(ports))]),
            st.sampled_from([TCP, UDP]),
            st.tuples(st.sampled_from(PORTS), st.sampled_from(PORTS)),
        ),
        st.sampled_from([protocols(ICMP), protocols(47), protocols(TCP), ALL]),
    ),
    max_size=3,
).map(union)
regions = st.builds(Region, address_sets, address_sets, kinds)


def members(region: Region) -> set[tuple[int, int, int, int, int]]:
    """All packets of a region, one by one: family, source, destination, protocol and port."""
    carried = {each for each in KINDS if Kinds.of([(each[0], each[0])], [(each[1], each[1])]) <= region.kinds}
    return {
        (family, source, target, *kind)
        for family, source, target in itertools.product((4, 6), range(4), range(4))
        if region.source.contains(family, source) and region.destination.contains(family, target)  # type: ignore[arg-type]
        for kind in carried
    }


@given(regions, regions)
def test_regions(left: Region, right: Region) -> None:
    """Intersection, difference and inclusion are those of sets of packets; parts of a difference are disjoint."""
    assert members(left & right) == members(left) & members(right)
    parts = list(left.minus(right))
    assert set().union(*map(members, parts)) == members(left) - members(right)
    assert sum(len(members(part)) for part in parts) == len(members(left) - members(right))
    if left.covers(right):
        assert members(right) <= members(left)


@given(regions, st.lists(st.tuples(regions, st.booleans()), max_size=3))
def test_what_is_left_of_a_box(whole: Region, parts: list[tuple[Region, bool]]) -> None:
    """What surely matched is gone; what only possibly did is left under a doubt; all else is left as it was."""
    box = Box(whole)
    matched = [box.within(part) if sure else box.within(part).if_("perhaps") for part, sure in parts]
    left = without(box, matched, "not matched")
    assert left is not None
    gone = set().union(*(members(part.region) for part in matched if not part.doubts))
    doubted = set().union(*(members(part.region) for part in matched if part.doubts))
    clear = set().union(*(members(each.region) for each in left if not each.doubts))
    assert clear == members(whole) - gone - doubted
    assert set().union(*(members(each.region) for each in left)) == members(whole) - gone


@given(kinds)
def test_kinds_as_matches(some: Kinds) -> None:
    """What the model is told of a set of kinds is that set."""
    found = some.matches()
    for protocol, port in KINDS:
        inside = Kinds.of([(protocol, protocol)], [(port, port)]) <= some
        assert inside is (found is None or any(_covers(each, protocol, port) for each in found))


def _covers(match: Match, protocol: int, port: int) -> bool:
    return match.protocol == protocol and (match.ports is None or match.ports[0] <= port <= match.ports[1])


def test_kinds_at_a_port() -> None:
    """Which protocols a set has at some ports: all of them surely, some possibly."""
    some = Kinds.of([(TCP, UDP), (SCTP, SCTP)], [(80, 90)])
    sure, possible = some.at((80, 85))
    assert sure == possible == protocols(TCP, UDP, SCTP) | Kinds.of([(7, 16)])
    sure, possible = some.at((85, 95))
    assert protocols(TCP) <= possible
    assert not protocols(TCP) <= sure


words = st.builds(lambda value, known: Word(value & known, known | 0xFFFF_FFF8), st.integers(0, 7), st.integers(0, 7))


def values(word: Word) -> list[int]:
    """All that a word of three bits may be."""
    return [value for value in range(8) if not (value ^ word.value) & word.known & 7]


def judged(answers: set[bool]) -> bool | None:
    """What is known of a question that some values answer."""
    return answers.pop() if len(answers) == 1 else None


@given(words, words, st.integers(0, 7), st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=2))
def test_words(word: Word, other: Word, mask: int, ranges: list[tuple[int, int]]) -> None:
    """A question has an answer only if all that the word may be gives it; masks and exclusive or are exact."""
    found = word.within(tuple(ranges))
    truth = judged({any(low <= value <= high for low, high in ranges) for value in values(word)})
    assert found in (truth, None)
    singles = tuple((low, low) for low, _ in ranges[:1])
    assert word.within(singles) is judged({value in [low for low, _ in singles] for value in values(word)})
    assert word.shares(mask) is judged({bool(value & mask) for value in values(word)})
    assert set(values(word.masked(mask))) == {value & mask for value in values(word)}
    assert set(values(word ^ other)) == {left ^ right for left in values(word) for right in values(other)}


@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 7))
def test_formulas(mask: int, number: int, value: int) -> None:
    """Cutting bits off, setting and flipping them, in any order, is what it is for numbers."""
    formula = Formula(((Register.MARK, 7),)).masked(mask).with_bits(number).flipped(mask)
    ((_, kept),) = formula.parts
    assert (value & kept) ^ formula.number == ((value & mask) | number) ^ mask

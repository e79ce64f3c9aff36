"""All ways to ask a network agree with each other, and with a walk through its stages."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.bits import members
from crenel.network.addresses import AddressSet
from crenel.network.conditions import ALWAYS, NEVER, SameNode
from crenel.network.endpoints import Kind
from crenel.network.evaluate import Cell
from crenel.network.network import Network
from crenel.network.rules import EVERYONE, Action, Direction, Peers, Policy, Rule, Stage
from crenel.network.shortcuts import Shortcut
from crenel.network.traffic import ALL, Match, parse_traffic
from network.hand import WORKLOADS, among, network

TRAFFIC = ("", "TCP/80", "TCP/80-90", "TCP/85-65535", "UDP", "ICMP")
CIDRS = ("10.0.0.0/30", "10.0.0.2/32", "192.0.2.0/24", "0.0.0.0/0", "fd00::/8")
names = st.sets(st.sampled_from(WORKLOADS)).map("".join)
may = st.booleans()


@st.composite
def peers(draw: st.DrawFn, certain: bool) -> Peers:
    """Somebody a rule speaks of."""
    kind = draw(st.sampled_from(("everyone", "names", "addresses", "possible")))
    if kind == "everyone":
        return EVERYONE
    if kind == "addresses":
        return Peers(addresses=AddressSet.of(draw(st.sampled_from(CIDRS))))
    if kind == "possible" and not certain:
        return Peers(endpoints=among(draw(names)), possible=among(draw(names)))
    return Peers(endpoints=among(draw(names)))


@st.composite
def rules(draw: st.DrawFn, certain: bool) -> Rule:
    """Any rule."""
    actions = [Action.ALLOW, Action.ALLOW, Action.DENY, Action.NEXT] + ([] if certain else list(Action))
    text = draw(st.sampled_from(TRAFFIC))
    traffic = parse_traffic(text) if text else None
    if draw(st.integers(0, 7)) == 0:
        traffic = (Match(None, name="web"),)
    return Rule(draw(st.sampled_from(actions)), draw(peers(certain)), traffic)


@st.composite
def policies(draw: st.DrawFn, certain: bool) -> Policy:
    """Any policy."""
    possible = 0 if certain else among(draw(names))
    return Policy("p", among(draw(names)), tuple(draw(st.lists(rules(certain), max_size=2))), possible)


@st.composite
def stages(draw: st.DrawFn, certain: bool) -> Stage:
    """Any stage."""
    ranks = draw(st.lists(st.lists(policies(certain), max_size=2).map(tuple), max_size=3))
    point = draw(st.sampled_from((0, 0, 0, 1, 2)))
    return Stage("stage", draw(st.sampled_from(Direction)), tuple(ranks), draw(may), draw(may), point)


@st.composite
def shortcuts(draw: st.DrawFn, certain: bool) -> Shortcut:
    """Any shortcut: within the cluster, from outside or to it."""
    condition = None if certain or draw(may) else SameNode("a", "b")
    outside = AddressSet.of(*draw(st.sets(st.sampled_from(("192.0.2.0/24", "10.0.0.0/30")), max_size=1)))
    within = among(draw(names)), among(draw(names))
    return Shortcut(*within, condition, *((outside, AddressSet()) if draw(may) else (AddressSet(), outside)))


@st.composite
def networks(draw: st.DrawFn, certain: bool = False) -> Network:
    """Four workloads and the blocks around them, behind one to three stages."""
    listed = st.lists(shortcuts(certain), max_size=2)
    past = {point: draw(listed) for point in draw(st.sets(st.sampled_from((0, 1, 2))))}
    return network(*draw(st.lists(stages(certain), min_size=1, max_size=4)), shortcuts=past)


def says(cells: Iterable[Cell], who: int, atom: int) -> tuple[bool, bool]:
    """(sure, possible) for a free end and an atom of traffic."""
    (cell,) = [each for each in cells if each.traffic >> atom & 1]
    return bool(cell.sure >> who & 1), bool(cell.allowed >> who & 1)


def through(net: Network, direction: Direction, source: int, destination: int, atom: int) -> tuple[bool, bool]:
    """(sure, possible) for all points of one direction, asked one by one."""
    sure = possible = True
    for point in net.views[0].points(direction):
        cells = net.point(point, source, destination)
        found = says(cells, destination if direction is Direction.EGRESS else source, atom)
        past = net.passes_by(point, source, destination)
        sure = sure and (found[0] or past == ALWAYS)
        possible = possible and (found[1] or past != NEVER)
    return sure, possible


@settings(max_examples=30, deadline=None)
@given(networks())
def test_row_column_point_and_end_agree(net: Network) -> None:
    """Whichever end is held fixed, every pair and atom has one answer."""
    everybody = net.of_sources()
    (view,) = net.views
    atoms = members(net.table.everything)
    ends = {
        (direction, subject): net.end(view, direction, subject)
        for direction in Direction
        for subject in members(everybody)
    }
    rows = {source: net.row(view, source, everybody) for source in members(everybody)}
    for destination in members(everybody):
        column = net.column(view, destination, everybody)
        for source in members(everybody):
            for atom in atoms:
                left = through(net, Direction.EGRESS, source, destination, atom)
                right = through(net, Direction.INGRESS, source, destination, atom)
                assert left == says(ends[Direction.EGRESS, source], destination, atom)
                assert right == says(ends[Direction.INGRESS, destination], source, atom)
                both = left[0] and right[0], left[1] and right[1]
                assert says(column, source, atom) == both
                assert says(rows[source], destination, atom) == both


@settings(max_examples=25, deadline=None)
@given(networks())
def test_regions_are_the_columns(net: Network) -> None:
    """All regions together say of every pair what its column says, each pair in one region per certainty."""
    everybody = net.of_sources()
    (view,) = net.views
    regions = net.solve(view, everybody, everybody)
    for destination in members(everybody):
        column = net.column(view, destination, everybody)
        for source in members(everybody):
            met = [each for each in regions if each.sources >> source & 1 and each.destinations >> destination & 1]
            assert len({each.sure for each in met}) == len(met)
            sure = sum(each.traffic for each in met if each.sure)
            possible = sum(each.traffic for each in met)
            for atom in members(net.table.everything):
                assert says(column, source, atom) == (bool(sure >> atom & 1), bool(possible >> atom & 1))


@settings(max_examples=30, deadline=None)
@given(networks(certain=True))
def test_the_same_as_a_walk_through_the_stages(net: Network) -> None:
    """Stage by stage, rank by rank, rule by rule: the evaluator finds what a person would."""
    (view,) = net.views
    for destination in members(among("".join(WORKLOADS))):
        column = net.column(view, destination, net.of_sources())
        for source in members(net.of_sources()):
            for atom in members(net.table.everything):
                ways = [walked(net, direction, source, destination, atom) for direction in Direction]
                expected = all(way == {"allow"} for way in ways), all("allow" in way for way in ways)
                assert says(column, source, atom) == expected


def walked(net: Network, direction: Direction, source: int, destination: int, atom: int) -> set[str]:
    """What may come of one packet at one end: ``allow``, ``deny`` or both, where the order of policies is open."""
    subject, other = (source, destination) if direction is Direction.EGRESS else (destination, source)
    found: set[str] = {"allow"}
    for point in {each.point for each in net.blueprint.stages}:
        if not any(_past(net, each, source, destination) for each in net.blueprint.shortcuts.get(point, ())):
            said = _point(net, [each for each in net.blueprint.stages if each.point == point], direction, (
                subject, other, destination, atom
            ))  # fmt: skip
            found = found - {"allow"} | said if "allow" in found else found
    return found


def _past(net: Network, shortcut: Shortcut, source: int, destination: int) -> bool:
    """Whether a connection takes a shortcut."""
    ends = (
        (shortcut.sources, shortcut.from_outside, source),
        (shortcut.destinations, shortcut.to_outside, destination),
    )
    return all(mask >> end & 1 or _outside(net, addresses, end) for mask, addresses, end in ends)


def _outside(net: Network, addresses: AddressSet, end: int) -> bool:
    own = net.endpoints[end].addresses
    return net.endpoints[end].kind is Kind.BLOCK and own is not None and own <= addresses


def _point(net: Network, stages: list[Stage], direction: Direction, packet: tuple[int, int, int, int]) -> set[str]:
    found: set[str] = set()
    for each in (each for each in stages if each.direction is direction):
        said = _stage(net, each, *packet)
        found |= said - {"next"}
        if "next" not in said:
            return found
    return found | {"allow"}


def _stage(net: Network, stage: Stage, subject: int, other: int, destination: int, atom: int) -> set[str]:
    for rank in stage.ranks:
        words = {_policy(net, each, subject, other, destination, atom) for each in rank} - {""}
        if words:
            return words
    isolated = stage.isolating and any(each.subjects >> subject & 1 for rank in stage.ranks for each in rank)
    return {"deny"} if isolated else {"next"}


def _policy(net: Network, policy: Policy, subject: int, other: int, destination: int, atom: int) -> str:
    if not policy.subjects >> subject & 1:
        return ""
    for each in policy.rules:
        if _peer(net, each.peers, other) and _carried(net, each, destination, atom):
            return each.action.name.lower()
    return ""


def _peer(net: Network, peers: Peers, other: int) -> bool:
    if peers.everyone or peers.endpoints >> other & 1:
        return True
    addresses = net.endpoints[other].addresses
    return peers.addresses is not None and addresses is not None and bool(addresses & peers.addresses)


def _carried(net: Network, rule: Rule, destination: int, atom: int) -> bool:
    if rule.traffic is None:
        return True
    slot = net.table.slots[atom]
    target = net.endpoints[destination]
    for match in (each for one in rule.traffic for each in (target.named(one) if one.name else (one,))):
        low, high = match.ports or (1, 65535)
        if match.protocol == slot.protocol and (slot.first == 0 or low <= slot.first <= high):
            return True
    return False


@settings(max_examples=25, deadline=None)
@given(networks(), st.data())
def test_asking_about_less_says_the_same(net: Network, data: st.DataObject) -> None:
    """A question about some sources and some traffic has the answers of the question about all."""
    (view,) = net.views
    atom = data.draw(st.sampled_from(members(net.table.everything)))
    some = among(data.draw(names))
    for destination in members(among("".join(WORKLOADS))):
        whole, part = net.column(view, destination, net.of_sources()), net.column(view, destination, some, 1 << atom)
        for source in members(some):
            assert says(part, source, atom) == says(whole, source, atom)
        assert all(cell.traffic == 1 << atom for cell in part)
    assert net.table.describe(ALL) == net.table.describe(net.table.everything)

"""The aggregation in SQL and a loop over the records agree."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from crenel.flows.aggregate import aggregate
from crenel.flows.identities import Identities, Tenure, settled
from crenel.flows.observed import Limits, Observations
from crenel.network.traffic import protocol_name
from flows.naive import Answer, Record, answer
from flows.tables import rows_of

ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "198.51.100.9")
PORTS = (53, 80, 5432, 20000, 32768, 40000, 50051)

records = st.lists(
    st.builds(
        Record,
        source=st.sampled_from(ADDRESSES),
        source_port=st.sampled_from(PORTS),
        target=st.sampled_from(ADDRESSES),
        target_port=st.sampled_from(PORTS),
        protocol=st.sampled_from([6, 17]),
        flags=st.sampled_from(["", "S", "SA", "A"]),
        reply=st.sampled_from([False, False, False, True]),
        at=st.integers(1, 9).map(lambda number: number * 1000),
        size=st.integers(0, 5),
        verdict=st.sampled_from(["forwarded", "dropped"]),
    ),
    min_size=1,
    max_size=12,
)
tenures = st.lists(
    st.builds(
        lambda address, place, since, length: Tenure(address, place, since * 1000, (since + length) * 1000),
        st.sampled_from(ADDRESSES[:3]), st.sampled_from(["shop/a", "shop/b", "node/n"]),
        st.integers(0, 8), st.integers(1, 6),
    ),
    max_size=5,
).map(settled)  # fmt: skip
serving = st.sets(
    st.tuples(st.sampled_from(["shop/a", "10.0.0.2"]), st.sampled_from([6, 17]), st.sampled_from(PORTS)), max_size=3
)


def written(path: Path, found: list[Record]) -> None:
    lines = [
        f"{each.source},{each.source_port},{each.target},{each.target_port},{each.protocol},{each.flags},"
        f"{'yes' if each.reply else ''},{stamp(each.at)},{each.size},{each.verdict}"
        for each in found
    ]
    header = "source,source_port,destination,destination_port,protocol,tcp_flags,is_reply,start,bytes,verdict"
    path.write_text("\n".join([header, *lines, ""]))


def stamp(at: int) -> str:
    return datetime.fromtimestamp(at / 1000).astimezone().isoformat()


def shaped(found: Observations) -> Answer:
    def milliseconds(value: datetime | None) -> int:
        assert value is not None
        return int(value.timestamp() * 1000)

    return {
        (row.source, row.target, row.protocol, row.port or 0, row.verdict.value): (
            row.count, row.bytes or 0, milliseconds(row.first), milliseconds(row.last), row.ends.value,
        )
        for row in found.rows
    }  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(records, tenures, serving)
def test_sql_and_a_loop_agree(found: list[Record], known: list[Tenure], declared: set[tuple[str, int, int]]) -> None:
    """Whatever the records, owners and declared ports: the same rows, counts, bytes, times and certainty."""
    identities = Identities(tuple(known), serving=frozenset(declared))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flows.csv"
        written(path, found)
        observed = aggregate([str(path)], identities, Limits(threads=1))
    assert observed.bad == 0 and not observed.failed
    assert shaped(observed) == answer(found, known, declared)


@given(tenures)
def test_settled_tenures_never_overlap(found: list[Tenure]) -> None:
    """At each moment an address has one owner at most."""
    for one in found:
        for other in found:
            apart = one.until <= other.since or other.until <= one.since
            assert one is other or one.address != other.address or apart


def test_replies_are_no_connections_of_their_own(tmp_path: Path) -> None:
    """What a server sends back is counted with what was asked, in each of the ways to tell."""
    text = "srcaddr dstaddr srcport dstport protocol tcp-flags action log-status\n"
    log = tmp_path / "log"
    for lines, ends in (
        ("10.0.0.1 10.0.0.2 1500 9000 6 2 ACCEPT OK\n10.0.0.2 10.0.0.1 9000 1500 6 18 ACCEPT OK\n", "told"),
        ("10.0.0.1 10.0.0.2 1500 9000 6 2 ACCEPT OK\n10.0.0.2 10.0.0.1 9000 1500 6 0 ACCEPT OK\n", "told"),
        ("10.0.0.1 10.0.0.2 40000 9000 6 0 ACCEPT OK\n10.0.0.2 10.0.0.1 9000 40000 6 0 ACCEPT OK\n", "guessed"),
        ("10.0.0.1 10.0.0.2 1500 9000 6 0 ACCEPT OK\n10.0.0.1 10.0.0.2 1501 9000 6 0 ACCEPT OK\n", "guessed"),
    ):
        log.write_text(text + lines)
        assert rows_of(aggregate([str(log)])) == [("10.0.0.1", "10.0.0.2", "TCP/9000", 2, "forwarded", ends)], lines
    known = Identities((Tenure("10.0.0.2", "shop/db"),), serving=frozenset({("shop/db", 6, 50051)}))
    log.write_text(text + "10.0.0.2 10.0.0.1 50051 2000 6 0 ACCEPT OK\n")
    assert rows_of(aggregate([str(log)], known)) == [("10.0.0.1", "shop/db", "TCP/50051", 1, "forwarded", "known")]


def test_many_addresses_outside_are_folded(tmp_path: Path) -> None:
    """Beyond the limit addresses of one end and port become one row, which says how many they are."""
    log = tmp_path / "log.csv"
    lines = [f"198.51.100.{number},shop/web,443,tcp\n" for number in range(1, 11)]
    log.write_text("source,destination,port,protocol\n" + "".join(lines) + "198.51.100.1,shop/api,443,tcp\n")
    found = aggregate([str(log)], limits=Limits(outside=4))
    assert [(row.source, row.target, row.count, row.addresses) for row in found.rows] == [
        ("198.51.100.1", "shop/api", 1, 1),
        ("198.51.100.1", "shop/web", 1, 1),
        ("198.51.100.10", "shop/web", 1, 1),
        ("198.51.100.2", "shop/web", 1, 1),
        ("198.51.100.3", "shop/web", 1, 1),
        ("elsewhere", "shop/web", 6, 6),
    ]


def test_little_memory_goes_to_disk(tmp_path: Path) -> None:
    """More groups than the memory holds are aggregated all the same."""
    log = tmp_path / "log.csv"
    with log.open("w") as file:
        file.write("source,destination,port,protocol\n")
        for number in range(100_000):
            file.write(f"shop/w{number % 500},data/d{number // 500},{1 + number % 7},tcp\n")
    found = aggregate([str(log)], limits=Limits(memory="80MB", threads=1))
    assert found.taken == 100_000
    assert len(found.rows) == 100_000
    assert protocol_name(found.rows[0].protocol) == "TCP"

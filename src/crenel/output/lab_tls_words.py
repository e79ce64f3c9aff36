"""How the reports of the lab say what was found out about TLS."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crenel.lab.tls.findings import TLS, Fate, Handshakes, Port
from crenel.lab.tls.kinds import Client
from crenel.output.words import count

HEADER = (
    "TLS PORT", "SPEAKS", "DECLARED BY", "CLIENTS", "OWN", "NONE", "STRANGER", "FORGED", "EXPIRED", "PLAIN TEXT",
    "DISAGREE",
)  # fmt: skip
_NOT_TRIED = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """A port of a workload, at all of its addresses, and what became of all clients."""

    ports: Sequence[Port]
    handshakes: Sequence[Handshakes]

    @property
    def disagreements(self) -> int:
        """How many clients, and certificates, are not as declared."""
        return sum(bool(each.why) for each in self.ports) + sum(bool(each.why) for each in self.handshakes)


def rows(tls: TLS) -> list[Row]:
    """The table: a row for each port of each workload, in the order of the ports."""
    handshakes: dict[tuple[str, int], list[Handshakes]] = {}
    for each in tls.handshakes:
        handshakes.setdefault((each.port.address, each.port.port), []).append(each)
    ports: dict[tuple[object, ...], list[Port]] = {}
    for port in tls.ports:
        ports.setdefault((port.name, port.port, port.kind, port.rule), []).append(port)
    return [
        Row(mine, [each for port in mine for each in handshakes.get((port.address, port.port), ())])
        for mine in ports.values()
    ]


def cells(row: Row) -> tuple[str, ...]:
    """A row as text."""
    port = row.ports[0]
    clients = len({each.source for each in row.handshakes})
    return (
        f"{port.name}:{port.port}", port.kind.value, port.rule, f"{clients:,}",
        *(_fates(row.handshakes, client) for client in Client), f"{row.disagreements:,}",
    )  # fmt: skip


def _fates(handshakes: Sequence[Handshakes], client: Client) -> str:
    """What became of all clients of one kind: one word, or how many each."""
    fates = [each.fate for one in handshakes for each in one.attempts if each.client is client]
    numbers = {fate: fates.count(fate) for fate in Fate if fate is not Fate.NOT_TRIED and fate in fates}
    if len(numbers) == 1:
        return str(min(fate.value for fate in numbers))
    return ", ".join(f"{number} {fate.value}" for fate, number in numbers.items()) or _NOT_TRIED


def wrong(tls: TLS) -> Iterator[str]:
    """What is not as it is declared, a line each."""
    for port in tls.ports:
        if port.why:
            yield f"{_where(port)}: {port.why}"
    for each in tls.handshakes:
        if each.why:
            yield f"{each.source} to {_where(each.port)}: {each.why}"
    yield from tls.wire.faults


def _where(port: Port) -> str:
    family = f"[{port.address}]" if ":" in port.address else port.address
    return f"{port.name}:{port.port} ({family}, {port.kind.value} by {port.rule})"


def remarks(tls: TLS) -> list[str]:
    """What the reader has to know beside the table."""
    found = list(tls.notes)
    if tls.denied:
        found.append(
            f"{count(tls.denied, 'pair')} of a workload and a TLS port {_were(tls.denied)} denied: nobody asked"
        )
    if tls.undecided:
        words = "the model does not know whether it may connect"
        found.append(
            f"{count(tls.undecided, 'pair')} of a workload and a TLS port {_were(tls.undecided)} not asked: {words}"
        )
    if tls.left_out:
        found.append(
            f"{count(tls.left_out, 'pair')} of a workload and a TLS port {_were(tls.left_out)} left out: too many"
        )
    return found


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def wire(tls: TLS) -> str:
    """What was seen on the wire, in one line."""
    seen = tls.wire
    where = f"{count(seen.packets, 'packet')} on {count(len(seen.nodes), 'node')}"
    controls = f"{seen.controls_seen} of {count(seen.controls, 'connection')} in plain text beside them"
    if seen.faults:
        return f"on the wire: {where}; it is not proved that nothing of TLS is in plain text"
    return f"on the wire: {where}, nothing of TLS in plain text; {controls} were seen"


def conclusion(tls: TLS) -> str:
    """All of it in one line."""
    number = len(rows(tls))
    if not tls.handshakes:
        return "no TLS port could be asked" if tls.ports else "no port is declared to speak TLS"
    asked = f"{count(number, 'TLS port')} in {count(tls.connections, 'connection')}"
    if tls.disagreements:
        return f"{count(tls.disagreements, 'disagreement')} with what is declared of {asked}"
    return f"{asked}: all clients are accepted and refused as declared"

"""What was found out about TLS in a lab, as fields of its JSON."""

from __future__ import annotations

from typing import Any

import msgspec

from crenel.lab.tls.findings import TLS, Attempt, Handshakes, Port
from crenel.output.words import clean


class PortShape(msgspec.Struct):
    """A port of a pod that is declared to speak TLS."""

    name: str
    pod: str
    address: str
    port: int
    declared: str
    rule: str
    served: str | None
    why: str | None


class AttemptShape(msgspec.Struct):
    """What became of one client; `expected` is ``accepted`` or ``refused``, null where no certificate is asked for."""

    client: str
    outcome: str
    expected: str | None
    detail: str


class HandshakesShape(msgspec.Struct):
    """All clients of one workload at one port."""

    source: str
    destination: str
    pod: str
    address: str
    port: int
    attempts: list[AttemptShape]
    why: str | None


def fields(tls: TLS) -> dict[str, Any]:
    """Shape all of it; docs/json.md says how."""
    wire = tls.wire
    return {
        "tls_ports": list(map(_port, tls.ports)),
        "handshakes": list(map(_handshakes, tls.handshakes)),
        "wire": {
            "nodes": list(wire.nodes),
            "packets": wire.packets,
            "controls": wire.controls,
            "controls_seen": wire.controls_seen,
            "plain": wire.plain,
            "faults": list(map(clean, wire.faults)),
        },
        "tls_summary": {
            "ports": len(tls.ports),
            "pairs": len(tls.handshakes),
            "connections": tls.connections,
            "disagreements": tls.disagreements,
            "denied": tls.denied,
            "undecided": tls.undecided,
            "left_out": tls.left_out,
            "seconds": round(tls.seconds, 3),
        },
    }


def _port(port: Port) -> PortShape:
    return PortShape(
        port.name, port.pod, port.address, port.port, port.kind.value, clean(port.rule),
        clean(port.served) or None, clean(port.why) or None,
    )  # fmt: skip


def _handshakes(each: Handshakes) -> HandshakesShape:
    port = each.port
    attempts = list(map(_attempt, each.attempts))
    return HandshakesShape(each.source, port.name, port.pod, port.address, port.port, attempts, clean(each.why) or None)


def _attempt(each: Attempt) -> AttemptShape:
    expected = None if each.expected is None else "accepted" if each.expected else "refused"
    return AttemptShape(each.client.value, each.fate.value, expected, clean(each.detail))

"""What was found out about TLS in a twin: who accepts whom, what was served, and what was seen on the wire."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field

from crenel.lab.tls.kinds import Client, Kind


class Fate(enum.Enum):
    """What became of an attempt."""

    ACCEPTED = "accepted"
    """Data came back."""
    REFUSED = "refused"
    """An alert came back, or the connection was ended where others got data."""
    UNCLEAR = "unclear"
    NOT_TRIED = "not tried"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One client of one kind at one port, with what the declaration says of it."""

    client: Client
    fate: Fate
    detail: str
    expected: bool | None
    """Whether it is to be accepted; None where its certificate is not asked for."""

    @property
    def why(self) -> str:
        """How it differs from the declaration, in words; empty where it does not."""
        if self.expected is None or (self.fate is Fate.ACCEPTED if self.expected else self.fate is Fate.REFUSED):
            return ""
        should = "it should be accepted" if self.expected else "it should be refused"
        return f"{_WHO[self.client]}: {self.fate.value} ({self.detail}), {should}"


_WHO = {
    Client.OWN: "its own certificate",
    Client.NONE: "no certificate",
    Client.STRANGER: "a stranger's certificate",
    Client.FORGED: "a forged certificate",
    Client.EXPIRED: "an expired certificate",
    Client.PLAIN: "plain text",
}


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a pod that is declared to speak TLS. `served` is whom its certificate speaks for."""

    name: str
    pod: str
    address: str
    port: int
    kind: Kind
    rule: str
    """What in the input declares it."""
    served: str = ""
    why: str = ""
    """What is wrong with what it serves, in words."""

    @property
    def asked(self) -> bool:
        """Whether somebody could connect to it."""
        return bool(self.served or self.why)


@dataclass(frozen=True, slots=True)
class Handshakes:
    """All attempts of one workload at one port. `failure` says why there are none."""

    source: str
    port: Port
    attempts: tuple[Attempt, ...] = ()
    failure: str = ""

    @property
    def why(self) -> str:
        """How they differ from the declaration, in words; empty where they do not."""
        return self.failure or "; ".join(each.why for each in self.attempts if each.why)


@dataclass(frozen=True, slots=True)
class Wire:
    """What captures on the nodes saw. `faults` are what is wrong, a sentence each."""

    nodes: Sequence[str] = ()
    packets: int = 0
    """Packets with data, of conversations with the ports."""
    controls: int = 0
    """Connections in plain text to somewhere else, which have to be seen."""
    controls_seen: int = 0
    plain: int = 0
    """Ports that answered in plain text, as they are declared to."""
    faults: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TLS:
    """All of it."""

    ports: Sequence[Port] = ()
    handshakes: Sequence[Handshakes] = ()
    wire: Wire = field(default_factory=Wire)
    denied: int = 0
    """Pairs of a workload and a port that policies deny; nobody was asked."""
    undecided: int = 0
    """Pairs of which the model does not know."""
    left_out: int = 0
    """Pairs that were too many."""
    notes: Sequence[str] = ()
    seconds: float = 0.0

    @property
    def connections(self) -> int:
        """How many attempts were made."""
        return sum(each.fate is not Fate.NOT_TRIED for one in self.handshakes for each in one.attempts)

    @property
    def disagreements(self) -> int:
        """How many things are not as they are declared."""
        wrong = sum(bool(each.why) for each in self.ports) + sum(bool(each.why) for each in self.handshakes)
        return wrong + len(self.wire.faults)

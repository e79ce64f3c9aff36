"""Everything about one server."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from crenel.certificates.material.certificate import Certificate, UnreadableCertificateError
from crenel.certificates.probing import acceptance, mutual, served, webs
from crenel.certificates.probing.findings import HIGH, MEDIUM, Finding, by_severity
from crenel.certificates.probing.mutual import HTTP1, NONE, RIGHT, Contexts, Mutual
from crenel.certificates.probing.peers import Peer, UnreachableError
from crenel.certificates.probing.profiles import Profile
from crenel.certificates.probing.served import Served
from crenel.certificates.probing.targets import HTTPS, Target
from crenel.certificates.probing.trust import Trust, trust_of
from crenel.certificates.probing.versions import Accepted, NoTLSFoundError, accepted
from crenel.certificates.probing.webs import Web

HTTP = 80
"""Where browsers ask in plain text."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to probe."""

    profile: Profile
    at: datetime
    """The time that certificates are judged by."""
    step: float = 5.0
    """Seconds that one step of a conversation may take."""
    trust: Trust | None = None
    """Roots that were given for all."""
    contexts: Contexts = field(default_factory=dict)
    """How to talk, with each certificate that there is and without one."""
    demand: bool = False
    """Whether servers are meant to demand certificates, even such as do not ask for one."""
    http_port: int | None = None
    """Where plain HTTP is served; None for port 80 beside 443."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found out about one target."""

    target: Target
    failure: str = ""
    """Why there is nothing more, in one line; empty for a server that speaks TLS."""
    accepted: Accepted | None = None
    served: Served | None = None
    mutual: Mutual | None = None
    """None where no client certificate is asked for or demanded."""
    web: Web | None = None
    findings: tuple[Finding, ...] = ()
    """The worst first."""
    notes: tuple[str, ...] = ()
    connections: int = 0
    """How many were made."""

    @property
    def asks(self) -> bool:
        """Whether it asks for the client's certificate."""
        return self.accepted is not None and self.accepted.served.request is not None


async def probe(target: Target, settings: Settings) -> Probe:
    """Find out everything about one target; nothing that a server does raises."""
    try:
        peer = await Peer.find(*target.endpoint, settings.step)
        found = await accepted(peer, target.name)
    except UnreachableError as error:
        return failed(target, "unreachable", str(error))
    except NoTLSFoundError as error:
        return failed(target, "no-tls", str(error))
    looked = _Looked(target, settings, found)
    try:
        await looked.further(peer)
    except UnreachableError as error:
        looked.stopped = f"it stopped taking connections: {error}"
    return looked.probe(peer.connections)


def failed(target: Target, finding: str, message: str) -> Probe:
    """The result for a target that nothing more is known of."""
    severity = HIGH if finding == "no-tls" else MEDIUM
    return Probe(target, message, findings=(Finding(finding, severity, message),))


class _Looked:
    """What is found out after the versions."""

    def __init__(self, target: Target, settings: Settings, found: Accepted) -> None:
        self.target, self.settings, self.found = target, settings, found
        self.served: Served | None = None
        self.mutual: Mutual | None = None
        self.web: Web | None = None
        self.unreadable: list[Finding] = []
        self.stopped = ""
        self._read()

    def _read(self) -> None:
        """Read the certificates that came."""
        answer = self.found.served
        if not answer.chain:
            self.unreadable.append(served.unseen("; ".join(self.found.doubts)))
            return
        try:
            self.served = served.read(answer, trust_of(self.target, self.settings.trust), self.settings.at)
        except UnreadableCertificateError as error:
            self.unreadable.append(served.unreadable(error))

    @property
    def _asked(self) -> bool:
        return self.found.served.request is not None

    @property
    def _proves(self) -> bool:
        """Whether it has to be proved that client certificates are demanded."""
        return self._asked or self.settings.demand or self.target.demands

    async def further(self, peer: Peer) -> None:
        """Make the conversations that go on after a handshake, as far as they are called for."""
        target, settings = self.target, self.settings
        if self._proves:
            self.mutual = await mutual.prove(peer, target.name, target.host, settings.contexts, asked=self._asked)
        if target.https:
            how = self._as_browser()
            port = settings.http_port or (HTTP if target.port == HTTPS else None)
            self.web = await webs.look(peer, how, target, port)

    def _as_browser(self) -> ssl.SSLContext:
        """Ask for pages with the right certificate where one is asked for and given."""
        contexts = self.settings.contexts
        right = contexts.get((RIGHT, HTTP1)) if self._asked else None
        return right or contexts[NONE, HTTP1]

    def probe(self, connections: int) -> Probe:
        """All of it."""
        findings = sorted(dict.fromkeys(self._findings()), key=by_severity)
        notes = tuple(self._said())
        return Probe(
            self.target, "", self.found, self.served, self.mutual, self.web, tuple(findings), notes, connections
        )

    def _findings(self) -> Iterator[Finding]:
        profile = self.settings.profile
        yield from acceptance.findings(self.found, profile)
        yield from self.unreadable
        if self.served is not None:
            yield from served.findings(self.served, self.target, self.settings.at)
        if self.mutual is not None:
            yield from mutual.findings(self.mutual, asked=self._asked)
        elif self._proves:
            yield mutual.unproven(self.stopped)
        if self.web is not None:
            yield from webs.findings(self.web, self.target, profile)

    def _said(self) -> Iterator[str]:
        yield from acceptance.notes(self.found, self.settings.profile)
        if self.stopped:
            yield self.stopped
        if self.served is not None:
            yield from served.notes(self.served, self.target, self.settings.at)
        if self.target.stored and self.served is None:
            yield f"what is served could not be compared with {self.target.stored[0].holder}"


def leaf_of(each: Probe) -> Certificate | None:
    """The server's own certificate, where it was seen."""
    return each.served.leaf if each.served is not None else None

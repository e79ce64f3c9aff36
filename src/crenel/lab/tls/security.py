"""TLS for a lab: certificates for its workloads, ports that serve them, and the proof of whom they accept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crenel.lab.lab import Lab
from crenel.lab.stage import Stage
from crenel.lab.tls.findings import TLS
from crenel.lab.tls.identities import Identities, Papers
from crenel.lab.tls.kinds import Kind
from crenel.lab.tls.ports import Secured, secured
from crenel.lab.tls.proof import Proof
from crenel.lab.tls.serving import Server


class Security:
    """The TLS of one lab."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._identities = Identities()
        self.targets: list[Secured] = []
        """The ports that are declared to speak TLS, and serve it."""
        self.notes: list[str] = []
        self.follow()

    def follow(self) -> None:
        """Serve what the lab's input declares now."""
        staged = self._lab.stage
        withheld = self._identities.cover(staged.placement.model)
        found, unread = secured(staged)
        self.targets = [each for each in found if self._papers(staged, each) is not None]
        lacking = sorted({each.name for each in found} - {each.name for each in self.targets})
        self.notes = [*unread, *withheld, *(f"{name}: has no certificate, and serves no TLS" for name in lacking)]
        served = self._lab.prober.listeners.secured
        served.clear()
        for each in self.targets:
            served[each.address, each.port] = self.server(each).conversation

    def server(self, target: Secured, *, kind: Kind | None = None) -> Server:
        """How a port answers that is as it should be, or as one of another kind would."""
        papers = self._papers(self._lab.stage, target)
        assert papers is not None
        kind = kind or target.kind
        context = self._identities.server(papers, demands=kind is not Kind.TLS)
        return Server(target.pod.title, context, plain=kind is Kind.PERMISSIVE)

    def papers(self, title: str) -> Mapping[str, str]:
        """What a command in a pod gets: the certificate and key of its workload, if it has one, and the lab's root."""
        found = {"CRENEL_CA": self._identities.root.pem}
        index = self._lab.stage.roster.pods.get(title)
        mine = self._identities.of(self._lab.stage.placement.model.scope.groups[index]) if index is not None else None
        if mine is not None:
            found |= {"CRENEL_CERT": mine[1].chain.decode("ascii"), "CRENEL_KEY": mine[1].key.decode("ascii")}
        return found

    def _papers(self, staged: Stage, target: Secured) -> Papers | None:
        group = staged.placement.model.scope.groups[staged.roster.pods[target.pod.title]]
        found = self._identities.of(group)
        return found[1] if found is not None else None

    def prove(self, progress: Callable[[int, int], None] = lambda _done, _all: None) -> TLS:
        """Ask all ports, and compare what came of it with what is declared.

        `progress` is told how many pairs of a workload and a port are over, of how many.
        """
        return Proof(self._lab, self._identities, self.targets).found(self.notes, progress)


def secure(lab: Lab) -> Security:
    """Let a lab serve TLS, from now on and after every change of its input."""
    lab.security = made = Security(lab)
    return made

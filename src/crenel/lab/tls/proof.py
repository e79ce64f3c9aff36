"""One run of the proof: the pairs are asked, the wire is watched, and all of it is judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from ipaddress import ip_address
from itertools import groupby

from crenel.certificates.material.chains import Roots
from crenel.certificates.probing.asking import Heard
from crenel.lab.lab import Lab
from crenel.lab.tls import judging, watching
from crenel.lab.tls.asking import Asking, Question
from crenel.lab.tls.findings import TLS, Handshakes, Port, Wire
from crenel.lab.tls.identities import Identities
from crenel.lab.tls.judging import Control, Tokens
from crenel.lab.tls.pairs import Pair, pairs
from crenel.lab.tls.ports import Secured
from crenel.lab.tls.watching import Watch
from crenel.lab.twin.topology import OUTSIDE, node_key

MOST = 2500
"""How many pairs of a workload and a port are asked; each makes six connections or so."""


class Proof:
    """Asks the ports of a lab, once."""

    def __init__(self, lab: Lab, identities: Identities, targets: Sequence[Secured]) -> None:
        self._prober, self._staged, self._spaces = lab.prober, lab.stage, lab.twin.spaces
        self._identities, self._targets = identities, targets
        self._tokens = Tokens(watching.token(), watching.token(), watching.token())
        groups, roster = self._staged.placement.model.scope.groups, self._staged.roster
        papers = {pod.title: identities.of(groups[roster.pods[pod.title]]) for pod in self._staged.placement.pods}
        self._papers = {title: each for title, each in papers.items() if each is not None}
        self._ports = {
            (each.address, each.port): Port(
                each.name, each.pod.title, each.address, each.port, each.kind, each.rule
            )
            for each in targets
        }  # fmt: skip
        self._asks: set[tuple[str, int]] = set()
        """Where certificates are asked for."""

    def found(self, notes: Sequence[str], progress: Callable[[int, int], None]) -> TLS:
        """Ask, and judge; `progress` is told how many of all pairs are over."""
        start = time.monotonic()
        chosen = pairs(self._staged, self._targets, self._papers, MOST)
        handshakes, wire = self._watched(chosen.asked, progress) if chosen.asked else ([], Wire())
        return TLS(
            list(self._ports.values()), handshakes, wire, chosen.denied, chosen.undecided, chosen.left_out, notes,
            time.monotonic() - start,
        )  # fmt: skip

    def _watched(self, asked: Sequence[Pair], progress: Callable[[int, int], None]) -> tuple[list[Handshakes], Wire]:
        """All handshakes, and what was seen of them."""
        nodes = {each.pod.node: self._spaces[node_key(each.pod.node)] for each in self._targets}
        tokens = (self._tokens.sealed, self._tokens.open, self._tokens.control)
        handshakes: list[Handshakes] = []
        with Watch(nodes, tokens, self._ports) as watch, Asking(self._prober, watch) as asking:
            controls = list(self._controls(asking, nodes))
            self._serve(asking, asked)
            for each in self._proved(asking, asked):
                handshakes.append(each)
                progress(len(handshakes), len(asked))
            controls += self._controls(asking, nodes)
            watch.finish()
            wire = judging.wire(watch, self._tokens, list(self._ports.values()), handshakes, controls)
        return handshakes, wire

    def _controls(self, asking: Asking, nodes: Iterable[str]) -> Iterator[Control]:
        """Connect to each node in plain text from outside, on a port that nobody else has."""
        families = {host.family for host in self._staged.world.hosts}
        for node in (each for each in self._staged.placement.nodes if each.name in nodes):
            for address in (ip_address(text) for text in node.addresses):
                if address.version in families:
                    space = self._spaces[node_key(node.name)]
                    port = asking.plainly(self._spaces[OUTSIDE], space, str(address), self._tokens.control)
                    yield Control(node.name, (int(address), port))

    def _serve(self, asking: Asking, asked: Iterable[Pair]) -> None:
        """Find out what each port serves to the first that may connect, and whether it asks for certificates."""
        for pair in asked:
            target = pair.target
            place = target.address, target.port
            if self._ports[place].asked:
                continue
            heard = asking.served(self._spaces[pair.source.space], *place, _host(target))
            if isinstance(heard, Heard) and heard.answer.request is not None:
                self._asks.add(place)
            identity = self._papers[target.pod.title][1].identity
            roots = Roots([self._identities.root])
            self._ports[place] = judging.served(self._ports[place], heard, roots, identity, target.hosts)

    def _proved(self, asking: Asking, asked: Iterable[Pair]) -> Iterator[Handshakes]:
        def source(pair: Pair) -> tuple[str, str]:
            return pair.source.space, pair.source.title

        for (space, title), group in groupby(sorted(asked, key=source), key=source):
            mine = list(group)
            contexts = self._identities.clients(self._papers[title][0])
            questions = [
                Question(
                    each.target.address, each.target.port, _host(each.target), contexts,
                    (each.target.address, each.target.port) in self._asks, self._tokens.sealed, self._tokens.open,
                )
                for each in mine
            ]  # fmt: skip
            for pair, answer in zip(mine, asking.prove(self._spaces[space], questions), strict=True):
                port = self._ports[pair.target.address, pair.target.port]
                if isinstance(answer, str):
                    yield Handshakes(pair.source.name, port, failure=answer)
                else:
                    yield Handshakes(pair.source.name, port, tuple(judging.attempts(port.kind, answer)))


def _host(target: Secured) -> str | None:
    """The name that it is asked under."""
    return target.hosts[0] if target.hosts else None

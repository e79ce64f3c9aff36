"""A running lab: the twin in the kernel, its rules loaded, somebody listening, and a prober at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address
from types import TracebackType
from typing import TYPE_CHECKING, Self

from crenel.dialects.model import Model
from crenel.enforce.delta import delta
from crenel.enforce.hooks import Marks
from crenel.enforce.revocation import Review, Reviewer
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.text import write
from crenel.kernel.links import Links
from crenel.kernel.namespaces import Namespace
from crenel.kernel.nftables import Nftables
from crenel.lab.cluster.placement import place
from crenel.lab.probing.observations import Observation
from crenel.lab.probing.prober import Prober
from crenel.lab.probing.probes import Probe
from crenel.lab.probing.seams import Span
from crenel.lab.stage import Stage, stage
from crenel.lab.twin.namespaces import Twin
from crenel.lab.twin.topology import LOOPBACK, OUTSIDE, node_key
from crenel.network.addresses import AddressSet

if TYPE_CHECKING:
    from crenel.lab.tls.security import Security


class Lab:
    """A stage that is built. Close it, or use it as a context manager; its death takes everything away too.

    `watched` are the keys of further namespaces whose logged drops are told, besides those of nodes.
    """

    def __init__(self, stage: Stage, rulesets: dict[str, Ruleset] | None = None, watched: Sequence[str] = ()) -> None:
        self.stage = stage
        self._watched = watched
        self.security: Security | None = None
        """What lets it serve TLS, where it does (`crenel.lab.tls.security.secure`)."""
        self.rulesets = stage.rulesets() if rulesets is None else rulesets
        self.twin = Twin.build(stage.topology)
        self._prober: Prober | None = None
        try:
            self._load()
        except BaseException:
            self.twin.close()
            raise

    def node(self, name: str) -> Namespace:
        """The namespace of a node."""
        return self.twin.spaces[node_key(name)]

    def _load(self) -> None:
        dataplanes = self.stage.dataplanes()
        for name, ruleset in self.rulesets.items():
            with Nftables(self.node(name)) as nft:
                nft.run(write(ruleset))
                nft.run(dataplanes[name])

    def widen(self, spans: Iterable[Span]) -> None:
        """Let the world outside have addresses on both sides of the ends of some ranges."""
        more = self.stage.widened(spans)
        if len(more.world.hosts) == len(self.stage.world.hosts):
            return
        with Links(self.twin.spaces[OUTSIDE]) as links:
            for host in more.world.hosts[len(self.stage.world.hosts) :]:
                links.address(LOOPBACK, ip_address(host.text), 32 if host.family == 4 else 128)
            links.commit()
            links.settle(LOOPBACK)
        ears = self.stage.ears()
        self.stage = more
        self.prober.listeners.open(self.twin.spaces, set(more.ears()) - set(ears))

    @property
    def prober(self) -> Prober:
        """Sends probes; made, and with it all that listens, when it is first needed."""
        if self._prober is None:
            nodes = [self.node(name) for name in self.rulesets]
            nodes += [self.twin.spaces[key] for key in self._watched]
            self._prober = Prober(self.twin.spaces, nodes, Marks().log_group)
            self._prober.listeners.open(self.twin.spaces, self.stage.ears())
        return self._prober

    def probe(self, probes: Sequence[Probe], progress: Callable[[int], None] = lambda _done: None) -> list[Observation]:
        """Send probes; what was observed, in their order."""
        return self.prober.run(probes, progress)

    def apply(self, model: Model) -> Review:
        """Put the policies, labels and Services of another input in force; the pods stay as they are.

        When it returns, no connection that is no longer allowed is let through, and those that are allowed were never
        touched.

        Raises:
            NotPlacedError: the input has other pods than the twin.
        """
        known = self.stage.placement
        after = stage(place(model, known=known), self.stage)
        rulesets, dataplanes = after.rulesets(), after.dataplanes()
        for name, ruleset in rulesets.items():
            with Nftables(self.node(name)) as nft:
                nft.run(dataplanes[name])
                nft.run(delta(self.rulesets[name], ruleset))
        self.stage, self.rulesets = after, rulesets
        if self.security is not None:
            self.security.follow()
        review = Review()
        for name in rulesets:
            review |= self._reviewer(name).review(self.node(name))
        return review

    def _reviewer(self, name: str) -> Reviewer:
        staged = self.stage
        (node,) = (each for each in staged.placement.nodes if each.name == name)
        addresses = AddressSet.of(*node.addresses, *node.further)
        return Reviewer(staged.placement.model.network, staged.sites()[name], addresses)

    def papers(self, title: str) -> Mapping[str, str]:
        """The certificates of a pod, or what it trusts, as texts by the variables that commands find them in."""
        return self.security.papers(title) if self.security is not None else {}

    def close(self) -> None:
        """Take everything away."""
        if self._prober is not None:
            self._prober.close()
        self.twin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

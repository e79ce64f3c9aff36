"""A lab in which one node's rules are changed, probed and put back, over and over."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address
from types import TracebackType
from typing import Self

import yaml

import crenel
from crenel.enforce.ruleset import Ruleset
from crenel.enforce.text import write
from crenel.kernel.nftables import Nftables
from crenel.lab.cluster.placement import place
from crenel.lab.lab import Lab
from crenel.lab.probing.probes import Agenda, Planner, Probe
from crenel.lab.probing.verdict import Report
from crenel.lab.run import compare
from crenel.lab.stage import Stage, stage
from crenel.network.addresses import Family
from crenel.network.network import Network
from lab.census import Census, journey


@dataclass(frozen=True, slots=True)
class Setting:
    """A cluster ready for a lab: all that needs no privilege."""

    network: Network
    stage: Stage
    rulesets: dict[str, Ruleset]
    agenda: Agenda

    @classmethod
    def of(cls, manifests: str) -> Self:
        """What a cluster's manifests make."""
        placement = place(crenel.load(list(yaml.safe_load_all(manifests))).model)
        staged, network = stage(placement), placement.model.network
        agenda = Planner(network, staged.parties, staged.served, staged.entrances).agenda()
        return cls(network, staged, staged.rulesets(), agenda)

    def census(self, probes: Sequence[Probe], stage: Stage | None = None) -> Census:
        """Some probes, as the packets that they are."""
        parties = (stage or self.stage).parties
        at = {each.address: each for each in (*parties.outside, *parties.pods, *parties.nodes)}
        assert all(each.direct for each in probes)
        made = (journey(each.source, at[each.address], each.protocol, each.port) for each in probes)
        return Census(self.rulesets, made)

    def addresses(self) -> dict[Family, list[int]]:
        """Every address of the twin, by family."""
        parties = self.stage.parties
        found: dict[Family, set[int]] = {4: set(), 6: set()}
        for each in (*parties.pods, *parties.nodes, *parties.outside):
            found[each.family].add(int(ip_address(each.address)))
        return {family: sorted(values) for family, values in found.items()}


class Bench:
    """Labs of a setting; a context manager. There is one at a time, a new one where the last had to be widened."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._undo = ExitStack()
        self._lab: Lab | None = None
        self._nft: dict[str, Nftables] = {}

    def run(self, node: str | None = None, ruleset: Ruleset | None = None) -> tuple[Report, Census | None]:
        """Probe, while one node has another ruleset if one is named.

        Returns the report, and where other probes than those of the agenda were sent the census of those.
        """
        lab = self._lab or self._open()
        if ruleset is not None and node is not None:
            self._nft[node].run(write(ruleset))
        lab.prober.forget()
        found = compare(lab)
        if ruleset is not None and node is not None:
            self._nft[node].run(write(self.setting.rulesets[node]))
        probes = [each.probe for each in found.results]
        if len(probes) == len(self.setting.agenda.probes):
            return found, None
        census = self.setting.census(probes, lab.stage)
        self._close()
        return found, census

    def _open(self) -> Lab:
        self._lab = lab = self._undo.enter_context(Lab(self.setting.stage, self.setting.rulesets))
        self._nft = {name: self._undo.enter_context(Nftables(lab.node(name))) for name in self.setting.rulesets}
        return lab

    def _close(self) -> None:
        self._lab = None
        self._undo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

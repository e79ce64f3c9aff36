"""One run of the lab: send all probes, compare, and find out how each side came to its answer where they differ."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from crenel.lab.lab import Lab
from crenel.lab.probing.probes import MOST, Planner
from crenel.lab.probing.seams import seams
from crenel.lab.probing.tracing import trace
from crenel.lab.probing.verdict import Judge, Report, Result, report
from crenel.network.network import Network
from crenel.network.traffic import Match
from crenel.questions.explain import passage

TRACED = 10
"""How many disagreements are explained; each takes a third of a second."""


def run(lab: Lab, progress: Callable[[int, int], None] = lambda _done, _all: None, most: int = MOST) -> Report:
    """Probe a lab and report; the first disagreements are explained. `progress` is told how many of all are over."""
    found = compare(lab, progress, most)
    tls = lab.security.prove(progress) if lab.security is not None else None
    return replace(found, results=_explained(lab, found), tls=tls)


def compare(lab: Lab, progress: Callable[[int, int], None] = lambda _done, _all: None, most: int = MOST) -> Report:
    """Probe a lab at every edge that the model or the kernel's rules have, and report."""
    edges = seams(lab.node(name) for name in lab.rulesets)
    lab.widen(edges.addresses)
    staged = lab.stage
    model = staged.placement.model
    agenda = Planner(model.network, staged.parties, staged.served, staged.entrances, edges.ports).agenda(most)
    prober = lab.prober
    start = time.monotonic()
    seen = prober.run(agenda.probes, lambda done: progress(done, len(agenda.probes)))
    seconds = time.monotonic() - start
    notes = list(dict.fromkeys([*staged.placement.notes, *_doubts(lab)]))
    if agenda.thinned:
        notes.append("of each range of ports only the first was tried: there are too many pairs for both ends")
    judge = Judge(model.network, lab.rulesets.values())
    return report(
        judge, agenda.probes, seen,
        undecided=agenda.undecided, unprobed=staged.world.unprobed, notes=notes, seconds=seconds,
    )  # fmt: skip


def _doubts(lab: Lab) -> list[str]:
    return [doubt for ruleset in lab.rulesets.values() for doubt in ruleset.doubts]


def _explained(lab: Lab, found: Report) -> list[Result]:
    results = list(found.results)
    nodes = {name: lab.node(name) for name in lab.rulesets}
    for number in [number for number, result in enumerate(results) if result.why][:TRACED]:
        result = results[number]
        results[number] = replace(
            result,
            model_trace=tuple(model_trace(lab.stage.placement.model.network, result)),
            kernel_trace=trace(nodes, lab.prober, result.probe),
        )
    return results


def model_trace(network: Network, result: Result) -> list[str]:
    """How the model came to its answer: the steps of the solver."""
    probe, candidate = result.probe, result.candidate
    if candidate is None and len(probe.candidates) == 1:
        candidate = probe.candidates[0]
    if candidate is None:
        return []
    traffic = network.table.mask(Match(probe.protocol, (candidate.port, candidate.port)))
    view = next(each for each in network.views if each.family in (None, probe.source.family))
    return [
        f"{step.direction.value}: {step}"
        for step in passage(network, view, candidate.source, candidate.destination, traffic).steps
    ]

"""The conformance questions as packets in the kernel."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from conformance.data import Question, Step
from conformance.library import documents
from crenel import load
from crenel.lab.cluster.placement import place
from crenel.lab.lab import Lab
from crenel.lab.probing.probes import Party, Planner, Probe, Route
from crenel.lab.probing.verdict import Judge, Result
from crenel.lab.stage import Stage, stage
from crenel.network.addresses import Family
from crenel.network.traffic import protocol_number

PROBED = ("TCP", "UDP", "SCTP")


def results(step: Step) -> list[tuple[Question, Result]]:
    """Every question of a step that is one about a packet, with what the kernel did and what the model says.

    No packet asks for a DNS name, goes from one family to the other, or leaves a pod that speaks to itself.
    """
    questions = [each for each in step.questions if each.protocol in PROBED and not each.name]
    staged = _staged(step, questions)
    planner = Planner(staged.placement.model.network, staged.parties, staged.served, staged.entrances)
    asked = [(each, probe) for each in questions if (probe := _probe(staged, planner, each)) is not None]
    with Lab(staged) as lab:
        seen = lab.probe([probe for _, probe in asked])
        judge = Judge(staged.placement.model.network, lab.rulesets.values())
    return [(each, judge.judge(probe, found)) for (each, probe), found in zip(asked, seen, strict=True)]


def _staged(step: Step, questions: list[Question]) -> Stage:
    placement = place(load(documents(step)).model)
    inside = {address for pod in placement.pods for address in pod.addresses}
    inside |= {address for node in placement.nodes for address in (*node.addresses, *node.further)}
    outside = {_packed(text) for question in questions for text in _addresses(question) if text not in inside}
    return stage(placement, outside=sorted(outside))


def _addresses(question: Question) -> Iterator[str]:
    for text in (question.source, question.destination, question.address or ""):
        if text and "/" not in text:
            yield str(ipaddress.ip_address(text))


def _packed(text: str) -> tuple[Family, int]:
    address = ipaddress.ip_address(text)
    return (4 if address.version == 4 else 6), int(address)


def _probe(staged: Stage, planner: Planner, question: Question) -> Probe | None:
    protocol = protocol_number(question.protocol)
    sources = _parties(staged, question.source)
    if question.via_service:
        served = next(each for each in staged.served if each.exposed.service.name == "hairpin")
        source = next(each for each in sources if each.family == served.family)
        return planner.through(Route.SERVICE, source, served, served.exposed.addresses[0], question.port)
    targets = _parties(
        staged, str(ipaddress.ip_address(question.address)) if question.address else question.destination
    )
    for source in sources:
        for target in targets:
            if source.family == target.family and source.address != target.address:
                return planner.direct(Route.PODS, source, target, protocol, question.port)
    return None


def _parties(staged: Stage, text: str) -> list[Party]:
    parties = staged.parties
    everyone = [*parties.pods, *parties.nodes, *parties.outside]
    return [each for each in everyone if text in (each.title, each.address)]

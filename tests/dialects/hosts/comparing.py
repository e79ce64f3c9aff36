"""Holds what arrives in the lab against what the translation says."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.questions.verdict import Outcome
from dialects.hosts.lab import TCP, Arrival, Lab, Probe
from dialects.hosts.predicting import Prediction


def held(world: Lab, prediction: Prediction, traffic: Sequence[Probe], translated: bool = False) -> tuple[int, int]:
    """Hold what arrives against a prediction. Returns how much is unknown: of packets, and of replies to them."""
    traffic = [probe for probe in traffic if not (translated and probe.start == "pod")]
    # What would come back to the pod by a translation has a source that is the pod's own, and is dropped there.
    outcomes = [prediction.outcomes(probe) for probe in traffic]
    asked = [probe.protocol == TCP and not translated for probe in traffic]
    wanted = [_wanted(*each, answer) for each, answer in zip(outcomes, asked, strict=True)]
    unknown = silent = 0
    arrivals = world.arrived(traffic, wanted)
    for probe, (request, reply), answer, arrival in zip(traffic, outcomes, asked, arrivals, strict=True):
        unknown += request is Outcome.UNKNOWN
        if request is not Outcome.UNKNOWN:
            assert (request is Outcome.ALLOWED) is bool(arrival.places), f"{probe}: {request}, {arrival}"
        if answer and arrival.places:
            silent += reply is Outcome.UNKNOWN
            if reply in (Outcome.ALLOWED, Outcome.DENIED):
                assert (reply is Outcome.ALLOWED) is arrival.answered, f"{probe}: reply {reply}, {arrival}"
    return unknown, silent


def _wanted(request: Outcome, reply: Outcome, answer: bool) -> Arrival:
    """What has to be waited for: ``anywhere`` stands for any place."""
    allowed = request is Outcome.ALLOWED
    return Arrival({("anywhere", 0)} if allowed else set(), allowed and answer and reply is Outcome.ALLOWED)

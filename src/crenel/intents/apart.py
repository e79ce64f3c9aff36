"""Keeps documents that declare intents apart from what they are about."""

from __future__ import annotations

from dataclasses import replace

from crenel.intents.model import Intents
from crenel.intents.reading import read, recognises
from crenel.sources.document import Reading


def declared(reading: Reading) -> Intents:
    """The intents among the documents of a reading."""
    return read([(each.data, each.origin) for each in reading.loose if recognises(each.data)])


def without_intents(reading: Reading) -> Reading:
    """The reading without documents that declare intents: they may lie beside manifests, and change nothing."""
    declared = [each for each in reading.loose if recognises(each.data)]
    if not declared:
        return reading
    known = {id(each.problem) for each in declared}
    problems = [each for each in reading.problems if id(each) not in known]
    return replace(reading, loose=[each for each in reading.loose if id(each.problem) not in known], problems=problems)

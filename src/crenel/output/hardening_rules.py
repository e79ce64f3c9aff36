"""The rules for the infrastructure, in the reports of `crenel harden`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crenel.harden.infrastructure import Opening, Proof
from crenel.harden.infrastructure.traffic import text_of
from crenel.harden.whole import RuleSet
from crenel.output.hardening_report import HardeningReport
from crenel.output.words import clean

OPENED, RESTS = "What the infrastructure lets through", "What these rules rest on"
_WAYS = {"ingress": "in", "egress": "out"}


def openings(report: HardeningReport) -> Iterator[tuple[str, str, str, str, str]]:
    """Group, direction, other end, traffic and why; the same for every platform."""
    for each in _openings(report):
        ends = ", ".join([*sorted(each.end.groups), *each.end.addresses.cidrs()])
        yield clean(each.group), _WAYS[each.direction.value], clean(ends), ", ".join(_traffic(each)), clean(each.why)


def rests(report: HardeningReport) -> Iterator[str]:
    """What is open or closed for want of knowledge, in words."""
    wanted = report.whole.wanted
    yield from map(clean, wanted.notes if wanted is not None else ())


def platforms(report: HardeningReport) -> Iterator[tuple[str, list[str]]]:
    """A heading for each platform, and what has to be known to put its rules in place."""
    for each in report.whole.rules:
        state = "read back, they say just this" if each.holds else "NOT PROVED"
        yield f"Rules for {each.written.platform}: {state}", [_forms(each), *map(clean, each.written.notes)]


def data(report: HardeningReport) -> dict[str, Any] | None:
    """All of it for JSON; None where no rules were asked for."""
    if report.whole.wanted is None:
        return None
    return {
        "openings": [
            {
                "group": clean(each.group),
                "direction": each.direction.value,
                "groups": sorted(map(clean, each.end.groups)),
                "addresses": each.end.addresses.cidrs(),
                "traffic": _traffic(each),
                "why": clean(each.why),
            }
            for each in _openings(report)
        ],
        "notes": list(rests(report)),
        "platforms": list(map(_platform, report.whole.rules)),
    }


def _platform(rules: RuleSet) -> dict[str, Any]:
    return {
        "platform": rules.written.platform,
        "files": list(rules.written.files),
        "proofs": list(map(_proof, rules.proofs)),
        "unfit": [clean(str(each)) for each in rules.written.unfit],
        "notes": list(map(clean, rules.written.notes)),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    wrong = [clean(str(each)) for each in (*proof.differences, *proof.problems)]
    return {"form": proof.form, "holds": proof.holds, "wrong": wrong}


def _openings(report: HardeningReport) -> list[Opening]:
    return list(report.whole.wanted.openings) if report.whole.wanted is not None else []


def _traffic(opening: Opening) -> list[str]:
    return [text_of(None)] if opening.traffic is None else [*map(text_of, opening.traffic)]


def _forms(rules: RuleSet) -> str:
    return f"files in infrastructure/{rules.written.platform}: {', '.join(map(clean, rules.written.files))}"

"""A hardening as JSON; docs/json.md describes the shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from crenel.harden.needs.model import Evidence, Need, traffic_text
from crenel.harden.policies.cutting import Cut
from crenel.harden.policies.model import Left
from crenel.output import hardening_rules, preview_json, schema, services_json
from crenel.output import hardening_words as words
from crenel.output.hardening_report import HardeningReport
from crenel.output.words import clean
from crenel.questions.proving.result import State


def render(report: HardeningReport) -> bytes:
    """Write all of it."""
    found = report.hardening
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "hardening",
            "namespaces": list(found.namespaces),
            "proved": report.whole.proved,
            "needs": list(map(_need, found.needs.needs)),
            "files": [{"path": each.path, "policies": list(each.policies)} for each in report.whole.files],
            "out": report.out,
            "changed": list(report.changed),
            "edited": list(report.edited),
            "cut": [_cut(report, each) for each in found.cut],
            "open": _left(found.open),
            "uncertain": [
                {"subject": clean(each.subject), "says": clean(each.text), **_place(each.place)}
                for each in found.needs.remarks
            ],
            "inexpressible": _left(found.left),
            "kept": _left(found.kept),
            "services": None if report.whole.plan is None else services_json.data(report.whole.plan),
            "infrastructure": hardening_rules.data(report),
            "objections": list(map(clean, report.objections)),
            "statements": None if report.proof is None else {s.value: report.proof.count(s) for s in State},
            "preview": None if report.preview is None else preview_json.data(report.preview),
            "lab": None if report.lab is None else _lab(report),
            "notices": schema.notices(report.context),
        }
    )


def _need(need: Need) -> dict[str, Any]:
    return {
        "source": clean(str(need.source)),
        "target": clean(str(need.target)),
        "traffic": traffic_text(need.traffic),
        "guessed": need.guessed,
        "evidence": list(map(_evidence, need.evidence)),
    }


def _evidence(each: Evidence) -> dict[str, Any]:
    return {"kind": each.kind.value, "says": clean(each.text), **_place(each.place)}


def _place(place: str) -> dict[str, Any]:
    file, _, line = place.rpartition(":")
    if file and line.isdecimal():
        return {"file": clean(file), "line": int(line)}
    return {"file": clean(place) or None, "line": None}


def _cut(report: HardeningReport, cut: Cut) -> dict[str, Any]:
    used = words.users(report, cut)
    return {
        "workload": str(cut.workload),
        "direction": cut.direction.value,
        "parties": [schema.party(each) for each in cut.parties],
        "traffic": schema.ports(cut.traffic),
        "left": list(map(clean, cut.left)),
        "used_by": used,
    }


def _left(found: Iterable[Left]) -> list[dict[str, Any]]:
    return [{"subject": clean(each.subject), "what": clean(each.what), "why": clean(each.why)} for each in found]


def _lab(report: HardeningReport) -> dict[str, Any]:
    lab = report.lab
    assert lab is not None
    return {
        "probes": lab.probes,
        "connected": lab.connected,
        "dropped": lab.dropped,
        "disagreements": list(map(clean, lab.wrong)),
    }

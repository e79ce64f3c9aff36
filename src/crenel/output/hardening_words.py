"""What the reports of `crenel harden` say."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.clusterdns import STAND_IN
from crenel.harden.needs.model import ASSUMED_DNS, Evidence, Need, traffic_text
from crenel.harden.policies.cutting import Cut
from crenel.network.rules import Direction
from crenel.output.hardening_report import HardeningReport
from crenel.output.preview_words import reasons, sentence
from crenel.output.words import clean, count, short_party, short_traffic

NEEDS, CUT, OPEN = "What is needed", "What is cut", "What stays open, and why"
UNCERTAIN, LEFT, KEPT = "What is uncertain: confirm it", "What policies cannot say", "What is kept"
AGAINST = "What speaks against it"
BREAKS = {"broken": "What was seen and would break", "uncertain": "What was seen and may break"}
UNASKED = "What was seen and was not asked about"
DIFFS = "What --write does to your files"
_WAYS = {Direction.INGRESS: "in", Direction.EGRESS: "out"}
NOBODY = "-"
_STAND_IN = f"kube-system/{STAND_IN}"


def conclusion(report: HardeningReport) -> str:
    """What was done, in one line."""
    found = report.hardening
    policies = sum(len(each.policies) for each in found.files)
    parts = [
        count(len(found.namespaces), "namespace"),
        count(len(found.needs.needs), "need"),
        f"{len(found.needs.guesses)} guessed",
        f"{policies} NetworkPolicies",
    ]
    if (plan := report.whole.plan) is not None:
        parts.append(f"{count(len(plan.made), 'change')} of Services and TLS, {len(plan.waiting)} to be confirmed")
    parts += [f"rules for {each.written.platform}" for each in report.whole.rules]
    state = "proved on the model" if report.whole.proved else "NOT PROVED"
    return f"{', '.join(parts)}: {state}"


def needs(report: HardeningReport) -> Iterator[tuple[str, str, str, str, str]]:
    """Source, target, traffic, kind and text of the evidence; traffic of the same pair and evidence together."""
    together: dict[tuple[str, str, str, str], list[str]] = {}
    for need in report.hardening.needs.needs:
        first = need.evidence[0]
        key = (str(need.source), str(need.target), first.kind.value, evidence(report, need))
        together.setdefault(key, []).append(traffic_text(need.traffic))
    for (source, target, kind, text), traffic in together.items():
        yield clean(source), clean(target), " ".join(traffic), kind, text


def evidence(report: HardeningReport, need: Need) -> str:
    """The surest evidence of a need, with how much more there is."""
    more = f", and {len(need.evidence) - 1} more" if len(need.evidence) > 1 else ""
    return clean(f"{said(report, need.evidence[0])}{more}")


def said(report: HardeningReport, each: Evidence) -> str:
    """One piece of evidence with its place."""
    return f"{each.text} ({report.hardening.ground.short(each.place)})" if each.place else each.text


def cuts(report: HardeningReport) -> Iterator[tuple[str, str, str, str, str]]:
    """Workload, direction, who was cut with what, who used that, and what is left."""
    for each in report.hardening.cut:
        who = ", ".join(short_party(party) for party in each.parties).replace(_STAND_IN, ASSUMED_DNS)
        what = f"{who}: {short_traffic(each.traffic)}"
        left = ", ".join(each.left) or "nothing"
        used = ", ".join(users(report, each)) or NOBODY
        yield clean(str(each.workload)), _WAYS[each.direction], what, clean(used), clean(left)


def users(report: HardeningReport, cut: Cut) -> list[str]:
    """Who was seen to use what is cut of a workload in one direction."""
    own = str(cut.workload)
    found: dict[str, None] = {}
    for broken in report.preview.broken if report.preview is not None else ():
        ends = (broken.observed.source, broken.observed.target)
        mine, other = ends if cut.direction is Direction.EGRESS else ends[::-1]
        if mine == own:
            found[clean(other)] = None
    return list(found)


def left(report: HardeningReport, which: str) -> Iterator[tuple[str, str]]:
    """What of one sort has to be said, each with why."""
    found = report.hardening
    for each in {"open": found.open, "left": found.left, "kept": found.kept}[which]:
        what = f"{each.subject} {each.what}" if which == "kept" else each.what
        yield clean(what), clean(each.why)


def uncertain(report: HardeningReport) -> Iterator[tuple[str, str]]:
    """The guesses, and what is not known; each with its place."""
    together: dict[tuple[str, str, str], list[str]] = {}
    for need in report.hardening.needs.guesses:
        key = (str(need.source), str(need.target), evidence(report, need))
        together.setdefault(key, []).append(traffic_text(need.traffic))
    alike: dict[tuple[str, str], list[str]] = {}
    for (source, target, text), traffic in together.items():
        alike.setdefault((f"{target} {' '.join(traffic)}", text), []).append(source)
    for (target, text), sources in alike.items():
        yield clean(f"{', '.join(sources)} -> {target}"), text
    for remark in report.hardening.needs.remarks:
        place = report.hardening.ground.short(remark.place)
        yield clean(remark.subject), clean(f"{remark.text} ({place})" if place else remark.text)


def broken(report: HardeningReport, which: str) -> Iterator[tuple[str, str]]:
    """The observed connections that would break, or may, each with all that blocks it, a line for each."""
    found = report.preview
    for each in {"broken": found.broken, "uncertain": found.uncertain}[which] if found is not None else ():
        yield clean(sentence(each)), "\n".join(map(clean, reasons(each)))


def unasked(report: HardeningReport) -> Iterator[tuple[str, str]]:
    """The observed connections that could not be asked about, each with why."""
    for each in report.preview.unasked if report.preview is not None else ():
        yield clean(f"{each.observed.source} to {each.observed.target}"), clean(each.reason)


def diffs(report: HardeningReport) -> str:
    """What ``--write`` would do to the user's files; empty once it has."""
    plan = report.whole.plan
    return "" if plan is None or report.edited else "".join(each.diff() for each in plan.files)


def tried(report: HardeningReport) -> str:
    """What the lab found."""
    lab = report.lab
    assert lab is not None
    agreed = "all as the model says" if not lab.wrong else f"{len(lab.wrong)} not as the model says"
    return f"lab: {count(lab.probes, 'probe')}, {lab.connected} connected, {lab.dropped} dropped: {agreed}"

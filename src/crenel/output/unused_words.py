"""How reports write what is allowed and was never used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from crenel.flows.observed import Observations
from crenel.output.flows_words import moment, span
from crenel.output.reports import Context
from crenel.output.words import EVERYTHING, count
from crenel.questions.observing.unused import RuleUse, Unused
from crenel.questions.verdict import Traffic


@dataclass(frozen=True, slots=True)
class UnusedReport:
    """What is allowed and was never used, with what was observed."""

    unused: Unused
    observed: Observations
    context: Context = field(default_factory=Context)
    everything: Traffic = EVERYTHING
    only_never: bool = False
    """Whether rules that were used in part are left out."""

    @property
    def shown(self) -> tuple[RuleUse, ...]:
        """The rules that are listed."""
        return tuple(rule for rule in self.unused.rules if not (self.only_never and rule.used))


def title(rule: RuleUse) -> str:
    """A rule by its policy and number, and where it stands."""
    number = f" rule {rule.number}" if rule.number is not None else ""
    place = f" ({rule.place})" if rule.place else ""
    return f"{rule.policy} {rule.direction.value}{number}{place}"


def use(rule: RuleUse) -> str:
    """How much a rule was used."""
    if not rule.used:
        return "never used"
    last = f", last {moment(rule.last)}" if rule.last is not None else ""
    return f"used in part: {count(rule.records, 'record')}{last}"


def summary(report: UnusedReport) -> Iterator[str]:
    """What the reader has to know: how much, over what time, and that absence of use proves little."""
    found = report.unused
    never = sum(not rule.used for rule in found.rules)
    yield (
        f"{never} of {count(found.examined, 'allowing rule')} never used, {len(found.rules) - never} used in part."
        if found.examined
        else "No policy has a rule that allows anything."
    )
    when = span(found.first, found.last)
    yield (
        f"Observed over {when}. What runs more seldom than that, or was not logged, looks unused as well."
        if when
        else "The log bears no times: how long was observed is not known. What was not logged looks unused as well."
    )
    for direction, names in (("ingress", found.open_ingress), ("egress", found.open_egress)):
        if names:
            shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
            many = count(len(names), "workload")
            yield f"No policy isolates the {direction} of {many} ({shown}): all of it is allowed."

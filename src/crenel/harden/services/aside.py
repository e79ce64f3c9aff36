"""Findings that the user has set aside, with a reason: a change that would mend one waits until it is confirmed.

Comments in the text and ``crenel.toml`` set them aside, as they do for the audit. A baseline does not: that a finding
was known is no reason to leave it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crenel.audit.baseline import Baseline
from crenel.audit.catalogue import rules
from crenel.audit.ignoring import Ignoring
from crenel.audit.selection import covers
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change


class Aside:
    """What is set aside in one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._settings = context.wishes.settings
        self._reasons: dict[str, dict[str, str]] = {}

    @cached_property
    def _ignoring(self) -> Ignoring | None:
        """All that sets findings aside one by one; None for nothing."""
        comments, configured = self._context.subject.comments, self._settings.ignores
        return Ignoring(comments, configured, Baseline(), self._settings.today) if comments or configured else None

    def waiting(self, change: Change) -> Change:
        """A change, to be confirmed where it would mend what was set aside."""
        found = list(self._found(change))
        if not found:
            return change
        asked = f"{'; '.join(found)}: change it all the same?"
        return change.asking(f"{asked} {change.question}" if change.question else asked)

    def _found(self, change: Change) -> Iterator[str]:
        for check, title in change.mends:
            if covers(check, self._settings.ignore):
                yield f"{check} is ignored"
            elif (reason := self._of(check).get(title)) is not None:
                yield f"{check} is set aside for {title} ({reason})"

    def _of(self, check: str) -> dict[str, str]:
        """The reasons for which findings of a check are set aside, by their objects."""
        if check not in self._reasons:
            self._reasons[check] = dict(self._judged(check))
        return self._reasons[check]

    def _judged(self, check: str) -> Iterator[tuple[str, str]]:
        if self._ignoring is None:
            return
        for finding in (
            each for rule in rules() if rule.check.id == check for each in rule.findings(self._context.subject)
        ):
            judged = self._ignoring.judge(finding)
            if judged is not None:
                yield finding.object, f"{judged.reason}, until {judged.until}"

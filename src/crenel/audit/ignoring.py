"""Setting findings aside: by comments in the text, by the configuration, by a baseline; each with its reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from crenel.audit.baseline import Baseline
from crenel.audit.comments import Comment
from crenel.audit.finding import Finding, Named, Thing
from crenel.audit.selection import covers
from crenel.audit.settings import ConfiguredIgnore


@dataclass(frozen=True, slots=True)
class SetAside:
    """A finding that does not count. `by` is ``comment``, ``configuration`` or ``baseline``."""

    finding: Finding
    by: str
    reason: str
    until: dt.date | None = None


@dataclass(slots=True)
class Ignoring:
    """All that sets findings aside, on a day."""

    comments: Sequence[Comment]
    configured: Sequence[ConfiguredIgnore]
    baseline: Baseline
    today: dt.date
    _used: set[int] = field(default_factory=set)

    def judge(self, finding: Finding) -> SetAside | None:
        """What sets a finding aside; None when it counts."""
        return self._by_comment(finding) or self._by_configuration(finding) or self._by_baseline(finding)

    def _by_comment(self, finding: Finding) -> SetAside | None:
        for each in self.comments:
            if each.source != finding.file or not self._holds(each) or not covers(finding.check.id, each.checks):
                continue
            if each.meant in (finding.line, finding.origin.line()):
                self._used.add(id(each))
                return SetAside(finding, "comment", each.reason, each.until)
        return None

    def _holds(self, comment: Comment) -> bool:
        return not comment.wrong and comment.until is not None and comment.until >= self.today

    def _by_configuration(self, finding: Finding) -> SetAside | None:
        for each in self.configured:
            if each.until >= self.today and _means(each, finding):
                self._used.add(id(each))
                return SetAside(finding, "configuration", each.reason, each.until)
        return None

    def _by_baseline(self, finding: Finding) -> SetAside | None:
        known = self.baseline.holds(finding)
        return SetAside(finding, "baseline", "known when the baseline was written") if known else None

    def unused(self, ran: Sequence[str]) -> list[Thing]:
        """What set nothing aside, of that which speaks of checks that ran."""
        valid = [each for each in self.comments if self._holds(each) and id(each) not in self._used]
        found: list[Thing] = [each for each in valid if _all_ran(each.checks, ran)]
        tables = [each for each in self.configured if each.until >= self.today and id(each) not in self._used]
        return [*found, *(Named(_title(each), "", each.origin) for each in tables if _all_ran(each.checks, ran))]


def _all_ran(checks: Sequence[str], ran: Sequence[str]) -> bool:
    return all(any(covers(each, [name]) for each in ran) for name in checks)


def _title(ignore: ConfiguredIgnore) -> str:
    return f"ignore of {', '.join(ignore.checks)}"


def _means(ignore: ConfiguredIgnore, finding: Finding) -> bool:
    if not covers(finding.check.id, ignore.checks):
        return False
    if ignore.paths and not any(_in(finding.file, pattern) for pattern in ignore.paths):
        return False
    bare = finding.object.partition(" ")[2]
    return not ignore.objects or any(
        fnmatchcase(finding.object, each) or fnmatchcase(bare, each) for each in ignore.objects
    )


def _in(path: str, pattern: str) -> bool:
    """Whether a path matches a pattern, or lies in a folder that does."""
    path, pattern = path.removeprefix("./"), pattern.removeprefix("./").rstrip("/")
    return bool(path) and (fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}/*"))

"""All checks: found by looking, never listed by hand."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crenel.audit import checks
from crenel.audit.finding import Check, Finding

if TYPE_CHECKING:
    from crenel.audit.subject import Subject

SECTIONS = ("What it does", "Why it is bad", "Example", "Fix", "References")
"""What the page of every check is made of, in this order."""
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Rule:
    """A check with its page and the function that looks."""

    check: Check
    page: str
    """The docstring of its module: a sentence, then the sections."""
    findings: Callable[[Subject], Iterable[Finding]]

    @property
    def summary(self) -> str:
        """The first paragraph of the page, as one line."""
        return " ".join(self.page.partition("\n\n")[0].split())

    @property
    def sections(self) -> Mapping[str, str]:
        """The sections of the page by their headings."""
        parts = _HEADING.split(self.page)
        return {head: text.strip() for head, text in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def rules() -> tuple[Rule, ...]:
    """All checks in the order of their ids."""
    found = [_rule(f"{checks.__name__}.{each.name}") for each in pkgutil.iter_modules(checks.__path__)]
    return tuple(sorted(found, key=lambda rule: rule.check.id))


def _rule(name: str) -> Rule:
    module = importlib.import_module(name)
    return Rule(module.CHECK, (module.__doc__ or "").strip() + "\n", module.findings)


def rule(check_id: str) -> Rule | None:
    """The check of an id, however it is capitalised; None when there is none."""
    return next((each for each in rules() if each.check.id == check_id.upper()), None)


def families() -> Iterator[str]:
    """The first parts of the ids: ``NP``, ``SV``."""
    yield from dict.fromkeys(each.check.id.partition("-")[0] for each in rules())

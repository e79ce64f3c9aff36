"""Which checks run, and which of their findings are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crenel.audit.catalogue import Rule
from crenel.audit.finding import Finding
from crenel.audit.settings import Settings


class SelectionError(ValueError):
    """A selection names no check. The message is one line for a person."""


def covers(check_id: str, names: Iterable[str]) -> bool:
    """Whether a check is meant by one of some ids, or beginnings of ids at a dash: ``NP-08``, ``NP``."""
    return any(check_id == name.upper() or check_id.startswith(f"{name.upper()}-") for name in names)


def selected(rules: Sequence[Rule], settings: Settings) -> list[Rule]:
    """The checks that are to run.

    Raises:
        SelectionError: a name is that of no check.
    """
    for name in (*settings.select, *settings.ignore):
        if not any(covers(rule.check.id, [name]) for rule in rules):
            raise SelectionError(f"there is no check {name!r}: `crenel audit --list` names them")
    return [rule for rule in rules if _is_wanted(rule.check.id, settings)]


def _is_wanted(check_id: str, settings: Settings) -> bool:
    chosen = not settings.select or covers(check_id, settings.select)
    return chosen and not covers(check_id, settings.ignore)


def adjusted(finding: Finding, settings: Settings) -> Finding:
    """A finding with the severity and persona that the configuration gives its check."""
    own = settings.checks.get(finding.check.id)
    if own is None:
        return finding
    return replace(finding, severity=own.severity or finding.severity, persona=own.persona or finding.persona)


def is_shown(finding: Finding, settings: Settings) -> bool:
    """Whether a finding is for the persona, bad enough, and in a namespace that was asked for."""
    if finding.persona > settings.persona or finding.severity < settings.severity:
        return False
    return not settings.namespaces or finding.namespace in settings.namespaces

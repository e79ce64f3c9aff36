"""The published pages: what `crenel audit --explain` prints, and docs/checks are written from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crenel.audit.catalogue import Rule, rules
from crenel.audit.finding import Pillar
from crenel.audit.standards import Reference, of_check


def page(rule: Rule) -> str:
    """The page of one check, as Markdown."""
    return "\n".join(_lines(rule))


def _lines(rule: Rule) -> Iterator[str]:
    check = rule.check
    yield f"# {check.id}: {check.title}"
    yield ""
    yield f"{check.pillar.value} · {check.severity.word} · persona {check.persona.word}"
    yield ""
    yield rule.page.rstrip()
    if check.options:
        yield ""
        yield "## Settings"
        yield ""
        yield f"In `crenel.toml`, table `checks.{check.id}`:"
        yield ""
        yield from (f"- `{name}`, unless set: `{value}`" for name, value in check.options.items())
    references = of_check(check.id)
    if references:
        yield ""
        yield "## Standards"
        yield ""
        yield from (f"- {_standard(each)}" for each in references)
    yield ""


def _standard(reference: Reference) -> str:
    whose = "the standard's own" if reference.own else "our mapping"
    return f"{reference.standard.title} {reference.control} ({whose})"


def index(chosen: Sequence[Rule] | None = None) -> str:
    """The index of all pages, as Markdown."""
    found = rules() if chosen is None else chosen
    return "\n".join(_index(found))


def _index(found: Sequence[Rule]) -> Iterator[str]:
    yield "# Checks of crenel audit"
    yield ""
    yield "Written from the files in `src/crenel/audit/checks` by `make docs`. The severity is that of a finding unless"
    yield "what can really be reached lowers or raises it."
    for pillar in Pillar:
        mine = [rule for rule in found if rule.check.pillar is pillar]
        if not mine:
            continue
        yield ""
        yield f"## {pillar.value[0].upper()}{pillar.value[1:]}"
        yield ""
        yield "| check | finds | severity | persona |"
        yield "|---|---|---|---|"
        for rule in mine:
            check = rule.check
            yield f"| [{check.id}]({check.id}.md) | {check.title} | {check.severity.word} | {check.persona.word} |"
    yield ""

"""The evidence of an audit as one page of HTML: no network, no script; what was looked at, and what holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape

from crenel import __version__
from crenel.audit.finding import Finding, Severity
from crenel.audit.report import Audit
from crenel.audit.standards import Reference, Standard, mappings
from crenel.output import audit_words as words
from crenel.output.words import clean, count

STYLE = """
:root { color-scheme: light dark; --line: #8888; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2.5rem; } code { font-size: .9em; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; } caption { text-align: left; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; } dd { margin: 0; }
.finding { border: 1px solid var(--line); border-left-width: .5rem; padding: .2rem 1rem; margin: 1rem 0; }
.critical { border-left-color: #b00020; } .high { border-left-color: #d9480f; }
.medium { border-left-color: #b88600; } .low { border-left-color: #5c7080; }
.word { font-weight: 700; } nav ul { padding-left: 1.2rem; } .tables { overflow-x: auto; }
@media print { body { max-width: none; } .finding { break-inside: avoid; } }
""".strip()
HOLDS, BROKEN, ACCEPTED, PENDING = "holds", "does not hold", "set aside", "not examined"


def render(audit: Audit, warning: str = "") -> str:
    """Write the page; `warning` is one line that readers have to know first, empty for none."""
    return "\n".join([*_page(audit, warning), ""])


def _text(text: str) -> str:
    return escape(clean(text), quote=True)


def _page(audit: Audit, warning: str) -> Iterator[str]:
    yield "<!DOCTYPE html>"
    yield '<html lang="en">'
    yield '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
    yield "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    yield f"<title>Network security audit</title><style>{STYLE}</style></head>"
    yield "<body><header><h1>Network security audit</h1>"
    yield f"<p>{_text(words.conclusion(audit))}{f', on {audit.day}' if audit.day else ''}.</p>"
    if warning:
        yield f'<p role="note"><strong>{_text(warning)}</strong></p>'
    yield "</header>"
    yield '<nav aria-label="Contents"><ul>'
    for name, title in (("findings", "Findings"), ("aside", "Set aside"), ("standards", "Standards"),
                        ("checks", "Checks"), ("examined", "What was examined")):  # fmt: skip
        yield f'<li><a href="#{name}">{title}</a></li>'
    yield "</ul></nav><main>"
    yield from _findings(audit.findings)
    yield from _aside(audit)
    yield from _standards(audit)
    yield from _checks(audit)
    yield from _examined(audit)
    yield f"</main><footer><p>Written by crenel {_text(__version__)}; findings, no score.</p></footer></body></html>"


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    yield '<section id="findings"><h2>Findings</h2>'
    if not findings:
        yield "<p>None.</p>"
    for severity in sorted(Severity, reverse=True):
        chosen = [each for each in findings if each.severity is severity]
        if chosen:
            yield f"<h3>{severity.word.capitalize()}: {len(chosen)}</h3>"
        for each in chosen:
            yield from _finding(each)
    yield "</section>"


def _finding(finding: Finding) -> Iterator[str]:
    yield f'<article class="finding {finding.severity.word}">'
    yield f"<h4>{_text(finding.check.id)}: {_text(finding.object)}</h4>"
    yield f'<p><span class="word">{finding.severity.word}</span>: {_text(finding.message)}</p><dl>'
    rows = [
        ("Where", finding.place or "live object"),
        ("For example", str(finding.witness or "")),
        ("Fix", finding.fix),
    ]
    yield from (f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in rows if value)
    yield "</dl>"
    if finding.evidence:
        yield f"<details><summary>Evidence ({len(finding.evidence)})</summary><ul>"
        yield from (f"<li>{_text(each)}</li>" for each in finding.evidence)
        yield "</ul></details>"
    yield "</article>"


def _aside(audit: Audit) -> Iterator[str]:
    yield '<section id="aside"><h2>Set aside</h2>'
    if not audit.aside:
        yield "<p>Nothing was set aside.</p></section>"
        return
    rows = [
        (each.finding.check.id, each.finding.object, each.finding.message, each.by, each.reason, str(each.until or ""))
        for each in audit.aside
    ]
    yield from _table(
        "Findings that do not count, and why", ("Check", "Object", "Finding", "By", "Reason", "Until"), rows
    )
    yield "</section>"


def _standards(audit: Audit) -> Iterator[str]:
    yield '<section id="standards"><h2>Standards</h2>'
    yield (
        f"<p>Controls that checks bear on, by the mappings of {_text(mappings().version)}. That a control holds "
        "says that no check found the opposite; it is no certificate. A mapping is the standard's own, or ours.</p>"
    )
    grouped: dict[str, list[Reference]] = defaultdict(list)
    for each in mappings().references:
        grouped[each.standard.id].append(each)
    for key, standard in mappings().standards.items():
        if grouped[key]:
            rows = list(_controls(standard, grouped[key], audit))
            title = f"{standard.title}, {standard.edition}"
            yield f"<h3>{_text(title)}</h3>"
            yield from _table("What holds of its controls", ("Control", "State", "Checks", "Mapping"), rows)
    yield "</section>"


def _controls(_: Standard, references: Sequence[Reference], audit: Audit) -> Iterator[tuple[str, ...]]:
    grouped: dict[str, list[Reference]] = defaultdict(list)
    for each in references:
        grouped[each.control].append(each)
    for control, mine in sorted(grouped.items()):
        checks = [each.check for each in mine]
        own = {each.own for each in mine}
        mapping = (
            "the standard's own" if own == {True} else "ours" if own == {False} else "the standard's own, and ours"
        )
        yield control, state(checks, audit), ", ".join(checks), mapping


def state(checks: Sequence[str], audit: Audit) -> str:
    """What holds of a control: not what a check that did not run might have found."""
    ran = {rule.check.id for rule in audit.rules} & set(checks)
    found = sum(each.check.id in ran for each in audit.findings)
    if found:
        return f"{BROKEN}: {count(found, 'finding')}"
    if not ran:
        return PENDING
    aside = sum(each.finding.check.id in ran for each in audit.aside)
    part = f" in part: {len(ran)} of {len(set(checks))} checks ran" if len(ran) < len(set(checks)) else ""
    return f"{ACCEPTED}: {count(aside, 'finding')}" if aside else f"{HOLDS}{part}"


def _checks(audit: Audit) -> Iterator[str]:
    yield '<section id="checks"><h2>Checks</h2>'
    rows = [(rule.check.id, rule.check.title, state([rule.check.id], audit), rule.summary) for rule in audit.rules]
    yield from _table("The checks that ran", ("Check", "Finds", "State", "In a sentence"), rows)
    yield "</section>"


def _examined(audit: Audit) -> Iterator[str]:
    yield '<section id="examined"><h2>What was examined</h2>'
    yield f"<p>{_text(words.counts(audit) or 'Nothing.')}</p>"
    yield "<h3>Assumptions</h3><ul>"
    yield from (f"<li>{_text(each)}</li>" for each in audit.assumptions)
    yield "</ul><details><summary>"
    yield f"{count(len(audit.examined.sources), 'source')}</summary><ul>"
    yield from (f"<li><code>{_text(each)}</code></li>" for each in audit.examined.sources)
    yield "</ul></details></section>"


def _table(caption: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f'<div class="tables"><table><caption>{_text(caption)}</caption><thead><tr>'
    yield "".join(f'<th scope="col">{_text(each)}</th>' for each in header)
    yield "</tr></thead><tbody>"
    for first, *others in rows:
        cells = "".join(f"<td>{_text(each)}</td>" for each in others)
        yield f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>'
    yield "</tbody></table></div>"

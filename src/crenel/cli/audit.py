"""Say what is wrong with the network's security, how it can be reached, and how to mend it.

Findings come from the solver: not that a policy exists, but that a pod is reachable. Settings are read from crenel.toml
in the current directory or one above it. The exit code is 1 when there are findings.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_exposure_options, add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.audit.baseline import Baseline
    from crenel.audit.config import Configuration
    from crenel.audit.report import Audit
    from crenel.audit.settings import Settings
    from crenel.library import Network

FORMATS = ("table", "json", "sarif", "junit", "github", "md", "html")
"""What findings can be written as."""
SEVERITIES = ("low", "medium", "high", "critical")
PERSONAS = ("default", "pedantic", "auditor")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `select` and `ignore` are lists of ids, `write_baseline` and `baseline` paths or None."""
    _add_catalogue(parser)
    _add_choice(parser)
    _add_fixing(parser)
    add_exposure_options(parser)
    add_namespace_options(parser, "only findings about objects of this namespace; may be repeated")
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def _add_catalogue(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("catalogue")
    text = "name all checks, as a table or with -o json, and end"
    group.add_argument("--list", action="store_true", help=text)
    group.add_argument("--explain", metavar="ID", help="print the page of a check, such as NP-08, and end")


def _add_choice(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("findings")
    text = "only these checks: ids, or what they begin with (NP), separated by commas; may be repeated"
    group.add_argument("--select", action="append", default=[], metavar="IDS", help=text)
    group.add_argument("--ignore", action="append", default=[], metavar="IDS", help="all but these checks")
    text = "only findings as bad as that: low, medium, high or critical (default: low)"
    group.add_argument("--severity", choices=SEVERITIES, metavar="LEAST", help=text)
    text = "default: what is actionable; pedantic: opinion too; auditor: what has to be looked at by hand as well"
    group.add_argument("--persona", choices=PERSONAS, metavar="PERSONA", help=text)
    group.add_argument("--baseline", metavar="FILE", help="findings in this file do not count")
    group.add_argument("--write-baseline", metavar="FILE", help="write the findings to this file, as a baseline")
    group.add_argument("--config", metavar="FILE", help="settings, in place of the crenel.toml that is nearest above")
    text = "the time to judge by, such as 2026-11-26 or 2026-11-26T10:00:00Z (default: now)"
    group.add_argument("--at", metavar="TIME", help=text)


def _add_fixing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("fixing")
    text = "print what would mend the findings, as a diff, in place of the report"
    group.add_argument("--fix", action="store_true", help=text)
    group.add_argument("--write", action="store_true", help="with --fix: change the files")


def run(args: argparse.Namespace) -> int:
    """Print the findings and return the exit code."""
    if args.list or args.explain:
        return _catalogue(args)
    if args.write and not args.fix:
        raise UsageError("--write goes with --fix")
    from crenel.audit.selection import SelectionError
    from crenel.cli import configured, exit_codes, inputs, reporting
    from crenel.cli.clock import Clock

    configuration = configured.read(args.config)
    settings = _settings(args, configuration)
    clock = Clock()
    inputs.pause_collector()
    net = inputs.network(args, clock)
    _assume(args, configuration, net)
    code = inputs.verify(args, net)
    with clock.phase("solve"):
        try:
            audit = net.audit(settings, _baseline(args, configuration))
        except SelectionError as error:
            raise UsageError(str(error)) from None
    if args.write_baseline:
        _write_baseline(args.write_baseline, audit)
    with clock.phase("render"):
        reporting.emit(_fixed(args, audit) if args.fix else _rendered(args, audit, net))
    _remark(audit)
    clock.report()
    return reporting.final(args, code, _nothing(audit, net), exit_codes.NO if audit.findings else exit_codes.FINE)


def _nothing(audit: "Audit", net: "Network") -> int:
    """Return `NOTHING`, and say so on stderr, where there was nothing to look at; else `FINE`."""
    from crenel.cli import exit_codes
    from crenel.cli.complaints import say

    if audit.examined or audit.findings or audit.aside:
        return exit_codes.FINE
    say(f"nothing was examined: {'no check looks at what is in the input' if net.examined else 'nothing was read'}")
    return exit_codes.NOTHING


def _catalogue(args: argparse.Namespace) -> int:
    from crenel.audit import catalogue, pages
    from crenel.cli import exit_codes, reporting
    from crenel.output import audit_catalogue, audit_json

    if args.explain:
        found = catalogue.rule(args.explain)
        if found is None:
            raise UsageError(f"there is no check {args.explain!r}", "`crenel audit --list` names them")
        reporting.emit(pages.page(found))
    elif args.output == "json":
        reporting.emit(audit_json.catalogue(catalogue.rules()))
    else:
        reporting.emit(audit_catalogue.render(catalogue.rules()))
    return exit_codes.FINE


def _settings(args: argparse.Namespace, configuration: "Configuration") -> "Settings":
    """The settings of the file, with what the command line says in their place."""
    from crenel.audit.config import merged
    from crenel.audit.finding import Persona, Severity
    from crenel.cli.moments import moment

    at = moment(args.at) if args.at else None
    return merged(
        configuration.settings,
        select=_ids(args.select),
        ignore=(*configuration.settings.ignore, *_ids(args.ignore)),
        severity=Severity[args.severity.upper()] if args.severity else None,
        persona=Persona[args.persona.upper()] if args.persona else None,
        namespaces=tuple(args.namespace),
        at=at,
        today=at.date() if at else None,
    )


def _ids(texts: list[str]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split(",") if part.strip())


def _assume(args: argparse.Namespace, configuration: "Configuration", net: "Network") -> None:
    """Take assumptions of the file, then those of the command line, of which the last ones count."""
    from crenel.cli import inputs

    args.assume = [*configuration.assume, *args.assume]
    args.proxies = [*configuration.proxies, *args.proxies]
    inputs.take_assumptions(args, net)


def _baseline(args: argparse.Namespace, configuration: "Configuration") -> "Baseline":
    from pathlib import Path

    from crenel.audit import baseline

    path = args.baseline or configuration.baseline
    if not path:
        return baseline.Baseline()
    try:
        return baseline.read(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except baseline.BaselineError as error:
        raise UsageError(f"{path}: {error}") from None


def _write_baseline(path: str, audit: "Audit") -> None:
    """Write what counts, and what an older baseline set aside."""
    from pathlib import Path

    from crenel.audit import baseline
    from crenel.cli.complaints import say

    known = [*audit.findings, *(each.finding for each in audit.aside if each.by == "baseline")]
    try:
        Path(path).write_bytes(baseline.write(known))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    say(f"baseline with {len(known)} findings: {path}")


def _rendered(args: argparse.Namespace, audit: "Audit", net: "Network") -> str | bytes:
    from crenel.cli import inputs, reporting
    from crenel.output import (
        audit_github,
        audit_html,
        audit_json,
        audit_junit,
        audit_markdown,
        audit_sarif,
        audit_table,
    )

    plain = {"sarif": audit_sarif, "junit": audit_junit, "github": audit_github, "md": audit_markdown}
    if args.output in plain:
        rendered: str | bytes = plain[args.output].render(audit)
        return rendered
    if args.output == "json":
        return audit_json.render(audit, inputs.context(net))
    if args.output == "html":
        return audit_html.render(audit, net.warning)
    return audit_table.render(audit, reporting.paint())


def _fixed(args: argparse.Namespace, audit: "Audit") -> str:
    """The diff of all patches; with ``--write`` the files are changed."""
    from crenel.cli.complaints import note, say
    from crenel.editing import files
    from crenel.editing.values import RefusalError

    patches = [each.patch for each in audit.findings if each.patch is not None]
    outcome = files.changes(patches)
    for reason in outcome.refused:
        note(f"not fixed: {reason}")
    left = sum(each.patch is None for each in audit.findings)
    if left:
        say(f"{left} of {len(audit.findings)} findings have no mechanical fix")
    if args.write:
        for change in outcome.changes:
            try:
                files.write(change)
                say(f"{'changed' if change.old is not None else 'written'}: {change.path}")
            except RefusalError as error:
                note(f"not fixed: {error}")
    return "".join(change.diff() for change in outcome.changes)


def _remark(audit: "Audit") -> None:
    from crenel.cli.complaints import note

    if audit.gone:
        note(f"{audit.gone} findings of the baseline are there no more; --write-baseline takes them out")

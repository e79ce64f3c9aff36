"""Show what policies allow and nobody was seen to use, rule by rule, with file and line.

FLOWS are logs as `crenel flows` reads them. What was not logged, or runs more seldom than was observed, looks unused
as well.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.observing import add_flow_options
from crenel.cli.options import add_input_options, add_namespace_options, add_report_options

if TYPE_CHECKING:
    from crenel.output.unused_words import UnusedReport
    from crenel.questions.observing.unused import Unused

FORMATS = ("table", "json", "md")
"""What rules can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `flows` is a list of paths, `never` a flag."""
    parser.add_argument(
        "--flows",
        nargs="+",
        required=True,
        action="extend",
        metavar="FLOWS",
        help="logs, folders of them, FORMAT:PATH, or -",
    )
    parser.add_argument("--never", action="store_true", help="only rules that were never used at all")
    add_flow_options(parser.add_argument_group("flows"))
    add_namespace_options(parser, "only policies of this namespace; may be repeated")
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the rules and return the exit code."""
    from crenel.cli import exit_codes, inputs, observing, reporting
    from crenel.cli.clock import Clock
    from crenel.output.unused_words import UnusedReport

    observing.check(args, args.flows)
    clock = Clock()
    inputs.pause_collector()
    net = inputs.network(args, clock)
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    observed = observing.observe(net, args.flows, args, clock)
    codes = [code, observing.code(observed, args)]
    if observed.taken:
        with clock.phase("solve"):
            found = _narrowed(net.unused(observed), args)
        everything = net.layered.network.table.describe(net.layered.network.table.everything)
        report = UnusedReport(found, observed, inputs.resting(net), everything, args.never)
        reporting.emit(_render(report, args.output))
        codes.append(exit_codes.NO if report.shown else exit_codes.FINE)
    clock.report()
    return reporting.final(args, *codes)


def _narrowed(found: "Unused", args: argparse.Namespace) -> "Unused":
    """The rules that were asked for."""
    from dataclasses import replace

    if not args.namespace:
        return found
    wanted = tuple(f" {name}/" for name in args.namespace)

    def chosen(policy: str) -> bool:
        return any(name in policy for name in wanted)

    return replace(
        found,
        rules=tuple(rule for rule in found.rules if chosen(rule.policy)),
        allowing={policy: number for policy, number in found.allowing.items() if chosen(policy)},
    )


def _render(report: "UnusedReport", wanted: str) -> str | bytes:
    from crenel.cli import reporting
    from crenel.output import unused_json, unused_markdown, unused_table

    if wanted == "json":
        return unused_json.render(report)
    if wanted == "md":
        return unused_markdown.render(report)
    return unused_table.render(report, reporting.paint())

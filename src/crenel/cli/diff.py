"""Show what became possible and what became impossible between two states, and which policies caused it.

Each side is a file or directory, git:REV[:PATH] for a revision of this repository, a snapshot, or live for the
cluster. Policies that are reformatted, reordered or split are no difference.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import (
    add_aws_options,
    add_cluster_options,
    add_exposure_options,
    add_namespace_options,
    add_reading_options,
    add_report_options,
)
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.library import Network
    from crenel.output.reports import DifferenceReport
    from crenel.questions.diff import Difference

FORMATS = ("table", "json", "md")
"""What a difference can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `old` and `new` are texts that name a side each."""
    parser.add_argument("old", metavar="OLD", help="the state before")
    parser.add_argument("new", metavar="NEW", help="the state after")
    add_exposure_options(parser)
    add_namespace_options(parser)
    group = parser.add_argument_group("input")
    add_cluster_options(group)
    add_aws_options(group)
    add_reading_options(group)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the difference and return the exit code."""
    if args.old == args.new == "-":
        raise UsageError("standard input can be read only once")
    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.clock import Clock

    clock = Clock()
    inputs.pause_collector()
    old, new = inputs.sides(args, clock)
    for side in (old, new):
        inputs.take_assumptions(args, side)
    code = inputs.verify(args, old, new)
    with clock.phase("solve"):
        report = _report(old, new, args)
    with clock.phase("render"):
        reporting.emit(_render(report, args.output))
    nothing = inputs.nothing_examined(old, new)
    clock.report()
    return reporting.final(args, code, nothing, exit_codes.NO if report.difference else exit_codes.FINE)


def _report(old: "Network", new: "Network", args: argparse.Namespace) -> "DifferenceReport":
    from crenel.cli import inputs
    from crenel.output.reports import DifferenceReport

    difference = old.diff(new)
    if args.namespace:
        difference = _narrowed(difference, old, new, args.namespace)
    return DifferenceReport(difference, inputs.resting(old, new), args.old, args.new)


def _narrowed(difference: "Difference", old: "Network", new: "Network", namespaces: list[str]) -> "Difference":
    from crenel.bits import members
    from crenel.questions.within import touching

    homes: dict[str, str] = {}
    for net in (old, new):
        endpoints = net.model.network.endpoints
        homes |= {endpoints[index].name: endpoints[index].group for index in members(net.parties.workloads)}
    if missing := sorted(set(namespaces) - set(homes.values())):
        raise UsageError(f"no workload in namespace {missing[0]!r} on either side")
    return touching(difference, namespaces, homes)


def _render(report: "DifferenceReport", wanted: str) -> str | bytes:
    if wanted == "json":
        from crenel.output import difference_json

        return difference_json.render(report)
    if wanted == "md":
        from crenel.output import difference_markdown

        return difference_markdown.render(report)
    from crenel.cli import reporting
    from crenel.output import difference_table

    return difference_table.render(report, reporting.paint())

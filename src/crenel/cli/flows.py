"""Show who was seen to talk to whom, in logs of flows, and what of it a change would break.

FLOWS are files or folders, plain or compressed: Hubble, Calico, Tetragon, Istio and Envoy, conntrack, nftables and
iptables, VPC flow logs of AWS, Azure and Google Cloud, CSV. The format is told by the content, or by FORMAT:PATH.
Addresses become workloads by the input: of the live cluster, or of -f.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.observing import add_flow_options
from crenel.cli.options import add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.cli.clock import Clock
    from crenel.flows.observed import Observations
    from crenel.library import Network

FORMATS = ("table", "json", "csv", "md")
"""What flows can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `flows` is a list of paths, `against`, `with_files` and `without` ask what would break."""
    parser.add_argument("flows", nargs="+", metavar="FLOWS", help="a log, a folder of them, FORMAT:PATH, or -")
    group = parser.add_argument_group("preview")
    group.add_argument(
        "--against", metavar="PATH", help="list what would break in this state: a file, a directory, git:REV[:PATH]"
    )
    group.add_argument(
        "--with",
        dest="with_files",
        action="append",
        default=[],
        metavar="FILE",
        help="list what would break if this file were applied to the input; may be repeated",
    )
    group.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="KIND/NS/NAME",
        help="the same if this object were deleted; may be repeated",
    )
    add_flow_options(parser.add_argument_group("flows"))
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print what was observed, or what would break, and return the exit code."""
    from crenel.cli import inputs, observing, reporting
    from crenel.cli.clock import Clock

    observing.check(args, args.flows)
    asked = args.against is not None or args.with_files or args.without
    if asked and args.output == "csv":
        raise UsageError("what would break is written as table, json or md")
    if args.against is not None and (args.with_files or args.without):
        raise UsageError("--against is a whole state: it goes without --with and --without")
    clock = Clock()
    inputs.pause_collector()
    net = inputs.network(args, clock)
    other = _other(net, args, clock) if asked else None
    code = inputs.verify(args, *(each for each in (net, other) if each is not None))
    observed = observing.observe(net, args.flows, args, clock)
    codes = [code, observing.code(observed, args)]
    with clock.phase("solve"):
        codes.append(_report(net, observed, args) if other is None else _preview(other, observed, args))
    clock.report()
    return reporting.final(args, *codes)


def _other(net: "Network", args: argparse.Namespace, clock: "Clock") -> "Network":
    """The network that a preview asks."""
    from crenel.cli import inputs

    if args.against is None:
        return inputs.changed(net, args, clock)
    return inputs.another(args.against, args, clock)


def _report(net: "Network", observed: "Observations", args: argparse.Namespace) -> int:
    from dataclasses import replace

    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.observing import touching
    from crenel.output import flows_csv, flows_json, flows_markdown, flows_table
    from crenel.output.flows_words import FlowsReport, summary

    report = FlowsReport(replace(observed, rows=touching(observed.rows, args.namespace)), inputs.context(net))
    if args.output == "table":
        reporting.emit(flows_table.render(report, reporting.paint()))
    elif args.output == "json":
        reporting.emit(flows_json.render(report))
    else:
        reporting.emit((flows_csv if args.output == "csv" else flows_markdown).render(report))
    for line in summary(observed):
        reporting.remark(line)
    return exit_codes.FINE


def _preview(net: "Network", observed: "Observations", args: argparse.Namespace) -> int:
    from dataclasses import replace

    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.observing import touching
    from crenel.output import preview_json, preview_markdown, preview_table
    from crenel.output.preview_words import PreviewReport

    wanted = replace(observed, rows=touching(observed.rows, args.namespace))
    report = PreviewReport(net.preview(wanted), wanted, inputs.resting(net))
    if args.output == "table":
        reporting.emit(preview_table.render(report, reporting.paint()))
    elif args.output == "json":
        reporting.emit(preview_json.render(report))
    else:
        reporting.emit(preview_markdown.render(report))
    found = report.preview
    return exit_codes.NO if found.broken or found.uncertain or found.unasked else exit_codes.FINE

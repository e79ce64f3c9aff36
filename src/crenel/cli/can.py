"""Say whether SOURCE may reach TARGET, which rule decides at each stage, and when denied what would allow it.

SOURCE is a workload or a pod (shop/web, shop/pod/web-0), a node (node/worker-1), an address, a CIDR or internet.
TARGET may also be a Service (shop/svc/web) or a name (dns:api.example.com); it adds a port: shop/db:5432,
shop/dns:53/UDP, shop/web:http.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_exposure_options, add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.library import Network
    from crenel.output.reports import VerdictReport

FORMATS = ("text", "json", "md")
"""What a verdict can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `source` and `target` are None where `batch` is given; `with_files`, `without` are lists."""
    parser.add_argument("source", nargs="?", metavar="SOURCE", help="who begins the connection")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="whom it is for, with a port")
    parser.add_argument(
        "--with",
        dest="with_files",
        action="append",
        default=[],
        metavar="FILE",
        help="answer as if this file were applied; may be repeated",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="KIND/NS/NAME",
        help="answer as if this object were deleted (KIND/NAME when it has no namespace); may be repeated",
    )
    parser.add_argument(
        "--batch",
        metavar="FILE",
        help="read questions from a file, or - for standard input: SOURCE TARGET on each line; "
        "answers are JSON, one on each line",
    )
    add_exposure_options(parser)
    add_namespace_options(parser, "the namespace of names that have none: -n shop web db:5432")
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the verdict, or one for each question of a batch, and return the exit code."""
    _check_use(args)
    from crenel.cli import batch, inputs, reporting
    from crenel.cli.clock import Clock

    clock = Clock()
    inputs.pause_collector()
    net = inputs.changed(inputs.network(args, clock), args, clock)
    inputs.take_assumptions(args, net)
    with clock.phase("translate"):
        _ = net.model
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    with clock.phase("solve"):
        answer = batch.run(net, args) if args.batch is not None else _answer(net, args)
    clock.report()
    return reporting.final(args, code, answer)


def _check_use(args: argparse.Namespace) -> None:
    if (args.batch is None) == (args.target is None) or (args.batch is not None and args.source is not None):
        hint = f"`{args.prog} can --help` shows how they are written"
        raise UsageError("give SOURCE and TARGET, or --batch FILE", hint)
    if args.batch is not None and args.output == "md":
        raise UsageError("the answers to a batch are JSON")
    if [args.batch, *args.filename, *args.with_files].count("-") > 1:
        raise UsageError("standard input can be read only once")


def _answer(net: "Network", args: argparse.Namespace) -> int:
    from crenel.cli import exit_codes, questioning, reporting
    from crenel.questions.places import PlaceError

    try:
        report = questioning.ask(net, args.source, args.target, None, args.namespace)
    except PlaceError as error:
        raise UsageError(str(error)) from None
    reporting.emit(_render(report, args.output))
    return exit_codes.FINE if report.verdict.allowed else exit_codes.NO


def _render(report: "VerdictReport", wanted: str) -> str | bytes:
    if wanted == "json":
        from crenel.output import verdict_json

        return verdict_json.render(report)
    if wanted == "md":
        from crenel.output import verdict_markdown

        return verdict_markdown.render(report)
    from crenel.cli import reporting
    from crenel.output import verdict_text

    return verdict_text.render(report, reporting.paint())

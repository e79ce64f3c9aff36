"""Say which declared intents hold, with a counterexample and the smallest change for those that do not.

INTENTS is a file, such as crenel.yaml, or a directory: statements that allow, deny, only, isolated or tls, over
workloads, labels, namespaces, addresses, DNS names, hosts and the internet. The exit code is 0 when all of them hold,
1 when one is violated or not known, 3 when one is about nobody.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_exposure_options, add_input_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.output.reports import ProofReport
    from crenel.questions.proving.result import Proof

FORMATS = ("table", "json", "junit", "md")
"""What a proof can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `intents`, `with_files` and `without` are lists."""
    parser.add_argument("intents", nargs="+", metavar="INTENTS", help="a file or a directory with statements")
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
    add_exposure_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)
    parser.set_defaults(namespace=[])


def run(args: argparse.Namespace) -> int:
    """Print what became of each statement and return the exit code."""
    if [*args.intents, *args.filename, *args.with_files].count("-") > 1:
        raise UsageError("standard input can be read only once")
    from dataclasses import replace

    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.clock import Clock
    from crenel.cli.complaints import complain
    from crenel.loading import load_intents
    from crenel.output.reports import ProofReport

    clock = Clock()
    inputs.pause_collector()
    with clock.phase("read"):
        declared = load_intents(*args.intents)
    net = inputs.changed(inputs.network(args, clock), args, clock)
    inputs.take_assumptions(args, net)
    code = inputs.verify(args, net)
    with clock.phase("solve"):
        proof = net.prove(declared)
    wrong = complain([*declared.problems, *proof.problems])
    with clock.phase("render"):
        context = inputs.context(net)
        context = replace(context, notices=(*context.notices, *declared.problems, *proof.problems))
        reporting.emit(_render(ProofReport(proof, context, declared.problems), args.output))
    clock.report()
    return reporting.final(args, code, exit_codes.ERROR if wrong else exit_codes.FINE, _code(proof))


def _code(proof: "Proof") -> int:
    """3 where a statement, or all of the input, is about nobody, before 1 where one does not hold."""
    from crenel.cli import exit_codes
    from crenel.cli.complaints import say
    from crenel.questions.proving.result import State

    if not proof.results:
        say("nothing was examined: there is no statement")
        return exit_codes.NOTHING
    if proof.count(State.NOTHING):
        return exit_codes.NOTHING
    return exit_codes.FINE if proof.holds else exit_codes.NO


def _render(report: "ProofReport", wanted: str) -> str | bytes:
    if wanted == "json":
        from crenel.output import proof_json

        return proof_json.render(report)
    if wanted == "junit":
        from crenel.output import proof_junit

        return proof_junit.render(report)
    if wanted == "md":
        from crenel.output import proof_markdown

        return proof_markdown.render(report)
    from crenel.cli import reporting
    from crenel.output import proof_table

    return proof_table.render(report, reporting.paint())

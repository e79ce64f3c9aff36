"""Say whether SOURCE may reach TARGET, which rule decides at each stage, and when denied what would allow it.

SOURCE is a workload or a pod (shop/web, shop/pod/web-0), a node (node/worker-1), an address, a CIDR or internet.
TARGET may also be a Service (shop/svc/web) or a name (dns:api.example.com); it adds a port: shop/db:5432,
shop/dns:53/UDP, shop/web:http.
"""

import argparse

from crenel.cli.options import add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

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
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the verdict, or one for each question of a batch, and return the exit code."""
    if (args.batch is None) == (args.target is None):
        hint = f"`{args.prog} can --help` shows how they are written"
        raise UsageError("give SOURCE and TARGET, or --batch FILE", hint)
    raise UsageError(f"{args.prog} can is not in this build")

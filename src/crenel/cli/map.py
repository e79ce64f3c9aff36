"""Show who can talk to whom: all connections between workloads, and between workloads and the outside."""

import argparse

from crenel.cli.options import add_input_options, add_namespace_options, add_report_options
from crenel.cli.usage import UsageError

FORMATS = ("table", "wide", "json", "csv", "md", "mermaid", "dot")
"""What the map can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `sources`, `targets` and `ports` are lists of texts, `by` is ``namespace`` or None."""
    parser.add_argument(
        "--from",
        dest="sources",
        action="append",
        default=[],
        metavar="PLACE",
        help="only connections from here: shop/web, a CIDR, internet; may be repeated",
    )
    parser.add_argument(
        "--to",
        dest="targets",
        action="append",
        default=[],
        metavar="PLACE",
        help="only connections to here; may be repeated",
    )
    parser.add_argument(
        "--port",
        dest="ports",
        action="append",
        default=[],
        metavar="PORT",
        help="only this traffic: 5432, 53/UDP or a port's name; may be repeated",
    )
    parser.add_argument(
        "--by", choices=("namespace",), metavar="GROUP", help="namespace: one line for each pair of them"
    )
    parser.add_argument("--expand", action="store_true", help="write every member of a group on a line of its own")
    parser.add_argument("--nodes", action="store_true", help="show connections of nodes too")
    add_namespace_options(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the map and return the exit code."""
    raise UsageError(f"{args.prog} map is not in this build")

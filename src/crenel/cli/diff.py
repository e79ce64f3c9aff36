"""Show what became possible and what became impossible between two states, and which policies caused it.

Each side is a file or directory, git:REV[:PATH] for a revision of this repository, a snapshot, or live for the
cluster. Policies that are reformatted, reordered or split are no difference.
"""

import argparse

from crenel.cli.options import add_cluster_options, add_namespace_options, add_reading_options, add_report_options
from crenel.cli.usage import UsageError

FORMATS = ("table", "json", "md")
"""What a difference can be written as."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `old` and `new` are texts that name a side each."""
    parser.add_argument("old", metavar="OLD", help="the state before")
    parser.add_argument("new", metavar="NEW", help="the state after")
    add_namespace_options(parser)
    group = parser.add_argument_group("input")
    add_cluster_options(group)
    add_reading_options(group)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Print the difference and return the exit code."""
    raise UsageError(f"{args.prog} diff is not in this build")

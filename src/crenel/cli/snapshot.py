"""Save what the other commands need from a cluster in one file, which -f reads back; values of Secrets are left out."""

import argparse

from crenel.cli.options import add_cluster_options, add_namespace_options
from crenel.cli.usage import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `output` is the path of the file, `force` lets it replace one."""
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write, - for stdout")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    add_namespace_options(parser)
    add_cluster_options(parser.add_argument_group("input"))


def run(args: argparse.Namespace) -> int:
    """Write the snapshot and return the exit code."""
    raise UsageError(f"{args.prog} snapshot is not in this build")

"""Look after workloads no more. What they have stays where it is, and a rotation waits for it to expire."""

import argparse

from crenel.cli.certs_ca_options import act, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="what was given a certificate, by its name")
    add_folder(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Do it and return the exit code."""
    return act("forget", args)

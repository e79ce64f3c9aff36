"""Replace the CA without an outage: begin, or go on as far as is safe now. `renew` goes on by itself.

The new root is made, then trusted everywhere; only then it signs, and all get new certificates; only when the last one
of the old CA is gone, the old root is taken out of the bundles, and its keys are destroyed. It ends with 1 while there
is something to wait for.
"""

import argparse

from crenel.cli.certs_ca_options import act, add_deployed, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_folder(parser)
    parser.add_argument("--status", action="store_true", help="say what is waited for, and do nothing")
    add_deployed(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Do it and return the exit code."""
    return act("rotate", args)

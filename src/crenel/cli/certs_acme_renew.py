"""Have issued anew what is due: when the server says so, else after a fraction of its life.

What could not be had is tried again after an hour, then two, four ... and at last every day.
"""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_report, add_time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that it shares with others."""
    add_folder(parser)
    add_time(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Renew and return the exit code."""
    return act("renew", args)

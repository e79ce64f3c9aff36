"""List what is looked after, and when each is renewed, without asking the server."""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_report, add_time


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that it shares with others."""
    add_folder(parser)
    add_time(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """List and return the exit code: 1 where something is of no use."""
    return act("status", args)

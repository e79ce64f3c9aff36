"""Look after certificates no more. Their files stay as they are."""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_names, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `names` is a list."""
    add_names(parser)
    add_folder(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Forget and return the exit code."""
    return act("forget", args)

"""Do all that is due: new intermediates, certificates, bundles and revocation lists, and the next steps of a rotation.

To be run every few minutes, as often as you like; only one process works at a time. It ends with 2 where something
could not be done.
"""

import argparse

from crenel.cli.certs_ca_options import act, add_deployed, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_folder(parser)
    add_deployed(parser)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Do it and return the exit code."""
    return act("renew", args)

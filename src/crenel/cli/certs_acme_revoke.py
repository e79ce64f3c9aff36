"""Have certificates revoked by the server that issued them. Their files stay; `issue --anew` has others."""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_names, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `names` is a list, `reason` a text."""
    add_names(parser)
    add_folder(parser)
    text = "keyCompromise, affiliationChanged, superseded, cessationOfOperation (default: unspecified)"
    parser.add_argument("--reason", default="unspecified", metavar="REASON", help=text)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Revoke and return the exit code."""
    return act("revoke", args)

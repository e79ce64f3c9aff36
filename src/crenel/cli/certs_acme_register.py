"""Make an account at a server, or find that of the key that is in the folder.

The server is a directory's URL, or `letsencrypt` or `letsencrypt-staging`.
"""

import argparse

from crenel.cli.certs_acme_options import act, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `agree_terms` is a flag, `contact` a list; the others are texts, or None."""
    add_folder(parser)
    parser.add_argument("--server", required=True, metavar="URL", help="the directory of the server, or its short name")
    parser.add_argument("--agree-terms", action="store_true", help="you agree to the server's terms of service")
    text = "an address that the server may write to; may be repeated"
    parser.add_argument("--contact", action="append", default=[], metavar="MAIL", help=text)
    parser.add_argument("--eab-kid", metavar="ID", help="the account outside of ACME that this one is bound to")
    parser.add_argument("--eab-key", metavar="FILE", help="a file with the MAC key of that, in base64url")
    text = "the CAs of the server itself, in PEM (default: those of this machine)"
    parser.add_argument("--trust", metavar="FILE", help=text)
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Make the account and return the exit code."""
    return act("register", args)

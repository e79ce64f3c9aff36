"""Put certificates on the revocation list in `crl/`, and have `renew` issue others in their place.

NAME is a workload, whose present certificate is meant, or a serial number. An intermediate may be revoked too.
"""

import argparse

from crenel.cli.certs_ca_options import act, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a workload, or a serial number in hexadecimal digits")
    add_folder(parser)
    parser.add_argument(
        "--reason", default="unspecified", metavar="REASON", help="like keyCompromise (default: unspecified)"
    )
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Do it and return the exit code."""
    return act("revoke", args)

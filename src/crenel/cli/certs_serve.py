"""Serve the SPIFFE Workload API over a Unix socket, from an own certificate authority, until it is stopped.

Callers get X.509-SVIDs of an hour, with keys that are never on a disk, and the roots to trust; and new ones by
themselves when they are due, and whenever the CA is replaced. Who a caller is says the kernel: its user and group.
Needs `crenel[spiffe]`.
"""

import argparse
import importlib.util

from crenel.cli.usage import UsageError

MISSING = "the Workload API needs a package that is not installed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `ca`, `socket`, `life` are texts, `mode` a text or None, `entries` a list of texts."""
    parser.add_argument("--ca", required=True, metavar="PATH", help="the folder of the authority")
    parser.add_argument("--socket", required=True, metavar="PATH", help="where to serve, like /run/crenel/spiffe.sock")
    parser.add_argument(
        "--entry",
        dest="entries",
        action="append",
        required=True,
        metavar="NS/ACCOUNT=WHO",
        help="give this ServiceAccount's identity to uid:NUMBER, gid:NUMBER, uid:NUMBER,gid:NUMBER, or any; "
        "may be repeated, the first that fits is a caller's default",
    )
    parser.add_argument("--life", default="1h", metavar="TIME", help="how long certificates live (default: 1h)")
    text = "the mode of the socket (default: 0666, or 0600 where an entry is for any)"
    parser.add_argument("--mode", metavar="OCTAL", help=text)


def run(args: argparse.Namespace) -> int:
    """Serve, and return the exit code once it was stopped.

    Raises:
        UsageError: the extra is not installed, or nothing can be served.
    """
    if importlib.util.find_spec("spiffe") is None:
        raise UsageError(MISSING, "pip install 'crenel[spiffe]'")
    from crenel.certificates.authority.errors import AuthorityError
    from crenel.cli import certs_serve_acting

    try:
        return certs_serve_acting.serve(args)
    except AuthorityError as error:
        raise UsageError(str(error)) from None

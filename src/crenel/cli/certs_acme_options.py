"""What the subcommands of `crenel certs acme` have in common."""

import argparse
import importlib.util

from crenel.cli.certs_ca_options import add_report
from crenel.cli.usage import UsageError

MISSING = "ACME needs a package that is not installed"


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add `acme`, the folder of the client."""
    parser.add_argument("--acme", required=True, metavar="PATH", help="the folder of the account")


def add_time(parser: argparse.ArgumentParser) -> None:
    """Add `at`, the text of a time or None."""
    parser.add_argument("--at", metavar="DATE", help="judge as if it were this time: 2026-11-26 (default: now)")


def add_names(parser: argparse.ArgumentParser) -> None:
    """Add `names`, a list of names of certificates."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="what `status` calls them")


def act(what: str, args: argparse.Namespace) -> int:
    """Run a function of `crenel.cli.certs_acme_acting`; only now its packages are imported.

    Raises:
        UsageError: the extra is not installed, or the client or its server refused.
    """
    if importlib.util.find_spec("acme") is None:
        raise UsageError(MISSING, "pip install 'crenel[acme]'")
    from crenel.certificates.acme.errors import AcmeError
    from crenel.certificates.authority.errors import AuthorityError
    from crenel.cli import certs_acme_acting

    try:
        code: int = getattr(certs_acme_acting, what)(args)
    except (AcmeError, AuthorityError) as error:
        raise UsageError(str(error)) from None
    return code


__all__ = ["act", "add_folder", "add_names", "add_report", "add_time"]

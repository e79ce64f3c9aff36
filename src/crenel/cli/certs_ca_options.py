"""What the subcommands of `crenel certs ca` have in common."""

import argparse
import importlib
from collections.abc import Sequence

from crenel.cli.usage import UsageError

FORMATS = ("table", "json", "md")


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add `ca`, the folder of the authority, and `at`, the text of a time or None."""
    parser.add_argument("--ca", required=True, metavar="PATH", help="the folder of the authority")
    parser.add_argument("--at", metavar="DATE", help="act as if it were this time: 2026-11-26T10:00:00Z (default: now)")


def add_deployed(parser: argparse.ArgumentParser) -> None:
    """Add `deployed` and `lenient`: what the cluster has."""
    parser.add_argument(
        "--deployed", metavar="PATH", help="the cluster's Secrets, from `kubectl get secrets -A -o yaml`; - for stdin"
    )
    parser.add_argument("--lenient", action="store_true", help="go on where a part of these cannot be read")


def add_report(parser: argparse.ArgumentParser, formats: Sequence[str] = FORMATS) -> None:
    """Add `output`, one of the formats, and `exit_zero`."""
    group = parser.add_argument_group("report")
    names = f"{', '.join(formats[:-1])} or {formats[-1]}"
    group.add_argument(
        "-o", "--output", choices=formats, default=formats[0], metavar="FORMAT", help=f"{names} (default: {formats[0]})"
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even where the answer is no")


def act(what: str, args: argparse.Namespace) -> int:
    """Run a function of `crenel.cli.certs_ca_acting` or `certs_ca_issuing`; only now their packages are imported.

    Raises:
        UsageError: the authority refused.
    """
    from crenel.certificates.authority.errors import AuthorityError

    module = importlib.import_module(f"crenel.cli.certs_ca_{'issuing' if what == 'issue' else 'acting'}")
    try:
        code: int = getattr(module, what)(args)
    except AuthorityError as error:
        raise UsageError(str(error)) from None
    return code

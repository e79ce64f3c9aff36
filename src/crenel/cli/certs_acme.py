"""Certificates from a CA that speaks ACME (RFC 8555), such as Let's Encrypt: issued, and renewed when it is time.

Its folder has the key of the account, of mode 0600, and what is looked after. `renew` does all that is due, and is to
run every few hours. Needs `crenel[acme]`.
"""

import argparse

from crenel.cli import subcommands

SUBCOMMANDS = {
    "register": ("crenel.cli.certs_acme_register", "make an account at a server"),
    "issue": ("crenel.cli.certs_acme_issue", "have a certificate issued, and look after it from then on"),
    "renew": ("crenel.cli.certs_acme_renew", "have issued anew what is due"),
    "status": ("crenel.cli.certs_acme_status", "list what is looked after, without asking the server"),
    "revoke": ("crenel.cli.certs_acme_revoke", "have certificates revoked"),
    "forget": ("crenel.cli.certs_acme_forget", "look after certificates no more"),
}
"""Each subcommand by its name: the module that has its `configure` and `run`, and one line of help."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; `chosen` is what runs the one that was asked for."""
    subcommands.add(parser, SUBCOMMANDS)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    code: int = args.chosen(args)
    return code

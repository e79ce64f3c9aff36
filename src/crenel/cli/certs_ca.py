"""An own certificate authority for the workloads of the input: it issues, renews, rotates and revokes.

Its folder has the keys, of mode 0600, the policy `ca.toml`, which is yours to edit, what was issued to whom, and the
revocation lists. `renew` does all that is due, and is to run every few minutes.
"""

import argparse

from crenel.cli import subcommands

SUBCOMMANDS = {
    "init": ("crenel.cli.certs_ca_init", "make an authority: an offline root, and an intermediate below it"),
    "issue": ("crenel.cli.certs_ca_issue", "give workloads their certificates, and look after them from then on"),
    "renew": ("crenel.cli.certs_ca_renew", "do all that is due, the next steps of a rotation too"),
    "rotate": ("crenel.cli.certs_ca_rotate", "replace the CA without an outage"),
    "revoke": ("crenel.cli.certs_ca_revoke", "put certificates on the revocation list"),
    "forget": ("crenel.cli.certs_ca_forget", "look after workloads no more"),
}
"""Each subcommand by its name: the module that has its `configure` and `run`, and one line of help."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; `chosen` is what runs the one that was asked for."""
    subcommands.add(parser, SUBCOMMANDS)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code."""
    code: int = args.chosen(args)
    return code

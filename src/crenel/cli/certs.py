"""Know certificates, issue them, rotate them, and prove that they are asked for.

No private key is ever printed: of keys only fingerprints are shown. Needs `crenel[certs]`.
"""

import argparse
import importlib.util

from crenel.cli import subcommands
from crenel.cli.usage import UsageError

SUBCOMMANDS = {
    "inventory": ("crenel.cli.certs_inventory", "list certificates and keys: who serves, trusts and renews them"),
    "ca": ("crenel.cli.certs_ca", "an own certificate authority: issue, renew, rotate and revoke"),
    "probe": ("crenel.cli.certs_probe", "make real handshakes with servers, and prove that they demand certificates"),
    "acme": ("crenel.cli.certs_acme", "certificates from a CA that speaks ACME: issue and renew"),
    "write": ("crenel.cli.certs_write", "write cert-manager objects for what lacks a certificate, or a renewal"),
    "serve": ("crenel.cli.certs_serve", "serve the SPIFFE Workload API from an own certificate authority"),
}
"""Each subcommand by its name: the module that has its `configure` and `run`, and one line of help."""

MISSING = "certificates need a package that is not installed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands; `chosen` is what runs the one that was asked for."""
    subcommands.add(parser, SUBCOMMANDS)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand and return its exit code.

    Raises:
        UsageError: the extra is not installed.
    """
    if importlib.util.find_spec("cryptography") is None:
        raise UsageError(MISSING, "pip install 'crenel[certs]'")
    code: int = args.chosen(args)
    return code

"""Make a certificate authority in a new folder: a root, an intermediate below it, and the policy `ca.toml`.

With --root-keys the root's key is on a disk of its own, which can be put away: it is needed only to renew the
intermediate, every week by default, and for rotations.
"""

import argparse

from crenel.cli.certs_ca_options import act, add_folder, add_report


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `trust_domain`, `root_keys` and `keys` are texts or None, `set` a list of texts."""
    add_folder(parser)
    parser.add_argument("--trust-domain", metavar="NAME", help="what SPIFFE IDs begin with, like example.org")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a line of the policy: leaf=12h, dns=svc,example.org ...; may be repeated",
    )
    parser.add_argument(
        "--root-keys", metavar="PLACE", help="where the root's key is: a folder that is there already, or a token"
    )
    parser.add_argument(
        "--keys", metavar="TOKEN", help="a token for the CA's keys: pkcs11:token=LABEL?module-path=PATH&pin-source=PATH"
    )
    add_report(parser)


def run(args: argparse.Namespace) -> int:
    """Make the authority and return the exit code."""
    return act("init", args)

"""An own certificate authority for the workloads of the input: it issues, renews, rotates and revokes.

ACTION is one of: `init` makes an authority, `issue` gives workloads their certificates and keeps their place in mind,
`renew` does all that is due and is to run every few minutes, `rotate` replaces the CA without an outage, `revoke` puts
certificates on the revocation list, `forget` looks after a consumer no more. NAME is a workload like `shop/web`;
without one, `issue` takes all workloads of the input. For `revoke` it may be a serial number.

A folder gets `tls.crt` (leaf first), `tls.key` and `ca.crt`, which change together. Keys are never printed.
"""

import argparse
import sys

from crenel.cli.options import add_input_options
from crenel.cli.usage import UsageError

FORMATS = ("table", "json", "md", "yaml")
"""What is reported as; ``yaml`` makes `issue` write Secrets instead of folders, and reports as a table."""

ACTIONS = ("init", "issue", "renew", "rotate", "revoke", "forget")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `action` is one of `ACTIONS`, `names` a list; times and lengths of time are texts or None."""
    parser.add_argument(
        "action", choices=ACTIONS, metavar="ACTION", help="init, issue, renew, rotate, revoke or forget"
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="a workload, or any consumer by its name")
    parser.add_argument("--ca", required=True, metavar="PATH", help="the folder of the authority")
    parser.add_argument(
        "--at", metavar="DATE", help="act as if it were this time, like 2026-11-26T10:00:00Z (default: now)"
    )
    _add_init_options(parser.add_argument_group("init"))
    _add_issue_options(parser.add_argument_group("issue"))
    group = parser.add_argument_group("renew, rotate and revoke")
    group.add_argument("--status", action="store_true", help="rotate: say what is waited for, and do nothing")
    group.add_argument(
        "--deployed", metavar="PATH", help="the cluster's Secrets, from `kubectl get secrets -A -o yaml`; - for stdin"
    )
    group.add_argument("--reason", default="unspecified", metavar="REASON", help="revoke: like keyCompromise")
    add_input_options(parser)
    _add_report_options(parser)


def _add_init_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--trust-domain", metavar="NAME", help="what SPIFFE IDs begin with, like example.org")
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a line of the policy: leaf=12h, dns=svc,example.org ...; may be repeated",
    )
    group.add_argument(
        "--root-keys", metavar="PATH", help="a folder for the root's key alone, like a disk that is put away"
    )


def _add_issue_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--out", metavar="PATH", help="the folder that gets a folder for each workload; a file for yaml")
    group.add_argument("--service-account", metavar="NS/NAME", help="issue to one consumer without looking at an input")
    group.add_argument("--dns", action="append", default=[], metavar="NAME", help="a DNS name of it; may be repeated")
    group.add_argument("--ip", action="append", default=[], metavar="ADDRESS", help="an address of it; may be repeated")
    group.add_argument("--trust-only", action="store_true", help="write the bundle alone: for one who only verifies")
    group.add_argument(
        "--csr", metavar="FILE", help="answer a signing request, with names of NAME alone where it is given"
    )
    group.add_argument("--anew", action="store_true", help="issue even where the present certificate is good")


def _add_report_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("report")
    group.add_argument(
        "-o",
        "--output",
        choices=FORMATS,
        default=FORMATS[0],
        metavar="FORMAT",
        help="table, json, md, or yaml: issue Secrets into the file of --out (default: table)",
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even where the answer is no")


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit code."""
    from crenel.certificates.authority.errors import AuthorityError
    from crenel.cli import certs_ca_acting, certs_ca_issuing

    _check(args)
    do = {
        "init": certs_ca_acting.init,
        "issue": certs_ca_issuing.issue,
        "renew": certs_ca_acting.renew,
        "rotate": certs_ca_acting.rotate,
        "revoke": certs_ca_acting.revoke,
        "forget": certs_ca_acting.forget,
    }
    try:
        return do[args.action](args)
    except AuthorityError as error:
        raise UsageError(str(error)) from None


def _check(args: argparse.Namespace) -> None:
    """Look at what only some actions take.

    Raises:
        UsageError: something does not go together.
    """
    if args.output == "yaml" and args.action != "issue":
        raise UsageError("-o yaml writes Secrets: it is for `issue`")
    if args.action in ("revoke", "forget") and not args.names:
        raise UsageError(f"{args.action} what? give a NAME")
    if args.action in ("init", "renew", "rotate") and args.names:
        raise UsageError(f"{args.action} takes no NAME; everything is looked after")
    if args.status and args.action != "rotate":
        raise UsageError("--status is of `rotate`")
    if ("-" in args.filename and args.deployed == "-") or (sys.stdin is None and args.deployed == "-"):
        raise UsageError("standard input can be read only once")

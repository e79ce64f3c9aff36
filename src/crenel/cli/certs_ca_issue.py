"""Give workloads their certificates: a SPIFFE ID from the ServiceAccount, DNS names from the Services.

Without a NAME all workloads of the input get one. Each has a folder below --out with `tls.crt` (leaf first), `tls.key`
and `ca.crt`, which change together; with -o yaml they are Secrets in one file. Where they are is kept in mind: `renew`
looks after them from then on. What is good already is kept.
"""

import argparse

from crenel.cli.certs_ca_options import FORMATS, act, add_folder, add_report
from crenel.cli.options import add_input_options
from crenel.cli.usage import UsageError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `names` is a list; `out`, `service_account`, `secret` and `csr` are texts or None."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="workloads like shop/web")
    add_folder(parser)
    parser.add_argument("--out", metavar="PATH", help="the folder that gets a folder for each; with -o yaml a file")
    parser.add_argument("--anew", action="store_true", help="issue even where the present certificate is good")
    group = parser.add_argument_group("issue to one NAME without looking at an input")
    group.add_argument("--service-account", metavar="NS/NAME", help="whose SPIFFE ID it gets")
    group.add_argument("--dns", action="append", default=[], metavar="NAME", help="a DNS name; may be repeated")
    group.add_argument("--ip", action="append", default=[], metavar="ADDRESS", help="an address; may be repeated")
    group.add_argument("--trust-only", action="store_true", help="the roots alone: for one who only verifies")
    text = "what the Secret of -o yaml is called, in the namespace of NAME (default: the last part of NAME, and -tls)"
    group.add_argument("--secret", metavar="NAME", help=text)
    group.add_argument(
        "--csr", metavar="FILE", help="answer a signing request; with a NAME it may have that workload's names alone"
    )
    add_input_options(parser)
    add_report(parser, (*FORMATS, "yaml"))


def run(args: argparse.Namespace) -> int:
    """Issue and return the exit code.

    Raises:
        UsageError: arguments do not go together.
    """
    single = bool(args.service_account or args.dns or args.ip or args.trust_only)
    if args.csr is not None and single:
        raise UsageError("--csr brings its own names")
    return act("issue", args)

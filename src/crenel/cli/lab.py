"""Build the cluster that the input describes on this machine, and prove with real packets what may talk to whom.

Every pod is a network namespace, every node enforces the policies with nftables in the kernel. Packets are sent between
all ends, and what became of them is compared with what the model says. Nothing outside of the lab is touched.

ACTION is for labs that are up: `apply` puts the policies of an input in force, `probe` sends all probes again, `down`
removes the lab, `list` names those that are up. Without an action a lab is built, probed and removed again.
"""

import argparse
from importlib.util import find_spec

from crenel.cli.options import add_input_options, add_report_options
from crenel.cli.usage import UsageError

FORMATS = ("table", "json", "junit", "md")
"""What the comparison can be written as."""

ACTIONS = ("apply", "probe", "down", "list")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `words` is the action, or with ``--exec`` the command; `families` a text or None."""
    parser.add_argument(
        "words", nargs="*", metavar="ACTION", help="apply, probe, down or list; after --exec the command to run"
    )
    twin = parser.add_argument_group("twin")
    twin.add_argument("--replicas", type=int, default=1, metavar="N", help="the most pods of one workload (default: 1)")
    twin.add_argument(
        "--nodes", type=int, default=1, metavar="N", help="how many nodes, where the input names none (default: 1)"
    )
    twin.add_argument(
        "--family",
        choices=("4", "6", "both"),
        metavar="FAMILY",
        help="4, 6 or both: the addresses pods get (default: what the input shows, or both)",
    )
    twin.add_argument(
        "--most", type=int, metavar="N", help="about how many probes may be sent before ports are left out"
    )
    up = parser.add_argument_group("a lab that stays up")
    up.add_argument("--keep", action="store_true", help="leave the lab up when the report is written")
    up.add_argument("--name", default="default", metavar="NAME", help="the name of the lab (default: default)")
    up.add_argument("--shell", metavar="POD", help="open a shell in a pod: shop/web, or node/NAME, or outside")
    up.add_argument("--exec", dest="pod", metavar="POD", help="run a command in a pod: --exec shop/web -- COMMAND ...")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="give each workload a certificate, serve TLS where it is declared, and prove whom it accepts",
    )
    add_input_options(parser)
    add_report_options(parser, FORMATS)
    parser.set_defaults(namespace=[])


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit code."""
    action = _check_use(args)
    from crenel.cli import lab_building, lab_kept

    if action == "down":
        return lab_kept.down(args)
    if action == "list":
        return lab_kept.listing()
    if action == "apply":
        return lab_kept.apply(args)
    if action == "probe":
        return lab_kept.probe(args)
    if (args.shell or args.pod) and not _has_input(args):
        return lab_kept.visit(args)
    return lab_building.build(args)


def _check_use(args: argparse.Namespace) -> str:
    from crenel.lab.keeping.kept import NAME

    for option in ("replicas", "nodes", "most"):
        if (value := getattr(args, option)) is not None and value < 1:
            raise UsageError(f"--{option} {value}: must be at least 1")
    if not NAME.match(args.name):
        raise UsageError(f"--name {args.name!r}: letters, digits, dots, dashes and underscores, at most 64")
    return _check_action(args)


def _check_action(args: argparse.Namespace) -> str:
    if args.shell and args.pod:
        raise UsageError("--shell and --exec exclude each other")
    if args.pod and not args.words:
        raise UsageError("--exec needs a command", f"`{args.prog} lab --exec POD -- COMMAND ...`")
    if (args.pod or args.shell) and args.keep:
        raise UsageError("--keep leaves a lab up; enter it afterwards, without -f")
    if args.tls:
        _check_certificates(args)
    if args.pod or not args.words:
        return ""
    if args.shell or len(args.words) > 1 or args.words[0] not in ACTIONS:
        raise UsageError(f"no action {' '.join(args.words)!r}", f"there are {', '.join(ACTIONS)}")
    return str(args.words[0])


def _check_certificates(args: argparse.Namespace) -> None:
    from crenel.cli.certs import MISSING

    if find_spec("cryptography") is None:
        raise UsageError(MISSING, "pip install 'crenel[certs]'")
    if (args.words and not args.pod) or ((args.shell or args.pod) and not _has_input(args)):
        raise UsageError("--tls is for a lab that is built; one that is up serves TLS or does not")


def _has_input(args: argparse.Namespace) -> bool:
    return bool(args.filename or args.context or args.kubeconfig or args.aws)

"""Write the configuration that isolates an application: nothing that it needs is cut, and nothing else is open.

What it needs is found in its manifests, in declared intents (crenel.yaml beside them, or --intents) and in flows that
were observed (--flows), each need with its evidence. NetworkPolicies are written always; changes of Services and
Ingresses, TLS, and rules for firewalls where they are asked for. All is proved on the model before anything is
written. Without -o and --write nothing is: the report says what would be.
"""

import argparse

from crenel.cli.harden_options import add_infrastructure_options, add_services_options
from crenel.cli.observing import add_flow_options
from crenel.cli.options import add_input_options, add_namespace_options
from crenel.cli.usage import UsageError

FORMATS = ("table", "json", "md")
"""What the report can be written as."""
NAMING = ("cilium", "gke", "clusternetworkpolicy")
"""By what egress to names is said."""
RESOLVING = ("needed", "all", "none")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `out` is a folder or None; others that may be repeated are lists."""
    _add_needs(parser)
    _add_result(parser)
    add_services_options(parser)
    add_infrastructure_options(parser)
    add_flow_options(parser.add_argument_group("flows"))
    add_namespace_options(parser, "harden this namespace; may be repeated (default: all but the cluster's own)")
    add_input_options(parser)
    group = parser.add_argument_group("report")
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even where the answer is no")
    parser.set_defaults(assume=[])


def _add_needs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("needs")
    group.add_argument(
        "--intents", action="append", default=[], metavar="PATH", help="statements that have to hold; may be repeated"
    )
    group.add_argument(
        "--flows", nargs="+", action="extend", default=[], metavar="FLOWS", help="logs as `crenel flows` reads them"
    )
    group.add_argument("--no-guesses", action="store_true", help="leave closed what is only likely to be needed")
    text = "who may ask the cluster's DNS: needed (whoever connects to something), all or none (default: needed)"
    group.add_argument("--dns", choices=RESOLVING, default="needed", metavar="WHO", help=text)
    group.add_argument(
        "--api-server",
        action="append",
        default=[],
        metavar="ADDRESS[:PORT]",
        help="where the API server is, if the input does not say it; may be repeated",
    )
    text = "the pods that serve an ingress class or a Gateway; may be repeated"
    group.add_argument("--proxy", dest="proxies", action="append", default=[], metavar="NAME=NS/WORKLOAD", help=text)


def _add_result(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("result")
    group.add_argument(
        "-o", "--output", dest="out", metavar="PATH", help="the folder to write: a new one, or one of an earlier run"
    )
    group.add_argument(
        "--guardrails",
        action="store_true",
        help="write ClusterNetworkPolicies too: metadata address, namespaces apart, kube-system",
    )
    text = (
        "egress by DNS name, where NetworkPolicies would open every address, as policies of this kind: cilium, gke or "
        "clusternetworkpolicy (default: what the input shows to be enforced)"
    )
    group.add_argument("--names", nargs="?", const=True, choices=NAMING, metavar="KIND", help=text)
    text = "let NetworkPolicies of the input give way to narrower ones, where they allow more than is needed"
    group.add_argument("--tighten", action="store_true", help=text)
    group.add_argument(
        "--preview",
        nargs="+",
        action="extend",
        default=[],
        metavar="FLOWS",
        help="replay logs against the result, without taking them for needs: what of them would break",
    )
    group.add_argument("--lab", action="store_true", help="prove the result with real packets on this machine")
    text = "the report as table, json or md (default: table)"
    group.add_argument("--format", choices=FORMATS, default="table", metavar="FORMAT", help=text)


def run(args: argparse.Namespace) -> int:
    """Harden, write, print the report and return the exit code."""
    if args.out in FORMATS:
        raise UsageError(f"-o {args.out}: -o is the folder that is written", f"--format {args.out} is for the report")
    from crenel.cli import harden_acting

    return harden_acting.harden(args)

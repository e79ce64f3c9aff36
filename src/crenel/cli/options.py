"""The options that commands share, and what argparse calls their values.

An option whose value is a file has the metavar PATH or FILE: completion goes by that.
"""

import argparse
from collections.abc import Sequence


def add_input_options(parser: argparse.ArgumentParser) -> None:
    """Add where the input comes from: `filename` (list of paths), the cluster options and the reading options."""
    group = parser.add_argument_group("input")
    group.add_argument(
        "-f",
        "--filename",
        action="append",
        default=[],
        metavar="PATH",
        help="a file, a directory (read recursively) or - for standard input; may be repeated. "
        "Without it the current kubeconfig context is read",
    )
    add_cluster_options(group)
    add_aws_options(group)
    add_reading_options(group)


def add_cluster_options(group: argparse._ActionsContainer) -> None:
    """Add what chooses a live cluster: `context` and `kubeconfig`, both None when not given."""
    group.add_argument("--context", metavar="NAME", help="the kubeconfig context to read")
    group.add_argument("--kubeconfig", metavar="PATH", help="the kubeconfig file to use")


def add_aws_options(group: argparse._ActionsContainer) -> None:
    """Add what is read from AWS: `aws` (list of regions, empty for the one that is set) and `aws_profile` or None."""
    group.add_argument(
        "--aws",
        nargs="?",
        const="",
        action="append",
        default=[],
        metavar="REGION",
        help="read this region of the AWS account too; may be repeated. "
        "Without REGION that of the environment or profile",
    )
    group.add_argument("--aws-profile", metavar="NAME", help="the profile of AWS credentials to use")


def add_reading_options(group: argparse._ActionsContainer) -> None:
    """Add how input is understood: `default_namespace`, `pod_cidr` (list of CIDR texts) and `lenient`."""
    group.add_argument(
        "--default-namespace",
        default="default",
        metavar="NS",
        help="the namespace of objects that name none (default: default)",
    )
    group.add_argument(
        "--pod-cidr",
        action="append",
        default=[],
        metavar="CIDR",
        help="a range that pods get their addresses from; may be repeated",
    )
    group.add_argument(
        "--lenient",
        action="store_true",
        help="do not exit with 2 for documents that could not be read or that the API would reject",
    )


def add_namespace_options(
    parser: argparse.ArgumentParser, meaning: str = "only what touches this namespace; may be repeated"
) -> None:
    """Add the filter: `namespace` (list of names, empty for all) or `all_namespaces`."""
    group = parser.add_argument_group("filter").add_mutually_exclusive_group()
    group.add_argument("-n", "--namespace", action="append", default=[], metavar="NS", help=meaning)
    group.add_argument("-A", "--all-namespaces", action="store_true", help="every namespace (the default)")


def add_report_options(parser: argparse.ArgumentParser, formats: Sequence[str]) -> None:
    """Add what shapes the report: `output`, one of `formats` (the first is the default), and `exit_zero`."""
    group = parser.add_argument_group("report")
    group.add_argument(
        "-o",
        "--output",
        choices=formats,
        default=formats[0],
        metavar="FORMAT",
        help=f"{', '.join(formats[:-1])} or {formats[-1]} (default: {formats[0]})",
    )
    group.add_argument("--exit-zero", action="store_true", help="exit with 0 even where the answer is no")


def add_exposure_options(parser: argparse.ArgumentParser) -> None:
    """Add what questions from the internet need: `assume` and `proxies` are lists of texts."""
    group = parser.add_argument_group("from the internet")
    group.add_argument(
        "--assume",
        action="append",
        default=[],
        metavar="KEY=yes|no",
        help="what the input lacks: internet-facing, public-nodes, unfiltered; may be repeated",
    )
    group.add_argument(
        "--proxy",
        dest="proxies",
        action="append",
        default=[],
        metavar="NAME=NS/WORKLOAD",
        help="the pods that serve an ingress class or a Gateway; may be repeated",
    )

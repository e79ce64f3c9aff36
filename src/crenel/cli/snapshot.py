"""Save what the other commands need from a cluster in one file, which -f reads back; values of Secrets are left out."""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_aws_options, add_cluster_options, add_namespace_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.sources.document import Reading


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `output` is the path of the file, `force` lets it replace one."""
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="the file to write, - for stdout")
    parser.add_argument("--force", action="store_true", help="replace the file if it exists")
    add_namespace_options(parser, "only this namespace, and what belongs to none; may be repeated")
    group = parser.add_argument_group("input")
    add_cluster_options(group)
    add_aws_options(group)


def run(args: argparse.Namespace) -> int:
    """Write the snapshot and return the exit code."""
    from crenel.cli import exit_codes, inputs, reporting
    from crenel.cli.complaints import complain, say
    from crenel.loading import read

    inputs.pause_collector()
    context = inputs.name_context(args)
    reading = read((), context=args.context, kubeconfig=args.kubeconfig, namespaces=args.namespace)
    reading.extend(inputs.aws(args))
    failed = exit_codes.ERROR if complain(reading.problems) else exit_codes.FINE
    if not reading.examined:
        return exit_codes.worst([failed, exit_codes.NOTHING])
    if args.output == "-":
        from crenel.sources.snapshot import render

        reporting.emit(render(reading, context=context, server_version=_version(args)))
    else:
        _write(args, reading, context)
        say(f"{args.output}: {_contents(reading)}")
    return failed


def _contents(reading: "Reading") -> str:
    from crenel.output.words import count

    objects = count(len(reading.documents), "object")
    return f"{objects} and {count(len(reading.loose), 'answer')} of AWS" if reading.loose else objects


def _write(args: argparse.Namespace, reading: "Reading", context: str) -> None:
    from crenel.sources.snapshot import take

    try:
        take(reading, args.output, context=context, server_version=_version(args), force=args.force)
    except FileExistsError as error:
        raise UsageError(str(error), "--force replaces it") from None


def _version(args: argparse.Namespace) -> str:
    """Return the version of the API server; empty where it does not say."""
    from crenel.sources.cluster import ClusterError, server_version

    try:
        return server_version(context=args.context, kubeconfig=args.kubeconfig)
    except ClusterError:
        return ""

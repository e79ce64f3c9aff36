"""Labs that are up: entered, changed, listed, removed."""

import argparse

from crenel.cli import exit_codes, inputs, reporting
from crenel.cli.clock import Clock
from crenel.cli.complaints import say
from crenel.cli.usage import UsageError
from crenel.lab.keeping import entering, guests, kept
from crenel.output.words import count


def down(args: argparse.Namespace) -> int:
    """Remove a lab, and return the exit code when it is gone."""
    try:
        kept.ask(args.name, {"do": "down"})
        kept.await_end(args.name)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    return exit_codes.FINE


def listing() -> int:
    """Print a line for each lab that is up, and return the exit code: `NOTHING` when there is none."""
    found = []
    try:
        known = {name: kept.ask(name, {"do": "describe"}) for name in kept.names()}
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    for name, answer in known.items():
        found.append(f"{name}  {count(len(answer['pods']), 'pod')} on {count(len(answer['nodes']), 'node')}\n")
    reporting.emit("".join(found))
    return exit_codes.FINE if found else exit_codes.NOTHING


def visit(args: argparse.Namespace) -> int:
    """Run a shell or a command in a pod, and return its exit code."""
    try:
        return guests.visit(args.name, args.shell or args.pod, entering.shell() if args.shell else args.words)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None


def apply(args: argparse.Namespace) -> int:
    """Put the policies of the input in force, say what that cut, and return the exit code."""
    net = inputs.network(args, Clock())
    code = inputs.verify(args, net)
    documents = [(each.data, each.origin.source, each.served) for each in net.documents]
    request = {
        "do": "apply",
        "documents": documents,
        "default_namespace": args.default_namespace,
        "pod_cidrs": args.pod_cidr,
    }
    try:
        answer = kept.ask(args.name, request)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    cut, restored = int(answer["revoked"]), int(answer["restored"])
    say(f"applied: {count(cut, 'connection')} cut, {restored} allowed again")
    return reporting.final(args, code)


def probe(args: argparse.Namespace) -> int:
    """Probe a lab under what it enforces now, print the report, and return the exit code."""
    try:
        answer = kept.ask(args.name, {"do": "probe", "format": args.output, "most": args.most})
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    reporting.emit(str(answer["report"]))
    return reporting.final(args, int(answer["code"]))

"""Flows on the command line: their options, how they are read, and what is said of what could not be."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import replace

from crenel.cli import exit_codes
from crenel.cli.clock import Clock
from crenel.cli.complaints import complain, note, say
from crenel.cli.usage import UsageError
from crenel.flows.observed import Limits, Observations, Observed
from crenel.library import Network
from crenel.loading import load
from crenel.output.words import clean, count
from crenel.provenance import Severity

_MEMORY = re.compile(r"[1-9]\d*(\.\d+)?[KMGT]i?B\Z")
_SHOWN = 5


def add_flow_options(group: argparse._ActionsContainer) -> None:
    """Add how flows are read: `earlier` (list of paths), `vpc_format`, `memory` and `scratch`."""
    group.add_argument(
        "--earlier",
        action="append",
        default=[],
        metavar="PATH",
        help="a snapshot of the cluster from before: addresses are of who had them at the time; may be repeated, "
        "the oldest first",
    )
    group.add_argument(
        "--vpc-format",
        default="",
        metavar="FIELDS",
        help="the custom format of AWS flow logs without a header: '${version} ${srcaddr} ...'",
    )
    group.add_argument(
        "--memory", default=Limits().memory, metavar="SIZE", help="how much memory may be taken (default: 1GB)"
    )
    group.add_argument("--scratch", metavar="PATH", help="the folder for what does not fit into memory")


def check(args: argparse.Namespace, flows: Sequence[str]) -> None:
    """Look at the values of options, and at the names of all logs, before anything is read.

    Raises:
        UsageError: one of them makes no sense.
    """
    if not _MEMORY.match(args.memory):
        raise UsageError(f"--memory {args.memory}: write a size such as 512MB or 2GB")
    if [*flows, *args.filename].count("-") > 1:
        raise UsageError("standard input can be read only once")


def observe(net: Network, flows: Sequence[str], args: argparse.Namespace, clock: Clock) -> Observations:
    """Read flows with the names of a network, and say on stderr what could not be read or mapped.

    Raises:
        UsageError: DuckDB is not installed, or what the machine has does not suffice.
    """
    from crenel.flows.errors import FlowsError

    limits = Limits(memory=args.memory, temporary=args.scratch)
    with clock.phase("read"):
        earlier = [load(path, default_namespace=args.default_namespace) for path in args.earlier]
    try:
        with clock.phase("read"):
            found = net.observe(flows, earlier=earlier, limits=limits, vpc_format=args.vpc_format)
    except FlowsError as error:
        raise UsageError(str(error)) from None
    broken = [
        (path, "not all of it could be read")
        for path, each in zip(args.earlier, earlier, strict=True)
        if complain(problem for problem in each.problems if problem.severity is Severity.ERROR)
    ]
    found = replace(found, failed=[*broken, *found.failed])
    _complain(found)
    return found


def code(observed: Observations, args: argparse.Namespace) -> int:
    """The exit code of what was read: `ERROR` for a source that could not be, `NOTHING` where nothing was."""
    failed = exit_codes.ERROR if observed.failed and not args.lenient else exit_codes.FINE
    if observed.taken:
        return failed
    say("nothing was examined: there is no flow")
    return exit_codes.worst((failed, exit_codes.NOTHING))


def touching(rows: Sequence[Observed], namespaces: Sequence[str]) -> list[Observed]:
    """The rows with an end in one of some namespaces; all of them without any."""
    if not namespaces:
        return list(rows)
    return [row for row in rows if {row.source.partition("/")[0], row.target.partition("/")[0]} & set(namespaces)]


def _complain(found: Observations) -> None:
    for source, why in found.failed:
        say(f"error: {clean(source)}: {clean(why)}")
    for read in found.read:
        if read.bad:
            say(f"warning: {clean(read.source)}: {count(read.bad, 'line')} could not be understood as {read.format}")
            for example in read.examples:
                say(f"  {clean(example.place)}: {clean(example.reason)}: {clean(example.text)}")
        for reason, number in read.skipped:
            note(f"{read.source}: left out {number}: {reason}")
    for text in dict.fromkeys(text for read in found.read for text in read.notes):
        note(text)
    for text in found.notes:
        note(text)
    if found.unmapped:
        shown = ", ".join(f"{each.end} ({each.count})" for each in found.unmapped[:_SHOWN])
        more = f" and {len(found.unmapped) - _SHOWN} more" if len(found.unmapped) > _SHOWN else ""
        records = sum(each.count for each in found.unmapped)
        note(f"{count(records, 'record')} cannot be mapped; nobody had at the time: {shown}{more}")

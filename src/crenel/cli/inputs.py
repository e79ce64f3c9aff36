"""From the command line to networks: reads what was asked for and says what is wrong with it."""

import argparse
import atexit
import gc
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from crenel.cli import exit_codes
from crenel.cli.clock import Clock
from crenel.cli.complaints import complain, note, say
from crenel.cli.usage import UsageError
from crenel.library import Network
from crenel.loading import read, read_aws
from crenel.network.addresses import parse_network
from crenel.output.reports import Context, Enforced
from crenel.provenance import Problem, Severity
from crenel.questions.exposure.assumptions import assume
from crenel.questions.places import PlaceError
from crenel.sources.cluster_kinds import DEFAULT, Kind
from crenel.sources.document import Reading

LIVE = "live"
"""What stands for the live cluster where a source is named."""

_STDIN = "-"
_APIS = ("networkpolicy", "adminnetworkpolicy", "clusternetworkpolicy")


def pause_collector() -> None:
    """Leave garbage alone: a run makes millions of objects, hardly any of them garbage, and ends soon.

    The interpreter would still look at all of them at its end; what is frozen it passes over.
    """
    gc.disable()
    atexit.register(gc.freeze)


def resume_collector() -> None:
    """Collect garbage again, but for what is there now: for a run that goes on as long as there are questions."""
    gc.freeze()
    gc.enable()


def network(args: argparse.Namespace, clock: Clock, more: Sequence[Kind] = ()) -> Network:
    """Read the network that `args` asks for: files, or else the live cluster, and of that `more` kinds.

    Raises:
        UsageError: an option's value makes no sense.
    """
    _check(args)
    with clock.phase("read"):
        cloud = aws(args)
    return _network(args.filename, args, clock, cloud, more)


def sides(args: argparse.Namespace, clock: Clock) -> tuple[Network, Network]:
    """Read both sides of a difference: a path, ``git:REV[:PATH]``, a snapshot or ``live``.

    AWS belongs to a side that is live, or else to both.

    Raises:
        UsageError: an option's value makes no sense.
    """
    _check(args)
    with clock.phase("read"):
        cloud = aws(args)
    texts = (args.old, args.new)

    def side(text: str) -> Network:
        mine = cloud if text == LIVE or LIVE not in texts else Reading()
        return _network([] if text == LIVE else [text], args, clock, mine)

    return side(args.old), side(args.new)


def another(text: str, args: argparse.Namespace, clock: Clock) -> Network:
    """Read one more state beside the input: a path, ``git:REV[:PATH]`` or ``live``."""
    return _network([] if text == LIVE else [text], args, clock, Reading())


def aws(args: argparse.Namespace) -> Reading:
    """Read what ``--aws`` asks for.

    Raises:
        UsageError: a profile is named that is not used.
    """
    if args.aws_profile is not None and not args.aws:
        raise UsageError("--aws-profile is of use with --aws alone")
    return read_aws(args.aws, args.aws_profile)


def _check(args: argparse.Namespace) -> None:
    """Look at the values of options before anything is read."""
    for text in args.pod_cidr:
        try:
            parse_network(text)
        except ValueError:
            raise UsageError(f"--pod-cidr {text}: not a CIDR") from None


def changed(base: Network, args: argparse.Namespace, clock: Clock) -> Network:
    """Apply ``--with`` and ``--without`` to a network.

    Raises:
        UsageError: an object to leave out is not there.
    """
    if not args.with_files and not args.without:
        return base
    if _STDIN in args.with_files and _STDIN in args.filename:
        raise UsageError("standard input can be read only once")
    with clock.phase("read"):
        reading = read(args.with_files) if args.with_files else Reading()
    with clock.phase("decode"):
        try:
            new = base.with_documents(reading.documents, args.without)
        except PlaceError as error:
            raise UsageError(str(error)) from None
    new.problems = [*new.problems, *reading.problems]
    return new


def _network(
    sources: Sequence[str], args: argparse.Namespace, clock: Clock, cloud: Reading, more: Sequence[Kind] = ()
) -> Network:
    with clock.phase("read"):
        reading = _files(sources) if sources else live(args, args.namespace, more)
        reading.extend(cloud)
    with clock.phase("decode"):
        return Network(reading, args.default_namespace, args.pod_cidr)


def _files(sources: Sequence[str]) -> Reading:
    if _STDIN in sources and sys.stdin is None:
        raise UsageError("there is no standard input")
    return read(sources)


def live(args: argparse.Namespace, namespaces: Sequence[str], more: Sequence[Kind] = ()) -> Reading:
    """Read the live cluster; all of it, or where that is forbidden the namespaces that were named."""
    name_context(args)
    kinds = (*DEFAULT, *more)
    reading = read((), context=args.context, kubeconfig=args.kubeconfig, kinds=kinds)
    if namespaces and any(gap.namespace is None and gap.reason == "forbidden" for gap in reading.unreadable):
        return read((), context=args.context, kubeconfig=args.kubeconfig, namespaces=namespaces, kinds=kinds)
    return reading


def name_context(args: argparse.Namespace) -> str:
    """Say on stderr which context is read, and return its name; empty when there is none, which reading reports."""
    from crenel.sources.cluster import ClusterError, current_context

    try:
        context = args.context or current_context(args.kubeconfig)
    except ClusterError:
        return ""
    say(f"context: {context}")
    return context


def take_assumptions(args: argparse.Namespace, net: Network) -> None:
    """Set what ``--assume`` and ``--proxy`` say.

    Raises:
        UsageError: one of them cannot be read.
    """
    try:
        net.assumed = assume(args.assume)
    except ValueError as error:
        raise UsageError(str(error)) from None
    for text in args.proxies:
        name, _, workload = text.partition("=")
        namespace, _, own = workload.partition("/")
        if not (name and namespace and own):
            raise UsageError(f"--proxy {text}: write NAME=NAMESPACE/WORKLOAD")
        net.proxies[name] = (namespace, own)


def verify(
    args: argparse.Namespace, *networks: Network, known: Callable[[Problem], bool] = lambda _problem: False
) -> int:
    """Say on stderr what is wrong with the input and what its reader has to know, and return an exit code.

    Notices that are `known` are left out: the command itself understands what they are about.
    That is `ERROR` where something could not be read or would be rejected, unless ``--lenient``; else `FINE`.
    """
    failed = complain(
        problem
        for each in networks
        for problem in [*each.problems, *(notice for notice in each.notices if not known(notice))]
    )
    for warning in dict.fromkeys(each.warning for each in networks):
        if warning:
            note(warning)
    return exit_codes.ERROR if failed and not args.lenient else exit_codes.FINE


def nothing_examined(*networks: Network) -> int:
    """Return `NOTHING`, and say so on stderr, when there is no workload at all; else `FINE`."""
    if any(_has_workloads(each) for each in networks):
        return exit_codes.FINE
    examined = any(each.examined for each in networks)
    say(f"nothing was examined: {'there is no workload in the input' if examined else 'nothing was read'}")
    return exit_codes.NOTHING


def _has_workloads(each: Network) -> bool:
    decoded = each.given.decoded
    return bool(decoded.pods or decoded.workloads or decoded.cron_jobs or decoded.custom_workloads)


def context(*networks: Network) -> Context:
    """What every answer about some networks says beside the answer."""
    warnings = dict.fromkeys(each.warning for each in networks if each.warning)
    return Context("; ".join(warnings), tuple(notice for each in networks for notice in each.notices))


def resting(*networks: Network) -> Context:
    """The same where connections were asked about, with what that assumes of the infrastructure; stderr has it too."""
    assumed = dict.fromkeys(f"assumed: {text}" for each in networks for text in each.resting_on)
    for text in assumed:
        note(text)
    said = context(*networks)
    return replace(said, notices=(*said.notices, *(Problem(text, severity=Severity.NOTICE) for text in assumed)))


def enforced(each: Network) -> Enforced:
    """What is known of a network's plugin."""
    found = each.enforcement
    return Enforced(found.cni, tuple(map(str, found.evidence)), {api: found.enforced(api) for api in _APIS})

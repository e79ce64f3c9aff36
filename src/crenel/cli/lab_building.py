"""A lab of one run: built from the input, probed or entered, and removed again unless it shall stay up."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module

from crenel.cli import exit_codes, inputs, reporting
from crenel.cli.clock import Clock
from crenel.cli.complaints import say
from crenel.cli.usage import UsageError
from crenel.kernel.namespaces import Forbidden
from crenel.kernel.nftables import missing
from crenel.lab.cluster.addressing import ExhaustedError
from crenel.lab.cluster.placement import NotPlacedError, Wishes, place
from crenel.lab.keeping import entering, keeper, kept, rootless
from crenel.lab.keeping.names import NoSuchPodError, hosts_file, space_of
from crenel.lab.lab import Lab
from crenel.lab.probing.probes import MOST
from crenel.lab.probing.verdict import Report
from crenel.lab.run import run as probe
from crenel.lab.stage import stage
from crenel.library import Network
from crenel.network.addresses import Family
from crenel.output.paint import PLAIN, Paint
from crenel.provenance import Problem, Severity


def build(args: argparse.Namespace) -> int:
    """Do all of it, and return the exit code."""
    if problem := missing():
        raise UsageError(problem)
    net = inputs.network(args, Clock())
    code = inputs.verify(args, net, known=_is_asked_of_ports if args.tls else lambda _problem: False)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    try:
        door = kept.Door(args.name) if args.keep else None
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    try:
        rootless.prepare()
        answer = _built(args, net, door)
    except BaseException as error:
        if door is not None:
            door.close()
        if isinstance(error, Forbidden):
            raise UsageError(f"{error}: run it as root, or allow that") from None
        raise
    # What a command of the user's ended with is not ours to judge.
    return answer if args.shell or args.pod else reporting.final(args, code, answer)


def _built(args: argparse.Namespace, net: Network, door: kept.Door | None) -> int:
    try:
        placement = place(net.model, Wishes(args.replicas, args.nodes, _families(args.family), args.tls))
    except (ExhaustedError, NotPlacedError) as error:
        raise UsageError(str(error)) from None
    lab = Lab(stage(placement))
    if args.tls:
        _secured(lab)
    if door is not None:
        return _probed_and_kept(args, lab, door)
    with lab:
        return _inside(args, lab) if args.shell or args.pod else _probed(args, lab)


def _is_asked_of_ports(problem: Problem) -> bool:
    """Whether a notice is about a policy that the model does not understand, and the ports do."""
    return problem.message.startswith("peerauthentication ") and problem.severity is Severity.NOTICE


def _secured(lab: Lab) -> None:
    from crenel.lab.tls.security import secure

    try:
        secure(lab)
    except BaseException:
        lab.close()
        raise


def _families(text: str | None) -> tuple[Family, ...]:
    return {None: (), "4": (4,), "6": (6,), "both": (4, 6)}[text]


def _probed_and_kept(args: argparse.Namespace, lab: Lab, door: kept.Door) -> int:
    code = _probed(args, lab)
    lab.prober.forget()
    sys.stdout.flush()
    keeper.spawn(lab, door, lambda wanted, most: _again(lab, wanted, most))
    name = "" if args.name == "default" else f" --name {args.name}"
    say(f"the lab is up: `{args.prog} lab --shell POD{name}` enters it, `{args.prog} lab down{name}` removes it")
    return code


def _probed(args: argparse.Namespace, lab: Lab) -> int:
    report = probe(lab, _progress(), args.most or MOST)
    reporting.emit(_rendered(report, args.output, reporting.paint()))
    rate = len(report.results) / report.seconds if report.seconds else 0.0
    reporting.remark(f"{len(report.results):,} probes in {report.seconds:.1f} s, {rate:,.0f} a second")
    if not report.results:
        say("nothing was examined: there is no probe that a policy could decide and the model foretell")
    if report.tls is not None and not report.tls.handshakes:
        why = "no workload may connect to a port that is" if report.tls.ports else "no port is"
        say(f"no TLS was examined: {why} declared to speak it")
    return _code(report)


def _code(report: Report) -> int:
    return exit_codes.worst(_codes(report))


def _codes(report: Report) -> Iterator[int]:
    if not report.results:
        yield exit_codes.NOTHING
    elif report.disagreements:
        yield exit_codes.NO
    if report.tls is not None:
        if not report.tls.handshakes:
            yield exit_codes.NOTHING
        elif report.tls.disagreements:
            yield exit_codes.NO


def _again(lab: Lab, wanted: str, most: int | None) -> tuple[str, int]:
    """Probe a lab in the background: the report as text without colours, and the exit code."""
    report = probe(lab, most=most or MOST)
    rendered = _rendered(report, wanted, PLAIN)
    return rendered if isinstance(rendered, str) else rendered.decode(), _code(report)


def _rendered(report: Report, wanted: str, paint: Paint) -> str | bytes:
    module = import_module(f"crenel.output.lab_{'markdown' if wanted == 'md' else wanted}")
    render: Callable[..., str | bytes] = module.render
    return render(report, paint) if wanted == "table" else render(report)


def _progress() -> Callable[[int, int], None]:
    """Tell how far it is, on a terminal and nowhere else."""
    if sys.stderr is None or not sys.stderr.isatty():
        return lambda _done, _all: None
    last = time.monotonic()

    def told(done: int, every: int) -> None:
        nonlocal last
        if done == every or time.monotonic() - last > 0.2:
            last = time.monotonic()
            sys.stderr.write(f"\r{done:,} of {every:,} probes" if done < every else "\r\x1b[K")
            sys.stderr.flush()

    return told


def _inside(args: argparse.Namespace, lab: Lab) -> int:
    """Run a shell or a command in a pod while the others answer."""
    try:
        key, title = space_of(lab.stage, args.shell or args.pod)
    except NoSuchPodError as error:
        raise UsageError(str(error)) from None
    _ = lab.prober
    hosts = hosts_file(lab.stage, title.partition("/")[0])
    return entering.attended(
        lab.prober,
        lab.twin.spaces[key],
        entering.shell() if args.shell else args.words,
        hosts,
        title,
        lab.papers(title),
    )

"""Build the cluster that the input describes on this machine, and prove with real packets what may talk to whom.

Every pod is a network namespace, every node enforces the policies with nftables in the kernel. Packets are sent between
all ends, and what became of them is compared with what the model says. Nothing outside of the lab is touched.

ACTION is `apply`, which puts the policies of an input in force in a lab that is up; `down`, which removes that lab; or
`list`. Without one a lab is built, probed and removed again.
"""

import argparse
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from crenel.cli.options import add_input_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from crenel.lab.kept import Door
    from crenel.lab.lab import Lab
    from crenel.lab.verdict import Report
    from crenel.library import Network
    from crenel.network.addresses import Family

FORMATS = ("table", "json", "junit", "md")
"""What the comparison can be written as."""

ACTIONS = ("apply", "down", "list")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `words` is the action, or with ``--exec`` the command; `families` a text or None."""
    parser.add_argument(
        "words", nargs="*", metavar="ACTION", help="apply, down or list; after --exec the command to run"
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
    add_input_options(parser)
    add_report_options(parser, FORMATS)


def run(args: argparse.Namespace) -> int:
    """Do what was asked and return the exit code."""
    action = _check_use(args)
    if action == "down":
        return _down(args)
    if action == "list":
        return _list()
    if action == "apply":
        return _apply(args)
    if (args.shell or args.pod) and not _has_input(args):
        return _visit(args)
    return _build(args)


def _check_use(args: argparse.Namespace) -> str:
    from crenel.lab.kept import NAME

    if args.shell and args.pod:
        raise UsageError("--shell and --exec exclude each other")
    if args.pod and not args.words:
        raise UsageError("--exec needs a command", f"`{args.prog} lab --exec POD -- COMMAND ...`")
    if (args.pod or args.shell) and args.keep:
        raise UsageError("--keep leaves a lab up; enter it afterwards, without -f")
    for option in ("replicas", "nodes", "most"):
        if (value := getattr(args, option)) is not None and value < 1:
            raise UsageError(f"--{option} {value}: must be at least 1")
    if not NAME.match(args.name):
        raise UsageError(f"--name {args.name!r}: letters, digits, dots, dashes and underscores, at most 64")
    if args.pod or not args.words:
        return ""
    if args.shell or len(args.words) > 1 or args.words[0] not in ACTIONS:
        raise UsageError(f"no action {' '.join(args.words)!r}", f"there are {', '.join(ACTIONS)}")
    return str(args.words[0])


def _has_input(args: argparse.Namespace) -> bool:
    return bool(args.filename or args.context or args.kubeconfig)


def _down(args: argparse.Namespace) -> int:
    from crenel.lab import kept

    try:
        kept.ask(args.name, {"do": "down"})
        kept.await_end(args.name)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    return 0


def _list() -> int:
    from crenel.cli import exit_codes, reporting
    from crenel.lab import kept

    found = []
    for name in kept.names():
        answer, _ = kept.ask(name, {"do": "describe"})
        found.append(f"{name}  {len(answer['pods'])} pods on {len(answer['nodes'])} nodes\n")
    reporting.emit("".join(found))
    return exit_codes.FINE if found else exit_codes.NOTHING


def _visit(args: argparse.Namespace) -> int:
    from crenel.lab import entering, guests, kept

    try:
        return guests.visit(args.name, args.shell or args.pod, entering.shell() if args.shell else args.words)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None


def _apply(args: argparse.Namespace) -> int:
    from crenel.cli import inputs, reporting
    from crenel.cli.complaints import say
    from crenel.lab import kept
    from crenel.output.words import count

    net = _read(args)
    code = inputs.verify(args, net)
    documents = [(each.data, each.origin.source, each.served) for each in net.documents]
    request = {
        "do": "apply",
        "documents": documents,
        "default_namespace": args.default_namespace,
        "pod_cidrs": args.pod_cidr,
    }
    try:
        answer, _ = kept.ask(args.name, request)
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    cut, restored = int(answer["revoked"]), int(answer["restored"])
    say(f"applied: {count(cut, 'connection')} no longer allowed and cut, {restored} allowed again")
    return reporting.final(args, code)


def _read(args: argparse.Namespace) -> "Network":
    from crenel.cli import inputs
    from crenel.cli.clock import Clock

    return inputs.network(args, Clock())


def _build(args: argparse.Namespace) -> int:
    from crenel.cli import inputs, reporting
    from crenel.kernel.namespaces import Forbidden
    from crenel.kernel.nftables import missing
    from crenel.lab import kept, rootless

    if problem := missing():
        raise UsageError(problem)
    net = _read(args)
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    try:
        door = kept.Door(args.name) if args.keep else None
    except kept.NoLabError as error:
        raise UsageError(str(error)) from None
    try:
        rootless.prepare()
        answer = _built(args, net, door)
        # What a command of the user's ended with is not ours to judge.
        return answer if args.shell or args.pod else reporting.final(args, code, answer)
    except Forbidden as error:
        raise UsageError(f"{error}: run it as root, or allow that") from None
    except BaseException:
        if door is not None:
            door.close()
        raise


def _built(args: argparse.Namespace, net: "Network", door: "Door | None") -> int:
    from crenel.lab.addressing import ExhaustedError
    from crenel.lab.lab import Lab
    from crenel.lab.placement import NotPlacedError, Wishes, place
    from crenel.lab.stage import stage

    try:
        placement = place(net.model, Wishes(args.replicas, args.nodes, _families(args.family)))
    except (ExhaustedError, NotPlacedError) as error:
        raise UsageError(str(error)) from None
    lab = Lab(stage(placement))
    if door is not None:
        return _probed_and_kept(args, lab, door)
    with lab:
        return _inside(args, lab) if args.shell or args.pod else _probed(args, lab)


def _families(text: str | None) -> "tuple[Family, ...]":
    return {None: (), "4": (4,), "6": (6,), "both": (4, 6)}[text]


def _probed_and_kept(args: argparse.Namespace, lab: "Lab", door: "Door") -> int:
    from crenel.cli.complaints import say
    from crenel.lab import keeper

    code = _probed(args, lab)
    sys.stdout.flush()
    keeper.spawn(lab, door)
    say(f"the lab is up: `{args.prog} lab --shell POD --name {args.name}` enters it, `lab down` removes it")
    return code


def _probed(args: argparse.Namespace, lab: "Lab") -> int:
    from crenel.cli import exit_codes, reporting
    from crenel.lab.probes import MOST
    from crenel.lab.run import run as probe

    report = probe(lab, _progress(), args.most or MOST)
    reporting.emit(_rendered(report, args.output))
    rate = len(report.results) / report.seconds if report.seconds else 0.0
    reporting.remark(f"{len(report.results):,} probes in {report.seconds:.1f} s, {rate:,.0f} a second")
    return exit_codes.NO if report.disagreements else exit_codes.FINE


def _rendered(report: "Report", wanted: str) -> str | bytes:
    from crenel.cli import reporting

    module = import_module(f"crenel.output.lab_{'markdown' if wanted == 'md' else wanted}")
    render: Callable[..., str | bytes] = module.render
    return render(report, reporting.paint()) if wanted == "table" else render(report)


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


def _inside(args: argparse.Namespace, lab: "Lab") -> int:
    """Run a shell or a command in a pod while the others answer."""
    from crenel.lab import entering
    from crenel.lab.names import NoSuchPodError, hosts_file, space_of

    try:
        key, title = space_of(lab.stage, args.shell or args.pod)
    except NoSuchPodError as error:
        raise UsageError(str(error)) from None
    _ = lab.prober
    hosts = hosts_file(lab.stage, title.partition("/")[0])
    return entering.attended(
        lab.prober, lab.twin.spaces[key], entering.shell() if args.shell else args.words, hosts, title
    )

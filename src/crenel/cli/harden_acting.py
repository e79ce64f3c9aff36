"""What `crenel harden` does."""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from crenel.audit.settings import Settings
from crenel.cli import configured, exit_codes, harden_options, harden_writing, inputs, reporting
from crenel.cli.clock import Clock
from crenel.cli.complaints import complain, say
from crenel.cli.harden_order import order
from crenel.cli.usage import UsageError
from crenel.harden import whole
from crenel.harden.needs.ground import is_system
from crenel.harden.whole import Whole
from crenel.intents import Intents
from crenel.library import Network
from crenel.loading import load_intents
from crenel.output import lab_words
from crenel.output.hardening_report import HardeningReport, Tried

if TYPE_CHECKING:
    from crenel.flows.observed import Observations
    from crenel.questions.observing.preview import Preview


def harden(args: argparse.Namespace) -> int:
    """Do all of it."""
    clock = Clock()
    harden_options.check(args)
    if logs := [*args.flows, *args.preview]:
        from crenel.cli import observing

        observing.check(args, logs)
    harden_writing.check(args)
    settings = _settings(args)
    inputs.pause_collector()
    net = inputs.network(args, clock)
    inputs.take_assumptions(args, net)
    code = inputs.verify(args, net)
    if nothing := inputs.nothing_examined(net):
        return reporting.final(args, code, nothing)
    intents = _intents(args, net, clock)
    observed, seen_code = _observed(args, args.flows, net, clock)
    replayed, replayed_code = _observed(args, args.preview, net, clock)
    with clock.phase("solve"):
        found = _hardened(args, net, intents, observed, settings)
        proof = found.after.prove(intents) if intents.statements else None
        preview = _previewed(net, found, observed, replayed)
    wrong = complain([*intents.problems, *found.hardening.problems, *(proof.problems if proof is not None else ())])
    report = HardeningReport(found, inputs.context(net), proof, preview)
    if args.lab:
        report = replace(report, lab=_tried(found.after))
    if _is_empty(found):
        say(f"nothing was examined: there is no workload that policies could isolate{_left_alone(net)}")
        return reporting.final(args, code, exit_codes.NOTHING)
    report = harden_writing.written(args, report)
    with clock.phase("render"):
        reporting.emit(_render(report, args.format))
    clock.report()
    return reporting.final(
        args, code, seen_code, replayed_code, exit_codes.ERROR if wrong else exit_codes.FINE, _code(report)
    )


def _intents(args: argparse.Namespace, net: Network, clock: Clock) -> Intents:
    """Those beside the input and those that are named."""
    if not args.intents:
        return net.declared
    with clock.phase("read"):
        more = load_intents(*args.intents)
    known = {(each.origin.source, each.origin.document, each.field) for each in more.statements}
    own = [
        each for each in net.declared.statements if (each.origin.source, each.origin.document, each.field) not in known
    ]
    return Intents((*own, *more.statements), [*net.declared.problems, *more.problems])


def _observed(
    args: argparse.Namespace, flows: Sequence[str], net: Network, clock: Clock
) -> "tuple[Observations | None, int]":
    if not flows:
        return None, exit_codes.FINE
    from crenel.cli import observing

    found = observing.observe(net, flows, args, clock)
    return found, observing.code(found, args)


def _settings(args: argparse.Namespace) -> Settings:
    """What ``crenel.toml`` says of findings, where changes are made from these; its proxies are those of the option.

    Raises:
        UsageError: the file cannot be used.
    """
    if not args.services and not args.tls:
        return Settings()
    found = configured.read()
    args.assume = [*found.assume, *args.assume]
    args.proxies = [*found.proxies, *args.proxies]
    return replace(found.settings, namespaces=tuple(args.namespace))


def _hardened(
    args: argparse.Namespace, net: Network, intents: Intents, observed: "Observations | None", settings: Settings
) -> Whole:
    try:
        return whole.harden(net, order(args, intents, observed, settings))
    except ValueError as error:
        raise UsageError(f"--api-server: {error}") from None


def _previewed(net: Network, found: Whole, *observed: "Observations | None") -> "Preview | None":
    """What of all that was seen the result would not let through; None where nothing was to be asked about."""
    if not (asked := [each for each in observed if each is not None]):
        return None
    from crenel.flows.observed import Observations
    from crenel.harden.replaying import replay

    return replay(net, found, Observations(tuple(dict.fromkeys(row for each in asked for row in each.rows))))


def _is_empty(found: Whole) -> bool:
    """Whether there was nothing to harden."""
    changes = (*found.plan.changes, *found.plan.withheld) if found.plan is not None else ()
    return not found.hardening.namespaces and not changes and not found.rules


def _left_alone(net: Network) -> str:
    """The namespaces of the cluster itself that have workloads, and how they are hardened."""
    found = sorted({each.namespace for each in net.given.decoded.workloads if is_system(each.namespace)})
    return f"; {', '.join(found)}: of the cluster itself, hardened only with -n {found[0]}" if found else ""


def _tried(after: Network) -> Tried:
    """Run the lab on the result.

    Raises:
        UsageError: the lab cannot be built here.
    """
    from crenel.kernel.namespaces import Forbidden
    from crenel.kernel.nftables import missing
    from crenel.lab.cluster.addressing import ExhaustedError
    from crenel.lab.cluster.placement import NotPlacedError, place
    from crenel.lab.keeping import rootless
    from crenel.lab.lab import Lab
    from crenel.lab.probing.observations import Fate
    from crenel.lab.run import run
    from crenel.lab.stage import stage

    if problem := missing():
        raise UsageError(problem)
    try:
        rootless.prepare()
        with Lab(stage(place(after.model))) as lab:
            found = run(lab)
    except (ExhaustedError, NotPlacedError) as error:
        raise UsageError(str(error)) from None
    except Forbidden as error:
        raise UsageError(f"{error}: run it as root, or allow that") from None
    fates = [result.kernel for result in found.results]
    wrong = tuple(f"{lab_words.packet(each)}: {each.why}" for each in found.disagreements)
    return Tried(len(fates), fates.count(Fate.ARRIVED), fates.count(Fate.DROPPED), wrong, tuple(found.notes))


def _code(report: HardeningReport) -> int:
    return exit_codes.NO if report.objections else exit_codes.FINE


def _render(report: HardeningReport, wanted: str) -> str | bytes:
    if wanted == "json":
        from crenel.output import hardening_json

        return hardening_json.render(report)
    if wanted == "md":
        from crenel.output import hardening_markdown

        return hardening_markdown.render(report)
    from crenel.output import hardening_table

    return hardening_table.render(report, reporting.paint())

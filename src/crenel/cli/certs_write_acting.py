"""What `crenel certs write` does."""

import argparse
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from crenel.certificates.authority import durations
from crenel.certificates.authority.identity import is_name
from crenel.certificates.certmanager import writing
from crenel.certificates.certmanager.needs import Needs, needs
from crenel.certificates.certmanager.writing import Style, Written
from crenel.cli import exit_codes, inputs, reporting
from crenel.cli.clock import Clock
from crenel.cli.complaints import complain, say
from crenel.cli.moments import moment
from crenel.cli.usage import UsageError
from crenel.library import Network
from crenel.output import written_json
from crenel.output.reports import Context
from crenel.output.words import count
from crenel.provenance import Problem, Severity
from crenel.sources.cluster_kinds import CERTIFICATES, SECRETS


def write(args: argparse.Namespace) -> int:
    """Write objects for what the input lacks."""
    clock, style = Clock(), _style(args)
    net = _network(args, clock)
    code = inputs.verify(args, net)
    with clock.phase("solve"):
        found = _needs(args, net)
        objects, problems = writing.write(found.needs, net.certificates(moment(args.at)), style)
    said = (*found.left, *problems, *found.notes)
    complain(said)
    if not found.examined:
        say("nothing was examined: there is no host and no Service that would need a certificate")
        return exit_codes.worst((code, exit_codes.NOTHING))
    _deliver(args, objects, said)
    clock.report()
    left = any(each.severity is Severity.WARNING for each in said)
    return reporting.final(args, code, exit_codes.NO if left else exit_codes.FINE)


def _needs(args: argparse.Namespace, net: Network) -> Needs:
    """What is needed, in the namespaces that were asked for."""
    return needs(
        net.certificates(moment(args.at)),
        net.given.decoded,
        net.documents,
        default_namespace=args.default_namespace,
        cluster_domain=args.cluster_domain,
        only=args.namespace,
    )


def _deliver(args: argparse.Namespace, objects: Sequence[Written], said: Sequence[Problem]) -> None:
    if args.output == "json":
        reporting.emit(written_json.render(objects, Context("", tuple(said))))
    elif args.out is None:
        reporting.emit(writing.together(objects))
    if args.out is not None and objects:
        try:
            with Path(args.out).open("x", encoding="utf-8") as file:
                file.write(writing.together(objects))
        except FileExistsError:
            raise UsageError(f"--out {args.out}: there is such a file already") from None
    certificates = sum(each.kind == "Certificate" for each in objects)
    issuers = f", {count(more, 'issuer')}" if (more := len(objects) - certificates) else ""
    say(f"{count(certificates, 'Certificate')}{issuers} written")


def _network(args: argparse.Namespace, clock: Clock) -> Network:
    if not args.filename and not args.secrets:
        raise UsageError("of a live cluster the Secrets have to be read to know what is missing", "add --secrets")
    if args.filename and args.secrets:
        raise UsageError("--secrets is for a live cluster: it goes without -f")
    return inputs.network(args, clock, (*CERTIFICATES, *SECRETS) if args.secrets else CERTIFICATES)


def _style(args: argparse.Namespace) -> Style:
    name = args.cluster_issuer or args.issuer
    if not is_name(name):
        raise UsageError(f"{name}: this is no name that Kubernetes takes")
    if not is_name(args.cluster_domain):
        raise UsageError(f"--cluster-domain {args.cluster_domain}: this is no DNS name")
    if args.mail and args.skeleton != "acme":
        raise UsageError("--mail goes with --skeleton acme")
    duration = _length("--duration", args.duration)
    before = _length("--renew-before", args.renew_before) if args.renew_before is not None else duration / 3
    if duration < writing.SHORTEST:
        raise UsageError(f"--duration {args.duration}: cert-manager takes an hour at least")
    if not writing.NEAREST <= before < duration:
        raise UsageError("--renew-before: five minutes at least, and less than the duration")
    return Style(name, args.cluster_issuer is not None, duration, before, args.skeleton, args.mail)


def _length(option: str, text: str) -> timedelta:
    try:
        return durations.parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}") from None

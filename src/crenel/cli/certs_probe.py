"""Make real handshakes with servers, and prove that they demand client certificates.

TARGET is HOST:PORT, or https://HOST[:PORT], which is asked for a page too. Without a target, all TLS servers that the
input declares are probed: hosts of Ingresses, listeners of Gateways, Routes, ports of Services, webhooks. With -f, what
is served is compared with the Secret that the input holds for it.

What is accepted is judged by a profile of Mozilla's guidelines. Where a server asks for a client certificate, data is
sent without one, with a stranger's, a forged and an expired one, and in plain text, and the answers are the proof.
Nothing but handshakes and requests for the first page is sent. The exit code is 1 when anything is wrong.
"""

import argparse
from typing import TYPE_CHECKING

from crenel.cli.options import add_input_options, add_report_options
from crenel.cli.usage import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from crenel.certificates.probing.probe import Probe, Settings
    from crenel.certificates.probing.run import Wishes
    from crenel.cli.clock import Clock
    from crenel.library import Network
    from crenel.output.reports import Context

FORMATS = ("table", "json", "md")
"""What the results can be written as."""
PROFILES = ("intermediate", "modern", "old")
"""Mozilla's, the recommended one first."""

_LONGEST = 3600.0
_MOST_AT_ONCE = 256


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments: `targets` is a list of texts, `connect_to` one of detours."""
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="HOST:PORT or https://HOST[:PORT]")
    _add_judging(parser)
    _add_clients(parser)
    _add_connecting(parser)
    add_input_options(parser)
    add_report_options(parser, FORMATS)
    parser.set_defaults(namespace=[])


def _add_judging(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("judging")
    text = "what may be accepted: intermediate, modern or old (default: intermediate)"
    group.add_argument("--profile", choices=PROFILES, default=PROFILES[0], metavar="NAME", help=text)
    group.add_argument("--ca", metavar="FILE", help="the CAs that have to have signed what is served")
    text = "without -f: read Secrets of the cluster too, those of the type for TLS, to compare with"
    group.add_argument("--secrets", action="store_true", help=text)
    group.add_argument(
        "--stored",
        action="append",
        default=[],
        metavar="[HOST:PORT=]NS/NAME",
        help="the Secret of the input that a target, or every target, has to serve from; may be repeated",
    )
    text = "the time to judge by, such as 2026-11-26 or 2026-11-26T10:00:00Z (default: now)"
    group.add_argument("--at", metavar="DATE", help=text)


def _add_clients(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("client certificates")
    text = "every target is meant to demand a client certificate, those that ask for none too"
    group.add_argument("--mtls", action="store_true", help=text)
    group.add_argument("--cert", metavar="FILE", help="a client certificate that is to be accepted")
    group.add_argument("--key", metavar="FILE", help="its key (default: in the same file)")
    group.add_argument("--expired-cert", metavar="FILE", help="an expired client certificate of the right CA")
    group.add_argument("--expired-key", metavar="FILE", help="its key (default: in the same file)")


def _add_connecting(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("connecting")
    group.add_argument(
        "--connect-to",
        action="append",
        default=[],
        metavar="[HOST:PORT=]ADDRESS[:PORT]",
        help="connect to this address in the place of a target's own, or of every target's; may be repeated",
    )
    text = "the port of plain HTTP (default: 80, beside targets on port 443 alone)"
    group.add_argument("--http-port", type=int, metavar="PORT", help=text)
    text = "how long one step may take (default: 5)"
    group.add_argument("--timeout", type=float, default=5.0, metavar="SECONDS", help=text)
    text = "how long everything may take (default: 300)"
    group.add_argument("--deadline", type=float, default=300.0, metavar="SECONDS", help=text)
    text = "how many targets are probed at the same time (default: 32)"
    group.add_argument("--parallel", type=int, default=32, metavar="N", help=text)


def run(args: argparse.Namespace) -> int:
    """Probe, print what was found, and return the exit code."""
    from crenel.certificates.probing import run as running
    from crenel.cli import certs_probe_targets, exit_codes, reporting
    from crenel.cli.clock import Clock
    from crenel.cli.complaints import say
    from crenel.cli.moments import moment

    wishes, at, clock = _wishes(args), moment(args.at), Clock()
    net, code = _input(args, clock)
    targets = certs_probe_targets.targets(args, net)
    try:
        how = running.settings(wishes, at)
    except running.MaterialError as error:
        raise UsageError(str(error)) from None
    if not targets:
        say("nothing was examined: the input declares no TLS server")
        return exit_codes.worst((code, exit_codes.NOTHING))
    with clock.phase("solve"):
        probes = running.probe_all(targets, wishes, how)
    with clock.phase("render"):
        reporting.emit(_rendered(args, probes, how, net))
    clock.report()
    if all(each.failure and each.findings[0].id in ("unreachable", "not-examined") for each in probes):
        return reporting.final(args, code, exit_codes.NOTHING)
    return reporting.final(args, code, exit_codes.NO if any(each.findings for each in probes) else exit_codes.FINE)


def _input(args: argparse.Namespace, clock: "Clock") -> "tuple[Network | None, int]":
    """The input to compare with, or to take the targets from, and its exit code; None where neither is wanted.

    Raises:
        UsageError: ``--secrets`` goes with ``-f``.
    """
    from crenel.cli import exit_codes

    if args.secrets and args.filename:
        raise UsageError("--secrets is for a live cluster: it goes without -f")
    if args.targets and not args.filename and not args.secrets:
        return None, exit_codes.FINE
    from crenel.cli import inputs
    from crenel.sources.cluster_kinds import CERTIFICATES, SECRETS

    net = inputs.network(args, clock, (*CERTIFICATES, *(SECRETS if args.secrets else ())))
    return net, inputs.verify(args, net)


def _wishes(args: argparse.Namespace) -> "Wishes":
    from pathlib import Path

    from crenel.certificates.probing.run import Wishes

    for name, value, most in (("timeout", args.timeout, _LONGEST), ("deadline", args.deadline, _LONGEST)):
        if not 0 < value <= most:
            raise UsageError(f"--{name} {value:g}: not a number of seconds between 0 and {most:g}")
    if not 0 < args.parallel <= _MOST_AT_ONCE:
        raise UsageError(f"--parallel {args.parallel}: not a number between 1 and {_MOST_AT_ONCE}")
    if args.http_port is not None and not 0 < args.http_port < 1 << 16:
        raise UsageError(f"--http-port {args.http_port}: not a port")
    return Wishes(
        args.profile,
        args.timeout,
        args.deadline,
        args.parallel,
        Path(args.ca) if args.ca else None,
        _pair(args.cert, args.key, "cert"),
        _pair(args.expired_cert, args.expired_key, "expired-cert"),
        args.mtls,
        args.http_port,
    )


def _pair(certificate: str | None, key: str | None, name: str) -> "tuple[Path, Path] | None":
    from pathlib import Path

    if certificate is None:
        if key is not None:
            raise UsageError(f"--{name.replace('cert', 'key')} goes with --{name}")
        return None
    return Path(certificate), Path(key or certificate)


def _rendered(args: argparse.Namespace, probes: "list[Probe]", how: "Settings", net: "Network | None") -> str | bytes:
    from crenel.cli import reporting
    from crenel.output import probe_json, probe_markdown, probe_table

    if args.output == "json":
        return probe_json.render(probes, how.profile, how.at, _context(net))
    if args.output == "md":
        return probe_markdown.render(probes, how.at)
    return probe_table.render(probes, how.at, reporting.paint())


def _context(net: "Network | None") -> "Context":
    """What there is to know of the input, beside the results."""
    from crenel.output.reports import Context

    if net is None:
        return Context()
    from crenel.cli import inputs

    return inputs.context(net)

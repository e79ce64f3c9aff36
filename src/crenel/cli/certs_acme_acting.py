"""What `crenel certs acme` does."""

import argparse
import ipaddress
import os
from pathlib import Path

from crenel.certificates.acme import account as accounts
from crenel.certificates.acme import client, state
from crenel.certificates.acme.client import Client, Done
from crenel.certificates.acme.report import Report, report
from crenel.certificates.acme.solving import Way
from crenel.certificates.acme.state import Wanted
from crenel.certificates.authority import durable
from crenel.certificates.authority.identity import is_name
from crenel.certificates.authority.keys import KeyKind
from crenel.certificates.material.names import normal
from crenel.cli import exit_codes, reporting
from crenel.cli.complaints import complain, say
from crenel.cli.moments import moment
from crenel.cli.usage import UsageError
from crenel.output import acme_json, acme_markdown, acme_table
from crenel.provenance import Problem, Severity

_ADDRESS = "127.0.0.1"
_LARGEST = 1 << 16


def register(args: argparse.Namespace) -> int:
    """Make an account."""
    url = accounts.KNOWN.get(args.server, args.server)
    if (args.eab_kid is None) != (args.eab_key is None):
        raise UsageError("--eab-kid and --eab-key belong together")
    binding = None
    if args.eab_key is not None:
        binding = (args.eab_kid, durable.read(Path(args.eab_key), _LARGEST).decode("ascii", "replace").strip())
    trust = Path(args.trust) if args.trust is not None else None
    if trust is not None and not trust.is_file():
        raise UsageError(f"--trust {trust}: there is no such file")
    folder = Path(args.acme)
    found = client.register(folder, url, contact=args.contact, agree=args.agree_terms, binding=binding, trust=trust)
    return _tell(args, report("register", found, moment(None)))


def issue(args: argparse.Namespace) -> int:
    """Have one certificate."""
    now, wanted = moment(args.at), _wanted(args)
    with client.opened(Path(args.acme)) as opened:
        done = opened.issue(opened.enrol(wanted), now, anew=args.anew)
        return _told(args, "issue", opened, [done])


def renew(args: argparse.Namespace) -> int:
    """Do all that is due."""
    now = moment(args.at)
    with client.opened(Path(args.acme)) as opened:
        done = opened.renew(now)
        if not done:
            say("nothing was examined: no certificate is looked after")
            return exit_codes.NOTHING
        return _told(args, "renew", opened, done)


def status(args: argparse.Namespace) -> int:
    """List what there is; the answer is no where a certificate is of no use, or was to be renewed."""
    account, known = client.look(Path(args.acme))
    found = report("status", account, moment(args.at), seen=known.certificates)
    bad = any(row.leaf is None or row.due is None or row.due <= found.at for row in found.rows)
    return reporting.final(args, _tell(args, found), exit_codes.NO if bad else exit_codes.FINE)


def revoke(args: argparse.Namespace) -> int:
    """Have certificates revoked."""
    if args.reason not in client.REASONS:
        raise UsageError(f"--reason {args.reason}: one of {', '.join(client.REASONS)}")
    with client.opened(Path(args.acme)) as opened:
        done = [opened.revoke(opened.named(name), args.reason) for name in args.names]
        return _told(args, "revoke", opened, done)


def forget(args: argparse.Namespace) -> int:
    """Look after certificates no more."""
    with client.opened(Path(args.acme)) as opened:
        for name in args.names:
            say(f"{opened.forget(name).folder}: left as it is")
        return _tell(args, report("forget", opened.account, moment(None), seen=opened.state.certificates))


def _wanted(args: argparse.Namespace) -> Wanted:
    """The certificate that options describe."""
    hosts = tuple(dict.fromkeys(_host(each) for each in args.hosts))
    name = args.name if args.name is not None else hosts[0].replace("*", "any").replace(":", "-")
    if not state.NAME.fullmatch(name):
        raise UsageError(f"--name {name}: write small letters, digits, dots, dashes and underscores")
    if not 0 < args.renew_at < 1:
        raise UsageError(f"--renew-at {args.renew_at}: a fraction lies between 0 and 1")
    if args.key not in [each.value for each in KeyKind]:
        raise UsageError(f"--key {args.key}: one of {', '.join(each.value for each in KeyKind)}")
    way = _way(args)
    if way.http is not None and (stars := [each for each in hosts if each.startswith("*.")]):
        raise UsageError(f"{stars[0]}: a wildcard needs --dns-01")
    return Wanted(
        name, hosts, str(Path(args.out).absolute()), way, KeyKind(args.key), args.chain, args.profile, args.renew_at
    )


def _host(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        found = normal(text)
    if not is_name(found.removeprefix("*.")):
        raise UsageError(f"{text}: this is no DNS name and no address")
    return found


def _way(args: argparse.Namespace) -> Way:
    if args.dns_01 is not None:
        hook = Path(args.dns_01).absolute()
        if not os.access(hook, os.X_OK) or not hook.is_file():
            raise UsageError(f"--dns-01 {args.dns_01}: there is no such program")
        return Way(dns=str(hook))
    address, _, port = args.http_01.rpartition(":")
    address = address.removeprefix("[").removesuffix("]") or _ADDRESS
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise UsageError(f"--http-01 {args.http_01}: write PORT or ADDRESS:PORT") from None
    if not port.isascii() or not port.isdigit() or not 0 < int(port[:6]) < 1 << 16:
        raise UsageError(f"--http-01 {args.http_01}: write PORT or ADDRESS:PORT")
    return Way(http=(address, int(port)))


def _told(args: argparse.Namespace, action: str, opened: Client, done: list[Done]) -> int:
    problems = [Problem(text, severity=Severity.WARNING) for text in opened.notices]
    problems += [Problem(each.why, object=each.wanted.name) for each in done if each.action == "failed"]
    found = report(action, opened.account, moment(args.at if "at" in args else None), done=done, problems=(*problems,))
    waiting = any(each.action == "waiting" for each in done)
    return reporting.final(args, _tell(args, found), exit_codes.NO if waiting else exit_codes.FINE)


def _tell(args: argparse.Namespace, found: Report) -> int:
    """Print a report and what was wrong, and return the exit code."""
    failed = complain(found.problems)
    if args.output == "json":
        reporting.emit(acme_json.render(found))
    elif args.output == "md":
        reporting.emit(acme_markdown.render(found))
    else:
        reporting.emit(acme_table.render(found, reporting.paint()))
    return exit_codes.ERROR if failed else exit_codes.FINE

"""What `crenel certs ca` does but for issuing."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from crenel.certificates.authority import authority, policy, secrets
from crenel.certificates.authority.authority import Authority, Clock, Done
from crenel.certificates.authority.report import Report, report
from crenel.certificates.authority.state import REASONS
from crenel.cli import exit_codes, reporting
from crenel.cli.complaints import complain, say
from crenel.cli.usage import UsageError
from crenel.output import authority_json, authority_markdown, authority_table
from crenel.provenance import Problem, Severity

_YEARS = range(1971, 2500)
"""The years that certificates can be made in."""


def clock(args: argparse.Namespace) -> Clock:
    """What tells the time: the real one, or that of ``--at`` and always the same.

    Raises:
        UsageError: ``--at`` is no time.
    """
    if args.at is None:
        return lambda: datetime.now(UTC)
    try:
        found = datetime.fromisoformat(args.at).replace(microsecond=0)
    except ValueError:
        found = datetime.min.replace(tzinfo=UTC)
    if found.year not in _YEARS:
        raise UsageError(f"--at {args.at}: write a time like 2026-11-26T10:00:00Z")
    found = (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    return lambda: found


def moment(tell_time: Clock) -> datetime:
    """The time to act at, in whole seconds; asked for when nobody has to be waited for any more."""
    return tell_time().replace(microsecond=0)


def init(args: argparse.Namespace) -> int:
    """Make an authority."""
    table: dict[str, object] = {}
    for text in args.set:
        key, _, value = text.partition("=")
        table[key.strip()] = policy.value_of(key.strip(), value.strip())
    if args.trust_domain is not None:
        table["trust_domain"] = args.trust_domain
    if "trust_domain" not in table:
        raise UsageError("init needs --trust-domain")
    rules, now, folder = policy.parse(table), moment(clock(args)), Path(args.ca)
    authority.init(folder, rules, now, root_keys=args.root_keys or "", keys=args.keys or "")
    with authority.opened(folder) as opened:
        return tell(args, report(opened, "init", now, held={}))


def renew(args: argparse.Namespace) -> int:
    """Do all that is due."""
    tell_time, deployed = clock(args), _deployed(args)
    with authority.opened(Path(args.ca)) as opened:
        return _told(args, "renew", opened, moment(tell_time), opened.renew(tell_time, deployed))


def rotate(args: argparse.Namespace) -> int:
    """Begin a rotation or go on with it, or say what it waits for."""
    tell_time, deployed = clock(args), _deployed(args)
    if args.status:
        seen, now = authority.look(Path(args.ca)), moment(tell_time)
        waits = tuple(seen.waits(now, deployed))
        code = tell(args, report(seen, "status", now, held=seen.held(), waits=waits))
        return reporting.final(args, code, exit_codes.NO if seen.state.rotation is not None else exit_codes.FINE)
    with authority.opened(Path(args.ca)) as opened:
        now = moment(tell_time)
        opened.rotate(now)
        code = _told(args, "rotate", opened, now, opened.renew(tell_time, deployed))
        return reporting.final(args, code, exit_codes.NO if opened.state.rotation is not None else exit_codes.FINE)


def revoke(args: argparse.Namespace) -> int:
    """Put certificates on the revocation list."""
    if args.reason not in REASONS:
        raise UsageError(f"--reason {args.reason}: one of {', '.join(REASONS)}")
    tell_time = clock(args)
    with authority.opened(Path(args.ca)) as opened:
        now = moment(tell_time)
        for name in args.names:
            if opened.revoke(name, args.reason, now) is not None:
                say(f"{name} is an intermediate: `renew` issues all certificates below it anew")
        return tell(args, report(opened, "revoke", now, held=opened.held(), problems=said(opened)))


def forget(args: argparse.Namespace) -> int:
    """Look after consumers no more."""
    tell_time = clock(args)
    with authority.opened(Path(args.ca)) as opened:
        now = moment(tell_time)
        for name in args.names:
            say(f"{opened.forget(name).place}: left as it is")
        return tell(args, report(opened, "forget", now, held=opened.held()))


def _told(args: argparse.Namespace, action: str, opened: Authority, now: datetime, done: Done) -> int:
    supplied = {each.consumer.name: each for each in done.supplied}
    found = report(opened, action, now, held=done.held, done=supplied, waits=done.waits, problems=done.problems)
    return tell(args, found)


def said(opened: Authority) -> tuple[Problem, ...]:
    """What could not be done beside what was asked for."""
    return tuple(Problem(text, severity=Severity.WARNING) for text in opened.problems)


def tell(args: argparse.Namespace, found: Report) -> int:
    """Print a report and what was wrong, and return the exit code."""
    failed = complain(found.problems)
    if args.output == "json":
        reporting.emit(authority_json.render(found))
    elif args.output == "md":
        reporting.emit(authority_markdown.render(found))
    else:
        reporting.emit(authority_table.render(found, reporting.paint()))
    return exit_codes.ERROR if failed else exit_codes.FINE


def _deployed(args: argparse.Namespace) -> secrets.Files | None:
    if args.deployed is None:
        return None
    from crenel.loading import read

    reading = read([args.deployed])
    if complain(reading.problems) and not args.lenient:
        raise UsageError(f"--deployed {args.deployed}: it cannot be read")
    return secrets.deployed(reading.documents)

"""What `crenel harden` writes: the folder, and with ``--write`` the user's own files."""

import argparse
from dataclasses import replace
from pathlib import Path

from crenel.cli.complaints import note, say
from crenel.cli.usage import UsageError
from crenel.editing import files as editing
from crenel.editing.values import RefusalError
from crenel.harden.policies import files
from crenel.output.hardening_report import HardeningReport
from crenel.output.words import count


def check(args: argparse.Namespace) -> None:
    """Look whether the folder may be written.

    Raises:
        UsageError: it may not.
    """
    if args.out is not None:
        try:
            files.check(Path(args.out))
        except files.TakenError as error:
            raise UsageError(f"-o {error}", error.hint) from None
        except OSError as error:
            raise UsageError(f"-o {error}", "name a folder that is not there yet") from None


def written(args: argparse.Namespace, report: HardeningReport) -> HardeningReport:
    """Write what was asked for, if every part of it is proved.

    Raises:
        UsageError: something cannot be written.
    """
    if args.out is None and not args.write:
        return report
    if not report.whole.proved:
        say("nothing was written: the proof failed")
        return report
    if args.write:
        report = _edited(report)
    return _put(args.out, report) if args.out is not None else report


def _edited(report: HardeningReport) -> HardeningReport:
    plan = report.whole.plan
    assert plan is not None
    for reason in plan.refused:
        note(f"not in the files: {reason}")
    changes = plan.files
    if plan.component:
        note("not all changes can be made in the files: the others are in the folder services of -o")
    try:
        editing.write_all(changes)
    except RefusalError as error:
        raise UsageError(f"--write: {error}") from None
    for each in changes:
        say(f"{'changed' if each.old is not None else 'written'}: {each.path}")
    return replace(report, edited=tuple(each.path for each in changes))


def _put(out: str, report: HardeningReport) -> HardeningReport:
    try:
        changed = files.put(Path(out), report.whole.files)
    except files.TakenError as error:
        raise UsageError(f"-o {error}") from None
    except OSError as error:
        raise UsageError(f"-o {out}: cannot be written: {error.strerror or error}") from None
    say(f"{count(len(changed), 'file')} written to {out}" if changed else f"{out}: nothing changes")
    return replace(report, out=out, changed=changed)

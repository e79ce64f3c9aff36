"""A live account of AWS, read only: the answers of its API that bear on the network, as the command line prints them.

Nothing but calls that describe things is made (`crenel.sources.aws_calls`), with the credentials that boto3 finds. What
may not be read is no failure of the whole: it is missing, as it would be among saved files, and a notice names the
permission. What goes wrong otherwise is one line in `Reading.problems`; `read` raises nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from crenel.provenance import Origin, Problem
from crenel.sources.aws_calls import Call, Task, waves
from crenel.sources.aws_failure import AwsError
from crenel.sources.aws_limits import Limits
from crenel.sources.document import Loose, Reading

if TYPE_CHECKING:
    from crenel.sources.aws_session import Session

_MISSING = "reading AWS needs boto3: pip install 'crenel[aws]'"
_LEFT_OUT = ("Tags", "TagSet", "tags", "ClientSecret")
"""Fields that are not kept: no rule depends on them, and what people write there may be secret."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one call: what is kept of its answer, or why there is none."""

    task: Task
    answer: Any = None
    error: AwsError | None = None


def read(regions: Sequence[str] = ("",), *, profile: str | None = None, limits: Limits | None = None) -> Reading:
    """Read some regions of an account; an empty name is the region of the environment or of the profile.

    Credentials, profiles, regions and endpoints are found as boto3 does; ``AWS_REGION`` counts too, before
    ``AWS_DEFAULT_REGION``. Every answer is in `loose`, with the origin ``aws:REGION SERVICE CALL``, and behind it the
    name of the thing that it is of where the call is made for single things. Answers have the shape that the command
    line prints, all pages together: but times are texts, there are no tags, and lists are sorted, so that the same
    account reads the same.

    Problems: an ERROR where boto3 is not installed, where there are no credentials or no region, where AWS cannot be
    reached or where a call fails; a NOTICE for each permission that is missing. Each is one line without any key or
    token. An answer of which a page is missing is not in the reading at all.
    """
    limits, reading = limits or Limits(), Reading()
    try:
        session = _session(regions, profile, limits)
    except AwsError as error:
        reading.problems.append(Problem(str(error), Origin("aws")))
        return reading
    outcomes: list[_Outcome] = []
    with ThreadPoolExecutor(limits.connections) as pool:
        for wave in waves():
            tasks = [task for call in wave for task in _tasks(call, session.regions, outcomes)]
            outcomes += pool.map(lambda task: _ask(session, task), tasks)
    for outcome in outcomes:
        if outcome.error is None:
            reading.examined += 1
            reading.loose += _documents(outcome)
    reading.problems += _problems(outcomes)
    return reading


def _session(regions: Sequence[str], profile: str | None, limits: Limits) -> Session:
    try:
        from crenel.sources.aws_session import Session  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "crenel":
            raise
        raise AwsError(_MISSING, wide=True) from None
    return Session(regions, profile, limits)


def _ask(session: Session, task: Task) -> _Outcome:
    try:
        return _Outcome(task, _ordered(_plain(session.ask(task))))
    except AwsError as error:
        return _Outcome(task, error=error)


def _tasks(call: Call, regions: Sequence[str], outcomes: Sequence[_Outcome]) -> Iterator[Task]:
    """The tasks of a call: one for each region, or one for each thing that an earlier call listed."""
    if call.after is None:
        yield from (Task(region, call) for region in regions)
        return
    for each in outcomes:
        if each.task.call == call.after:
            items = [one.get(call.item) if isinstance(one, dict) else one for one in each.answer or ()]
            yield from (Task(each.task.region, call, item) for item in items if item and call.only in item)


def _plain(value: Any) -> Any:
    """A value as JSON has it: times and whatever else it lacks are texts."""
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items() if key not in _LEFT_OUT}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _ordered(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    return sorted(value, key=lambda each: msgspec.json.encode(each, order="deterministic"))


def _documents(outcome: _Outcome) -> Iterator[Loose]:
    """The document of an answer. The names of clusters alone are none."""
    call, item = outcome.task.call, outcome.task.item
    if outcome.answer is None or call.operation.startswith("List"):
        return
    data = {} if call.names or not item else {call.argument: item}
    name = item.rpartition(":")[2]
    origin = Origin(" ".join(filter(None, (f"aws:{outcome.task.region}", call.title, name))))
    yield Loose({**data, call.key: outcome.answer}, origin, Problem("an answer of AWS that is not understood", origin))


def _problems(outcomes: Sequence[_Outcome]) -> Iterator[Problem]:
    """What could not be read, one line for each reason."""
    wide: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    single: dict[tuple[str, Call, str], list[AwsError]] = defaultdict(list)
    made: dict[tuple[str, Call], int] = defaultdict(int)
    for each in outcomes:
        region, call = each.task.region, each.task.call
        made[region, call] += 1
        if each.error is not None and each.error.wide:
            wide[region, str(each.error)][each.error.endpoint] = None
        elif each.error is not None:
            single[region, call, str(each.error)].append(each.error)
    for (region, text), endpoints in wide.items():
        places = ", ".join(filter(None, endpoints))
        yield Problem(f"{text}: {places}" if places else text, Origin(f"aws:{region}"))
    for (region, call, text), errors in single.items():
        of = f" (for {len(errors)} of {made[region, call]})" if call.after is not None else ""
        yield Problem(f"{text}{of}", Origin(f"aws:{region} {call.title}"), severity=errors[0].severity)


__all__ = ["Limits", "read"]

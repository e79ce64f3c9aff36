"""A live cluster, read only: lists of everything that bears on the network, and no Secret unless `kinds` name it.

Nothing but GET is sent. What may not be read is no failure of the whole: it is `Reading.unreadable`, and what it could
change is unknown. What goes wrong otherwise is one line in `Reading.problems`; `read` raises nothing.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crenel.provenance import Origin, Problem, Severity, Unreadable
from crenel.sources import kubeconfig as kubeconfigs
from crenel.sources.cluster_errors import ClusterError, UnreachableError
from crenel.sources.cluster_kinds import DEFAULT, Kind
from crenel.sources.cluster_limits import Limits
from crenel.sources.document import Document, Reading
from crenel.sources.kubeconfig import current_context

if TYPE_CHECKING:
    from crenel.sources.cluster_lists import Outcome, Task
    from crenel.sources.cluster_session import Session

_FORBIDDEN = "forbidden"
_NOT_READ = "the cluster was not reached"
_MISSING = "reading a live cluster needs a package that is not installed: pip install 'crenel[cluster]'"


def read(
    *,
    context: str | None = None,
    kubeconfig: str | None = None,
    namespaces: Sequence[str] | None = None,
    kinds: Sequence[Kind] = DEFAULT,
    limits: Limits | None = None,
) -> Reading:
    """Read a live cluster.

    `context` and `kubeconfig` are chosen as kubectl does when None. With `namespaces`, only these are read and no
    cluster-wide right is needed; cluster-wide kinds are read where that is allowed. Every document has `served` True
    and the origin ``context NAME``. Equal parts of two documents may be one object: do not write to them.

    Problems: an ERROR when there is no kubeconfig, no such context, no connection, no login, or when a list breaks;
    each is one line without any token or key. What could not be read for whatever reason is in `unreadable`.
    """
    limits = limits or Limits()
    namespaces = list(dict.fromkeys(namespaces or ()))
    reading = Reading()
    try:
        session = _session(context, kubeconfig, limits)
    except ClusterError as error:
        return _nothing(reading, kinds, error)
    with session, _without_garbage_collection():
        origin = Origin(f"context {session.access.context}")
        if session.access.cluster.insecure_skip_tls_verify:
            message = "the server's certificate is not checked (insecure-skip-tls-verify)"
            reading.problems.append(Problem(message, origin, severity=Severity.NOTICE))
        try:
            outcomes = list(_lists(session, kinds, namespaces))
        except ClusterError as error:
            return _nothing(reading, kinds, error)
    for outcome in outcomes:
        _add(reading, outcome, origin)
    reading.problems += _summary(outcomes, namespaces, origin)
    return reading


def server_version(*, context: str | None = None, kubeconfig: str | None = None, limits: Limits | None = None) -> str:
    """The version of a cluster's API server, such as ``v1.36.2``.

    Raises:
        ClusterError: it cannot be asked, in one line.

    """
    import msgspec  # noqa: PLC0415

    with _session(context, kubeconfig, limits or Limits()) as session:
        try:
            return msgspec.json.decode(session.get("/version"), type=dict[str, str])["gitVersion"]
        except (msgspec.DecodeError, KeyError, UnicodeDecodeError):
            raise session.nonsense("/version") from None


def _session(context: str | None, kubeconfig: str | None, limits: Limits) -> Session:
    try:
        from crenel.sources.cluster_session import Session  # noqa: PLC0415 - needs the extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "crenel":
            raise
        raise ClusterError(_MISSING) from None
    return Session(kubeconfigs.find(context, kubeconfig), limits)


def _lists(session: Session, kinds: Sequence[Kind], namespaces: Sequence[str]) -> Iterator[Outcome]:
    """Read everything, several lists at a time, in the order of the table."""
    from crenel.sources import cluster_lists  # noqa: PLC0415 - needs the extra
    from crenel.sources.cluster_discovery import discover  # noqa: PLC0415

    tasks: list[Task] = []
    for source in discover(session, kinds):
        narrowed = source.kind.namespaced and not source.kind.names
        tasks += [
            cluster_lists.Task(source, each) for each in (dict.fromkeys(namespaces or ()) if narrowed else ()) or [None]
        ]

    def one(task: Task) -> Outcome:
        if task.source.problem:
            return cluster_lists.Outcome(task, error=ClusterError(task.source.problem))
        outcome = cluster_lists.read(session, task)
        if outcome.forbidden and namespaces and task.kind.resource == "namespaces":
            return cluster_lists.read_names(session, task, iter(namespaces))
        return outcome

    with ThreadPoolExecutor(session.limits.connections) as pool:
        yield from pool.map(one, tasks)


def _add(reading: Reading, outcome: Outcome, origin: Origin) -> None:
    """Add what one list brought, or that it could not be read."""
    if outcome.error is None or outcome.objects:
        reading.examined += 1
        reading.documents += [Document(each, origin, served=True) for each in outcome.objects]
    if outcome.error is not None:
        kind = outcome.task.kind
        reason = _FORBIDDEN if outcome.forbidden else _reason(outcome.error)
        places: list[str | None] = [*dict.fromkeys(name.partition("/")[0] for name in kind.names)]
        places = places or [outcome.task.namespace]
        reading.unreadable += [Unreadable(kind.group, kind.kind, place, reason) for place in places]


def _nothing(reading: Reading, kinds: Sequence[Kind], error: ClusterError) -> Reading:
    """Say why nothing at all was read; every kind is then unreadable, so that no answer passes for a sure one."""
    reading.problems.append(Problem(str(error)))
    reading.unreadable += [Unreadable(each.group, each.kind, None, _NOT_READ) for each in kinds]
    return reading


def _reason(error: ClusterError) -> str:
    return _NOT_READ if isinstance(error, UnreachableError) else str(error)


def _summary(outcomes: Sequence[Outcome], namespaces: Sequence[str], origin: Origin) -> Iterator[Problem]:
    """What the reader has to know about the lists as a whole, one line for each thing."""
    errors = {str(each.error): each.error for each in outcomes if each.error and not each.forbidden}
    for message, error in errors.items():
        yield Problem(message if isinstance(error, UnreachableError) else f"{message}; what it could change is unknown")
    yield from _forbidden(outcomes, namespaces, origin)
    for each in outcomes:
        if each.moved:
            message = f"the list of {_title(each.task.kind)} expired twice: its parts are of different moments"
            yield Problem(message, origin, severity=Severity.NOTICE)
    if namespaces:
        yield from _narrowed(outcomes, namespaces, origin)


def _forbidden(outcomes: Sequence[Outcome], namespaces: Sequence[str], origin: Origin) -> Iterator[Problem]:
    by_place: dict[str | None, list[Kind]] = defaultdict(list)
    for each in outcomes:
        if each.forbidden:
            by_place[each.task.namespace].append(each.task.kind)
    for place, kinds in by_place.items():
        where = f"in namespace {place}" if place else "in the whole cluster"
        names = _enumeration([_title(each) for each in sorted(kinds, key=_weight)])
        message = f"forbidden {where}: {names}; what they could change is unknown"
        if not namespaces and any(kind.namespaced for kind in kinds):
            message += "; name the namespaces that you may read with -n, or have deploy/rbac-readonly.yaml applied"
        yield Problem(message, origin, severity=Severity.NOTICE)


def _narrowed(outcomes: Sequence[Outcome], namespaces: Sequence[str], origin: Origin) -> Iterator[Problem]:
    """Say that only some namespaces were read, and which of them are not there."""
    message = f"only these namespaces were read: {', '.join(namespaces)}"
    yield Problem(message, origin, severity=Severity.NOTICE)
    for each in outcomes:
        if each.task.kind.resource == "namespaces" and each.error is None:
            there = {item["metadata"].get("name") for item in each.objects}
            for name in namespaces:
                if name not in there:
                    yield Problem(f"there is no namespace {name!r}", origin, severity=Severity.WARNING)


def _weight(kind: Kind) -> bool:
    """Policies come first: they are what turns an answer."""
    return "polic" not in kind.resource


def _enumeration(names: Sequence[str]) -> str:
    """Names in a line of text, shortened where they are many."""
    shown = 6
    more = f" and {len(names) - shown} other kinds" if len(names) > shown + 1 else ""
    return ", ".join(names[:shown] if more else names) + more


def _title(kind: Kind) -> str:
    return f"{kind.resource}.{kind.group}" if kind.group else kind.resource


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Keep the collector still while millions of objects are made, none of them garbage: it would double the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


__all__ = ["ClusterError", "Limits", "current_context", "read", "server_version"]

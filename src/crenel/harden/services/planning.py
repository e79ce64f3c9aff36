"""Plans changes: finds them, asks what may be made, proves them together, and writes them down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from crenel.harden import tls
from crenel.harden.services import balancers, nodeports
from crenel.harden.services.aside import Aside
from crenel.harden.services.clients import Coming
from crenel.harden.services.components import component
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, Plan, Wishes, Withheld
from crenel.harden.services.proving import Proved, prove
from crenel.harden.services.rewriting import differing, in_files, is_in_files, rewritten
from crenel.library import Network

_ROUNDS = 4


def changes(network: Network, wishes: Wishes) -> list[Change]:
    """All changes that keep their promises: those that may be made, then those that wait to be confirmed."""
    return plan(network, wishes).changes


def plan(network: Network, wishes: Wishes) -> Plan:
    """What is to be done, proved and written down; nothing is changed.

    What changes make possible, such as a header that only goes with TLS, is found in a further round.
    """
    context = Context(network, wishes)
    proved, last, waiting = Proved((), (), context), context, list[Change]()
    for _ in range(_ROUNDS):
        last = Context(proved.after.network, wishes) if proved.changes else context
        known = {each.id for each in proved.changes}
        found = [each for each in candidates(last) if each.id not in known and _is_of(network, each)]
        waiting = [each for each in found if not wishes.confirms(each)]
        further = prove(context, [each for each in found if wishes.confirms(each)], proved)
        if len(further.changes) == len(proved.changes):
            proved = further
            break
        proved = further
    later = _alone(context, waiting, proved)
    return _written(network, proved, later, last)


def _alone(context: Context, waiting: Sequence[Change], proved: Proved) -> Proved:
    """Those that wait, each of which may be confirmed without the others."""
    made = len(proved.changes)
    together = prove(context, waiting, replace(proved, withheld=()))
    changes, withheld = [*together.changes[made:]], list[Withheld]()
    for each in together.withheld:
        alone = prove(context, [each.change], replace(proved, withheld=()))
        changes += alone.changes[made:]
        withheld += alone.withheld
    order = {each.id: place for place, each in enumerate(waiting)}
    return Proved(tuple(sorted(changes, key=lambda each: order[each.id])), tuple(withheld), together.after)


def _is_of(network: Network, change: Change) -> bool:
    """Whether all that a change edits is in the input, rather than made by another one."""
    places = {(each.origin.source, each.origin.document, each.origin.item) for each in network.documents}
    return all(thing.place in places for thing, _ in change.touched)


def _written(network: Network, proved: Proved, later: Proved, last: Context) -> Plan:
    outcome, after = in_files(network, proved.changes)
    wrong = set(differing(network, proved.changes, after))
    unlike = [each for each in proved.changes if each.thing.title in wrong]
    made = tuple(each for each in proved.changes if each not in unlike)
    if unlike:
        outcome, after = in_files(network, made)
    withheld = (
        *last.withheld, *proved.withheld, *later.withheld,
        *(Withheld(each, "its text would not say what is meant") for each in unlike),
    )  # fmt: skip
    return Plan(
        made, later.changes, withheld, tuple(dict.fromkeys(last.stays)),
        tuple(outcome.changes), tuple(dict.fromkeys(outcome.refused)), component(network, made), after,
    )  # fmt: skip


def in_place(network: Network, found: Plan) -> Plan:
    """A plan whose files are written: they get the changes that they can say as a whole, the Component the others."""
    whole = [each for each in found.made if is_in_files(network, each)]
    rest = [each for each in found.made if each not in whole]
    if not rest:
        return replace(found, component={})
    outcome, after = in_files(network, whole)
    left = component(after, rest)
    return replace(found, files=tuple(outcome.changes), component=left, after=rewritten(after, rest))


def candidates(context: Context) -> Iterator[Change]:
    """All changes that may be wanted; those against what the user has set aside are to be confirmed."""
    aside = Aside(context)
    yield from map(aside.waiting, _candidates(context))


def _candidates(context: Context) -> Iterator[Change]:
    if context.wishes.services:
        coming = Coming(context)
        yield from balancers.changes(context, coming)
        yield from nodeports.changes(context, coming)
    if context.wishes.tls:
        yield from tls.changes(context)

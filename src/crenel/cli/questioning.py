"""One question to a network, as people write it."""

from collections.abc import Sequence

from crenel.cli.inputs import resting
from crenel.library import Network
from crenel.network.addresses import parse_network
from crenel.output.reports import Context, VerdictReport
from crenel.questions.verdict import Outcome


def ask(
    net: Network, source: str, target: str, traffic: str | None, namespaces: Sequence[str], *, alone: bool = True
) -> VerdictReport:
    """Answer a question. With a single namespace in `namespaces`, names without one are in it.

    One that is asked `alone` is answered with the smallest change that would allow what is denied, and all notices.

    Raises:
        PlaceError: an end cannot be found, or the traffic cannot be read.
    """
    if len(namespaces) == 1:
        source, target = (qualified(text, namespaces[0]) for text in (source, target))
    verdict = net.can(source, target, traffic)
    change = net.remedy(source, target, traffic) if alone and verdict.outcome is Outcome.DENIED else None
    said = resting(net) if alone else Context(net.warning)
    return VerdictReport(verdict, said, change, bool(net.model.scope.surroundings.pod_ranges))


def qualified(text: str, namespace: str) -> str:
    """Put a bare name, with or without a port, into a namespace; anything else stays what it is."""
    name = text.partition(":")[0]
    if not name or "/" in name or name in ("internet", "dns") or text.startswith("[") or text.count(":") > 1:
        return text
    try:
        parse_network(name)
    except ValueError:
        return f"{namespace}/{text}"
    return text

"""May the internet reach one target: the paths that lead to it, as a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.kubernetes.objects.services import Service
from crenel.network.network import Network
from crenel.network.rules import Direction
from crenel.network.traffic import Match, protocol_name
from crenel.questions.can import as_asked
from crenel.questions.exposure.paths import Layer, Path, State
from crenel.questions.exposure.report import Exposure
from crenel.questions.exposure.targets import INTERNET
from crenel.questions.places import Place
from crenel.questions.verdict import Decision, Outcome, Step, Traffic, Verdict, Witness

NO_WAY = (
    "nothing leads to it from outside: no load balancer, node port, host port, external address, public address or "
    "host network"
)
_OUTCOMES = {State.OPEN: Outcome.ALLOWED, State.POSSIBLE: Outcome.UNKNOWN, State.CLOSED: Outcome.DENIED}
_DECISIONS = {State.OPEN: Decision.ALLOW, State.POSSIBLE: Decision.POSSIBLE, State.CLOSED: Decision.DENY}


def verdict(report: Exposure, place: Place, asked: tuple[Match, ...] | None, network: Network) -> Verdict:
    """Judge the paths that lead to a place.

    It is allowed where somebody outside surely gets through on each port that was asked for, or where none was asked
    for on any; denied where all paths are closed or none leads there. The trace is that of the best path.
    """
    paths = leading(report, place, asked, network)
    return judged(paths, place.text, as_asked(asked) if asked is not None else (), (), (NO_WAY,))


def leading(report: Exposure, place: Place, asked: tuple[Match, ...] | None, network: Network) -> list[Path]:
    """The paths that lead to a place, on a port that was asked for."""
    return [path for path in report.paths if _leads_to(path, place) and _on(path, asked, place, network)]


def judged(
    paths: Sequence[Path], target: str, traffic: Traffic, notes: Iterable[str], nothing: tuple[str, ...]
) -> Verdict:
    """The verdict on some paths; `nothing` says why there are none, where that is so.

    It is not known where one of those reasons is not.
    """
    if not paths:
        outcome = Outcome.UNKNOWN if any(text.startswith("unknown") for text in nothing) else Outcome.DENIED
        return Verdict(INTERNET, target, traffic, outcome, reasons=nothing, notes=tuple(notes))
    best = max(paths, key=lambda path: (-list(State).index(path.state), -len(path.blocking)))
    outcome = _OUTCOMES[best.state]
    return Verdict(
        source=INTERNET,
        destination=target,
        traffic=traffic,
        outcome=outcome,
        passing=_traffic(path for path in paths if path.state is State.OPEN),
        uncertain=_traffic(path for path in paths if path.state is State.POSSIBLE),
        enforced=None,
        trace=tuple(_steps(best)),
        reasons=tuple(_reasons(best)),
        witness=_witnesses(paths),
        notes=(*notes, *_notes(paths, best)),
    )


def _leads_to(path: Path, place: Place) -> bool:
    if place.service is not None:
        return _port_of(path, place.service) is not None
    return path.endpoint is not None and path.endpoint in place.members


def _port_of(path: Path, service: Service) -> int | None:
    """The port by which a path goes through a Service, in front of a proxy or behind it; None where it does not."""
    place, first = (service.namespace, service.name), path.entry.service
    if path.behind is not None and path.behind[:2] == place:
        return path.behind[2]
    return path.port if first is not None and (first.namespace, first.name) == place else None


def _on(path: Path, asked: tuple[Match, ...] | None, place: Place, network: Network) -> bool:
    """Whether a path is on a port that was asked for: of the Service where one was named, else of the pod."""
    if asked is None:
        return True
    port = path.target_port if place.service is None else _port_of(path, place.service) or path.port
    endpoint = network.endpoints.get(path.endpoint) if path.endpoint is not None else None
    for match in asked:
        meant = (match,) if match.name is None or endpoint is None else endpoint.named(match)
        if any(_covers(each, path.protocol, port) for each in meant):
            return True
    return False


def _covers(match: Match, protocol: int, port: int) -> bool:
    return match.protocol in (None, protocol) and (match.ports is None or match.ports[0] <= port <= match.ports[1])


def _traffic(paths: Iterable[Path]) -> Traffic:
    """The ports of the pods that some paths lead to."""
    found: dict[str, set[int]] = {}
    for path in paths:
        found.setdefault(protocol_name(path.protocol), set()).add(path.target_port)
    return tuple((name, ",".join(map(str, sorted(ports)))) for name, ports in found.items())


def _steps(path: Path) -> Iterator[Step]:
    """Every layer of a path, by the rules that decide in it; by its own words where there are none."""
    for layer in path.layers:
        steps = [step for step in layer.explain() if step.decision is not Decision.NONE]
        yield from steps or [_step(layer)]


def _step(layer: Layer) -> Step:
    return Step(layer.name, Direction.INGRESS, _DECISIONS[layer.state], layer.says)


def _reasons(path: Path) -> Iterator[str]:
    if path.state is State.OPEN:
        yield f"through {_way(path)}, as {path.seen_as}"
    elif path.state is State.POSSIBLE:
        yield from (f"unknown: {text}" for text in path.lacking)
    for layer in path.blocking:
        rules = [str(step) for step in layer.explain() if step.decision is Decision.DENY]
        yield f"{layer.name} at {layer.where}: {'; '.join(rules) or layer.says}"
    if path.state is State.CLOSED and not path.blocking:
        yield "each layer lets somebody through, but nobody gets through all of them"


def _way(path: Path) -> str:
    stations = "".join(f", {each}" for each in path.through)
    port = f":{path.port}" if path.port else ""
    return f"{path.entry.kind.value} {path.entry.title}{port}{stations}"


def _witnesses(paths: Sequence[Path]) -> tuple[Witness, ...]:
    found: dict[int, Witness] = {}
    for path in paths:
        if path.witness is not None:
            found.setdefault(path.family, path.witness)
    return tuple(found.values())


def _notes(paths: Sequence[Path], best: Path) -> Iterator[str]:
    """The other paths, in a line each."""
    for path in paths:
        if path is not best:
            yield f"IPv{path.family} through {_way(path)}: {path.state.value}"

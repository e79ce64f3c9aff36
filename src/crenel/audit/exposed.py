"""Paths from outside as checks speak of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from crenel.audit.finding import Witness
from crenel.questions.exposure.paths import Path, State

_ORDER = {State.OPEN: 0, State.POSSIBLE: 1, State.CLOSED: 2}


def widest(paths: Iterable[Path]) -> Path | None:
    """The path that lets through most surely, the first of several; None for none."""
    return min(paths, key=lambda path: _ORDER[path.state], default=None)


def witness(path: Path | None) -> Witness | None:
    """One packet that gets through, or may; None where nothing does."""
    if path is None or path.state is State.CLOSED:
        return None
    if path.witness is not None:
        return Witness(path.witness.source, path.target, f"{path.witness.protocol}/{path.target_port}")
    source = path.possible.first(path.family)
    text = path.possible.cidrs()[0].partition("/")[0] if source is not None else "any address outside"
    return Witness(text, path.target, f"port {path.target_port}", "possible")


def reasons(path: Path | None) -> Sequence[str]:
    """What each layer of a path says, in order."""
    return [f"{layer.name} ({layer.state.value}): {layer.says}" for layer in path.layers] if path is not None else []


def way(path: Path) -> str:
    """The way in, in words: ``load balancer service shop/web:80``."""
    through = f" for {path.request}" if path.request else ""
    return f"{path.entry.kind.value} {path.entry.title}:{path.entry.port_text}{through}"

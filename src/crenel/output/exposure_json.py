"""What outside can reach, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.network.traffic import protocol_name
from crenel.output import schema
from crenel.output.reports import Context
from crenel.questions.exposure.closing import Setting
from crenel.questions.exposure.paths import Layer, Path, State
from crenel.questions.exposure.report import Exposure


def render(report: Exposure, wanted: Sequence[State], context: Context) -> bytes:
    """Write the paths in some states, with every layer."""
    pairs = zip(report.paths, report.closings, strict=True)
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "exposure",
            "paths": [path_shape(path, closing) for path, closing in pairs if path.state in wanted],
            "summary": {state.value: report.count(state) for state in State},
            "assumptions": list(report.assumptions),
            "notices": schema.notices(context),
        }
    )


def path_shape(path: Path, closing: Setting | None) -> dict[str, Any]:
    """One path."""
    file, line = schema.place(path.entry.origin, path.entry.origin.line(path.entry.field))
    return {
        "state": path.state.value,
        "entry": path.entry.kind.value,
        "opened_by": path.entry.title,
        "file": file,
        "line": line,
        "address": path.entry.address or None,
        "family": f"IPv{path.family}",
        "protocol": protocol_name(path.protocol),
        "port": path.port or None,
        "request": path.request or None,
        "through": list(path.through),
        "destination": path.target,
        "destination_port": path.target_port,
        "seen_as": path.seen_as,
        "sources": path.sources.cidrs(),
        "possible_sources": (path.possible - path.sources).cidrs(),
        "layers": [_layer(layer) for layer in path.layers],
        "tls": [{"source": leg.source, "target": leg.target, "tls": leg.tls} for leg in path.tls],
        "witness": path.witness,
        "lacks": list(path.lacking),
        "close": None if closing is None else _closing(closing),
    }


def _layer(layer: Layer) -> dict[str, Any]:
    rules = []
    for step in layer.explain():
        file, line = schema.place(step.origin, step.line)
        rules.append({"rule": step.rule, "decision": step.decision.value, "file": file, "line": line})
    return {
        "layer": layer.name,
        "where": layer.where,
        "state": layer.state.value,
        "says": layer.says,
        "lacks": layer.lacks or None,
        "rules": rules,
    }


def _closing(closing: Setting) -> dict[str, Any]:
    file, line = schema.place(closing.origin, closing.origin.line(closing.field_path))
    return {"change": closing.what, "also_closes": closing.also, "file": file, "line": line}

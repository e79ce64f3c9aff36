"""Objects that were written for cert-manager, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crenel.certificates.certmanager.writing import Written
from crenel.output import schema
from crenel.output.reports import Context
from crenel.output.words import clean


def render(objects: Sequence[Written], context: Context) -> bytes:
    """Write all of them, each with its YAML."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "written",
            "objects": list(map(_object, objects)),
            "notices": schema.notices(context),
        }
    )


def _object(written: Written) -> dict[str, Any]:
    need = written.need
    return {
        "kind": written.kind,
        "namespace": written.namespace or None,
        "name": written.name,
        "secret": need.secret[1] if need is not None else None,
        "hosts": list(written.hosts),
        "users": [clean(each) for each in need.users] if need is not None else [],
        "why": need.why if need is not None else None,
        "yaml": written.text,
    }

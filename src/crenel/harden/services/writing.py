"""Objects that are written: as a value and as YAML, with comments that say why they are there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import yaml

from crenel.harden.services.model import NewObject, Thing
from crenel.provenance import NOWHERE


def made(data: dict[str, Any], why: Sequence[str]) -> NewObject:
    """An object. Nothing in `why` can break its line."""
    metadata = data["metadata"]
    thing = Thing(data["apiVersion"], data["kind"], metadata.get("namespace", ""), metadata["name"], NOWHERE)
    comments = ["# " + "".join(each if each.isprintable() else " " for each in line) + "\n" for line in why]
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=False, width=1 << 16)
    return NewObject(thing, data, "".join([*comments, text]))

"""What all forms have in common: names of what is made, and JSON as it is written."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

_SHOWN = 4
TERRAFORM = {"required_version": ">= 1.1"}


def named(name: str) -> str:
    """The name of something that is made, so that it is known whose it is."""
    return f"crenel-{name}"


def document(data: Any) -> str:
    """A document as the text of a file."""
    return f"{json.dumps(data, indent=2)}\n"


def shown(names: Iterable[str]) -> str:
    """Some names, the first few of them where they are many."""
    listed = list(names)
    return ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")

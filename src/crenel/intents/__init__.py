"""Declared intents: what people say of an application in ``crenel.yaml``, as statements that can be asked about.

``docs/concepts/intents.md`` describes the format, `docs/decisions/025` why it is as it is.
"""

from __future__ import annotations

from crenel.intents.model import (
    Allow,
    Client,
    Deny,
    End,
    Exemption,
    Intents,
    Isolated,
    Legs,
    Only,
    Selection,
    Statement,
    Tls,
    Way,
)
from crenel.intents.reading import SCHEMA, read, recognises

__all__ = [
    "SCHEMA",
    "Allow",
    "Client",
    "Deny",
    "End",
    "Exemption",
    "Intents",
    "Isolated",
    "Legs",
    "Only",
    "Selection",
    "Statement",
    "Tls",
    "Way",
    "read",
    "recognises",
]

"""Statements about small clusters."""

from __future__ import annotations

from typing import Any

import crenel
from crenel import intents
from crenel.provenance import Origin
from crenel.questions.proving.result import Proof, Result
from questions.cluster import Object


def proof(objects: list[Object], *statements: Any, **load: Any) -> Proof:
    """All results."""
    declared = intents.read([({"schema": intents.SCHEMA, "intents": list(statements)}, Origin("crenel.yaml"))])
    assert not declared.problems, declared.problems
    return crenel.load(objects, **load).prove(declared)


def result(objects: list[Object], statement: Any, **load: Any) -> Result:
    """The result of one statement."""
    (found,) = proof(objects, statement, **load).results
    return found


def allow(source: Any, target: Any) -> Any:
    """A statement."""
    return {"allow": {"from": source, "to": target}}


def deny(source: Any, target: Any) -> Any:
    """A statement."""
    return {"deny": {"from": source, "to": target}}


def only(source: Any, target: Any) -> Any:
    """A statement."""
    return {"only": {"from": source, "to": target}}

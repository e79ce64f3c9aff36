"""The conformance data: where it lies, and its cases as flat questions."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

FILES = ("e2e", "e2e_ipv6", "npapi", "npapi_ipv6", "spec")
OUTCOMES = {".": "allowed", "X": "denied", "allow": "allowed", "deny": "denied"}


class Question(NamedTuple):
    """One expected verdict. `address` is what the suite probed, `name` the DNS name it was asked by."""

    source: str
    destination: str
    protocol: str
    port: int
    outcome: str
    address: str | None = None
    name: str | None = None
    via_service: bool = False


@dataclass(frozen=True)
class Step:
    """A cluster, the policies in force and what is expected."""

    cluster: dict[str, Any]
    policies: list[dict[str, Any]]
    questions: list[Question]


@dataclass(frozen=True)
class Case:
    """A case of one file, in order of its steps."""

    id: str
    steps: list[Step]


def folder() -> Path | None:
    """The folder of the data: below CRENEL_SHARED, or in `shared` beside the checkout; None where it is absent."""
    checkout = Path(__file__).resolve().parents[2]
    shared = Path(os.environ.get("CRENEL_SHARED") or checkout.parent / "shared")
    return found if (found := shared / "conformance").is_dir() else None


ABSENT = "the conformance data is absent: set CRENEL_SHARED to the folder that holds `conformance`"
needs_data = pytest.mark.skipif(folder() is None, reason=ABSENT)


@cache
def document(name: str) -> dict[str, Any]:
    """One file of the data as it is."""
    home = folder()
    if home is None:
        pytest.skip(ABSENT)
    parsed: dict[str, Any] = json.loads((home / f"{name}.json").read_text())
    return parsed


def ids() -> list[Any]:
    """(file, case id) of every case, as pytest parameters; empty where the data is absent."""
    if folder() is None:
        return []
    return [
        pytest.param(name, case["id"], id=f"{name}:{case['id']}") for name in FILES for case in document(name)["cases"]
    ]


def case(name: str, identifier: str) -> Case:
    """One case."""
    parsed = document(name)
    (found,) = [each for each in parsed["cases"] if each["id"] == identifier]
    return Case(identifier, [_step(parsed["clusters"], step) for step in found["steps"]])


def _step(clusters: dict[str, Any], step: dict[str, Any]) -> Step:
    expected = step["expected"]
    questions = [each for table in expected.get("tables", []) for each in _cells(table)]
    questions += [_check(each) for each in expected.get("checks", [])]
    return Step(clusters[step["cluster"]], step["policies"], questions)


def _cells(table: dict[str, Any]) -> Iterator[Question]:
    for source, row in zip(table["froms"], table["combined"], strict=True):
        for destination, cell in zip(table["tos"], row, strict=True):
            if cell != "?":
                yield Question(source, destination, table["protocol"], table["port"], OUTCOMES[cell])


def _check(check: dict[str, Any]) -> Question:
    return Question(
        check["src"],
        check["dst"],
        check["protocol"],
        check["port"],
        OUTCOMES[check["verdict"]],
        check.get("dst_ip"),
        check.get("fqdn"),
        check.get("via") == "service-ip",
    )

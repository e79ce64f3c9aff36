"""Plans for small texts."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit.pieces import deployment, service
from crenel.flows.observed import Observed
from crenel.harden.services import Change, Plan, Wishes, plan
from crenel.loading import load, load_intents

FIRST, LAST = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
ADMIN = deployment("admin")
INTERNET_FOR_WEB = "allow: {from: internet, to: 'shop/web:8080'}"


def node(provider: str = "") -> str:
    """A Node of a cloud, whose pods have addresses in 10.244.0.0/24."""
    return f"""apiVersion: v1
kind: Node
metadata: {{name: n1}}
spec: {{podCIDRs: [10.244.0.0/24], providerID: "{provider}"}}
status: {{addresses: [{{type: InternalIP, address: 10.0.1.10}}]}}
---
"""


AZURE = node("azure:///subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/n1")
BALANCED = ADMIN + service("admin", "type: LoadBalancer, ports: [{port: 443, targetPort: 8080}]")
"""Pods with a load balancer in front of them that is open to the world."""


def planned(folder: Path, text: str, *intents: str, **wishes: Any) -> Plan:
    """The plan for a file, by some intents in flow style."""
    (folder / "app.yaml").write_text(text)
    if intents:
        (folder / "crenel.txt").write_text(
            "schema: crenel/intents/v1\nintents:\n" + "".join(f"- {{{each}}}\n" for each in intents)
        )
        wishes["intents"] = load_intents(folder / "crenel.txt")
        assert not wishes["intents"].problems
    return plan(load(folder / "app.yaml"), Wishes(**wishes))


def seen(source: str, target: str, port: int, **more: Any) -> Observed:
    """A connection that was seen again and again for a month."""
    return Observed(source, target, 6, port, 9, None, FIRST, LAST, **more)


def ids(changes: tuple[Change, ...] | list[Change]) -> list[str]:
    """What changes are confirmed by."""
    return [each.id for each in changes]


def added(plan: Plan) -> list[str]:
    """The lines that come into files that are there, without their indent."""
    return _lines(plan, "+")


def removed(plan: Plan) -> list[str]:
    """The lines that go."""
    return _lines(plan, "-")


def _lines(plan: Plan, sign: str) -> list[str]:
    text = "".join(each.diff() for each in plan.files if each.old is not None)
    return [line[1:].strip() for line in text.splitlines() if line.startswith(sign) and not line.startswith(sign * 3)]

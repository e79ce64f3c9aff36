"""The shapes of docs/json.md, strictly: a field that is not documented does not decode."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A shape that takes nothing but its fields."""


class Ports(Strict):
    protocol: str
    ports: str


class Group(Strict):
    group: list[str]
    excluded: list[str] | UnsetType = msgspec.field(default=UNSET, name="except")


class Connection(Strict, kw_only=True):
    source: str | Group
    destination: str | Group
    traffic: list[Ports]
    certainty: Literal["sure", "possible"]
    conditions: list[str]
    family: Literal["IPv4", "IPv6"] | UnsetType = UNSET
    extent: Literal["all", "some"] | UnsetType = UNSET
    implied: Literal[True] | UnsetType = UNSET


class Notice(Strict):
    severity: Literal["error", "warning", "notice"]
    message: str
    object: str | None
    file: str | None
    line: int | None
    field: str | None


class Enforcement(Strict):
    cni: str | None
    evidence: list[str]
    enforced: dict[str, bool | None]


class Map(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["map"]
    by: Literal["workload", "namespace"]
    workloads: list[str]
    connections: list[Connection]
    enforcement: Enforcement
    notices: list[Notice]


class Step(Strict):
    stage: str
    direction: Literal["egress", "ingress"]
    decision: Literal["allow", "deny", "pass", "none", "possible"]
    rule: str
    policy: str | None
    file: str | None
    line: int | None
    decisive: bool


class Witness(Strict):
    family: Literal[4, 6]
    source: str
    destination: str
    protocol: str
    port: int | None


class Edit(Strict):
    title: str
    action: str
    file: str | None
    line: int | None
    yaml: str | None


class Remedy(Strict):
    edits: list[Edit]
    extra: list[str]


class Verdict(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["verdict"]
    source: str
    destination: str
    traffic: list[Ports]
    outcome: Literal["allowed", "denied", "partial", "unknown"]
    allowed: bool
    passing: list[Ports]
    uncertain: list[Ports]
    enforced: bool | None
    trace: list[Step]
    reasons: list[str]
    witness: list[Witness]
    conditions: list[str]
    notes: list[str]
    change: Remedy | None
    notices: list[Notice]


class Error(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["error"]
    error: str
    line: int


class Change(Connection, kw_only=True):
    before: Literal["none", "possible", "sure"]
    after: Literal["none", "possible", "sure"]
    causes: list[str]


class Cause(Strict):
    title: str
    change: Literal["added", "removed", "changed"]
    file: str | None
    line: int | None


class Difference(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["difference"]
    added: list[Change]
    removed: list[Change]
    causes: list[Cause]
    notices: list[Notice]


class Probe(Strict):
    route: str
    source: str
    destination: str
    address: str
    protocol: Literal["TCP", "UDP", "SCTP", "ICMP", "ICMPv6"]
    port: int
    family: Literal["IPv4", "IPv6"]
    model: Literal["allowed", "denied"]
    kernel: Literal["allowed", "denied", "lost"]
    policy: str | None
    policies: list[str]
    backend: str | UnsetType = UNSET
    why: str | UnsetType = UNSET
    model_trace: list[str] | UnsetType = UNSET
    kernel_trace: list[str] | UnsetType = UNSET


class Summary(Strict):
    probes: int
    allowed: int
    denied: int
    lost: int
    disagreements: int
    undecided: int
    unprobed: list[str]
    seconds: float
    policies: dict[str, int]


class Lab(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["lab"]
    probes: list[Probe]
    summary: Summary
    notices: list[Notice]


class RuleMet(Strict):
    rule: str
    decision: Literal["allow", "deny", "pass", "none", "possible"]
    file: str | None
    line: int | None


class Layer(Strict):
    layer: str
    where: str
    state: Literal["open", "possible", "closed"]
    says: str
    lacks: str | None
    rules: list[RuleMet]


class Leg(Strict):
    source: str
    target: str
    tls: Literal["none", "terminate", "passthrough", "tls", "unknown"]


class Closing(Strict):
    change: str
    also_closes: int
    file: str | None
    line: int | None


class Path(Strict):
    state: Literal["open", "possible", "closed"]
    entry: str
    opened_by: str
    file: str | None
    line: int | None
    address: str | None
    family: Literal["IPv4", "IPv6"]
    protocol: str
    port: int | None
    request: str | None
    through: list[str]
    destination: str
    destination_port: int
    seen_as: str
    sources: list[str]
    possible_sources: list[str]
    layers: list[Layer]
    tls: list[Leg]
    witness: Witness | None
    lacks: list[str]
    close: Closing | None


class Exposure(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["exposure"]
    paths: list[Path]
    summary: dict[str, int]
    assumptions: list[str]
    notices: list[Notice]


class Outlet(Strict):
    workload: str
    to: Literal["internet", "metadata", "other networks", "name"]
    name: str | None
    family: Literal["IPv4", "IPv6"]
    state: Literal["open", "possible", "closed"]
    traffic: list[Ports]
    possible: list[Ports]
    addresses: list[str]
    lacks: list[str]


class Outlets(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["outlets"]
    outlets: list[Outlet]
    assumptions: list[str]
    notices: list[Notice]


class Standing(Strict):
    source: str
    destination: str
    traffic: str | None
    certainty: Literal["sure", "possible"]


class Finding(Strict):
    check: str
    title: str
    severity: Literal["low", "medium", "high", "critical"]
    persona: Literal["default", "pedantic", "auditor"]
    object: str
    namespace: str | None
    file: str | None
    line: int | None
    field: str | None
    message: str
    witness: Standing | None
    evidence: list[str]
    fix: str | None
    fixable: bool


class Aside(Strict):
    by: Literal["comment", "configuration", "baseline"]
    reason: str
    until: str | None
    finding: Finding


class Examined(Strict):
    counts: dict[str, int]
    sources: list[str]


class Audit(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["audit"]
    findings: list[Finding]
    aside: list[Aside]
    summary: dict[str, int]
    checks: list[str]
    examined: Examined
    assumptions: list[str]
    notices: list[Notice]


class Control(Strict):
    standard: str
    control: str
    mapping: Literal["own", "ours"]


class Check(Strict):
    check: str
    title: str
    pillar: str
    severity: Literal["low", "medium", "high", "critical"]
    persona: Literal["default", "pedantic", "auditor"]
    summary: str
    settings: dict[str, int | str | bool | list[str]]
    standards: list[Control]


class Checks(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["checks"]
    standards: dict[str, str]
    mappings: str
    checks: list[Check]


SHAPES: tuple[type[Strict], ...] = (
    Ports, Group, Connection, Notice, Enforcement, Map, Step, Witness, Edit, Remedy, Verdict, Error, Change, Cause,
    Difference, Probe, Summary, Lab, RuleMet, Layer, Leg, Closing, Path, Exposure, Outlet, Outlets, Standing, Finding,
    Aside, Examined, Audit, Control, Check, Checks,
)  # fmt: skip

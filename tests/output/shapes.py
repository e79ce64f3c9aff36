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


class Against(Strict, kw_only=True):
    source: str
    target: str
    traffic: str
    family: Literal["IPv4", "IPv6"] | None
    outcome: Literal["allowed", "denied", "unknown"]
    trace: list[Step]
    conditions: list[str]
    note: str | None


class Objecting(Strict, kw_only=True):
    source: str | Group
    destination: str | Group
    traffic: list[Ports]
    certainty: Literal["sure", "possible", "none"]
    conditions: list[str]
    family: Literal["IPv4", "IPv6"] | UnsetType = UNSET


class Mending(Remedy):
    closes: bool
    breaks: list[str]
    whole: bool


class Proved(Strict):
    name: str
    verb: Literal["allow", "deny", "only", "isolated", "tls"]
    reason: str | None
    file: str | None
    line: int | None
    state: Literal["holds", "violated", "unknown", "nothing", "unreadable"]
    says: str
    examined: int
    counterexample: Against | None
    connections: list[Objecting]
    change: Mending | None
    advice: str | None
    notes: list[str]


class Proof(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["proof"]
    statements: list[Proved]
    summary: dict[str, int]
    assumptions: list[str]
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


class TLSPort(Strict):
    name: str
    pod: str
    address: str
    port: int
    declared: Literal["TLS", "mutual TLS", "permissive"]
    rule: str
    served: str | None
    why: str | None


class Attempt(Strict):
    client: Literal["own", "none", "stranger", "forged", "expired", "plain text"]
    outcome: Literal["accepted", "refused", "unclear", "not tried"]
    expected: Literal["accepted", "refused"] | None
    detail: str


class Handshakes(Strict):
    source: str
    destination: str
    pod: str
    address: str
    port: int
    attempts: list[Attempt]
    why: str | None


class Wire(Strict):
    nodes: list[str]
    packets: int
    controls: int
    controls_seen: int
    plain: int
    faults: list[str]


class TLSSummary(Strict):
    ports: int
    pairs: int
    connections: int
    disagreements: int
    denied: int
    undecided: int
    left_out: int
    seconds: float


class Lab(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["lab"]
    probes: list[Probe]
    summary: Summary
    notices: list[Notice]
    tls_ports: list[TLSPort] | UnsetType = UNSET
    handshakes: list[Handshakes] | UnsetType = UNSET
    wire: Wire | UnsetType = UNSET
    tls_summary: TLSSummary | UnsetType = UNSET


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


class Guideline(Strict):
    name: Literal["modern", "intermediate", "old"]
    guideline: str
    source: str


class AcceptedVersion(Strict):
    version: str
    suites: list[str]


class ServedLink(Strict):
    subject: str
    issuer: str
    fingerprint: str
    not_before: str
    not_after: str


class ServedLeaf(ServedLink):
    names: list[str]
    serial: str
    key: str
    used: float | None


class Trusted(Strict):
    roots: str
    verified: bool
    reason: str | None


class Stapled(Strict):
    status: Literal["good", "revoked", "unknown", "unreadable"]
    next_update: str | None


class Trial(Strict):
    sent: str
    outcome: Literal["refused", "closed", "answered", "unclear", "not tried"]
    detail: str
    status: int | None


class MutualProof(Strict):
    enforced: bool | None
    trials: list[Trial]


class WebAnswers(Strict):
    status: int | None
    hsts: int | None
    plain_status: int | None
    location: str | None


class ProbeFinding(Strict):
    id: str
    severity: Literal["low", "medium", "high", "critical"]
    title: str
    message: str


class ProbedServer(Strict):
    target: str
    declared: str | None
    failure: str | None
    accepted: list[AcceptedVersion]
    refused: dict[str, str]
    alpn: str | None
    hybrid: bool | None
    certificate: ServedLeaf | None
    chain: list[ServedLink]
    trust: Trusted | None
    staple: Stapled | None
    asks: bool
    mutual: MutualProof | None
    web: WebAnswers | None
    findings: list[ProbeFinding]
    notes: list[str]
    connections: int


class Probes(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["probes"]
    at: str
    profile: Guideline
    probes: list[ProbedServer]
    summary: dict[str, int]
    notices: list[Notice]


class ListedKey(Strict):
    kind: str | None
    fingerprint: str | None


class PrivateKey(ListedKey):
    matches: bool | None


class ListedCertificate(Strict):
    subject: str
    issuer: str
    names: list[str]
    serial: str
    fingerprint: str
    key: ListedKey
    signature: str | None
    authority: bool
    not_before: str
    not_after: str
    used: float | None


class ChainFound(Strict):
    verified: bool
    root: str | None
    reason: str | None
    message: str | None


class ServedBy(Strict):
    by: str
    hosts: list[str]
    mounted: bool
    client: bool
    granted: bool


class Renewed(Strict):
    state: Literal["working", "unknown", "overdue", "failing", "nobody"]
    by: str | None
    how: str | None
    reason: str | None


class CertificateFinding(Strict):
    id: str
    message: str
    file: str | None
    line: int | None
    field: str | None


class CertificateEntry(Strict):
    place: str
    namespace: str | None
    label: str | None
    file: str | None
    field: str | None
    use: Literal["pair", "bundle", "key"]
    certificates: list[ListedCertificate]
    key: PrivateKey | None
    chain: ChainFound | None
    served: list[ServedBy]
    trusted: list[str]
    renewal: Renewed
    findings: list[CertificateFinding]


class CertificatesSummary(Strict):
    certificates: int
    pairs: int
    bundles: int
    keys: int
    findings: int


class Certificates(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["certificates"]
    at: str
    entries: list[CertificateEntry]
    summary: CertificatesSummary
    notices: list[Notice]


class IssuedCertificate(Strict):
    serial: str
    fingerprint: str
    key_fingerprint: str
    not_before: str
    not_after: str


class AuthorityRoot(Strict):
    number: int
    signs: bool
    trusted: bool
    certificate: IssuedCertificate
    intermediate: IssuedCertificate | None


class AuthorityConsumer(Strict):
    consumer: str
    place: str
    action: Literal["issued", "bundle", "kept", "refused", "failed"] | None
    why: str | None
    names: list[str]
    certificate: IssuedCertificate | None
    root: int | None
    renewed_from: str | None
    problem: str | None


class RotationWait(Strict):
    what: Literal["key", "bundle", "leaf", "reload", "unknown"]
    consumer: str | None
    message: str
    until: str | None


class AuthorityRotation(Strict):
    phase: Literal["making", "trusting", "reissuing", "removing"]
    old: int
    new: int
    since: str
    waits: list[RotationWait]


class RevokedCertificate(Strict):
    serial: str
    issuer: str
    at: str
    reason: str
    not_after: str


class AuthorityReport(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["authority"]
    action: Literal["init", "issue", "renew", "rotate", "status", "revoke", "forget"]
    trust_domain: str
    at: str
    roots: list[AuthorityRoot]
    consumers: list[AuthorityConsumer]
    rotation: AuthorityRotation | None
    revoked: list[RevokedCertificate]
    notices: list[Notice]


class AcmeCertificate(Strict):
    name: str
    place: str
    hosts: list[str]
    action: Literal["issued", "kept", "waiting", "failed", "revoked"] | None
    why: str | None
    certificate: IssuedCertificate | None
    issuer: str | None
    renewed_from: str | None
    tried_from: str | None
    problem: str | None


class AcmeReport(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["acme"]
    action: Literal["register", "issue", "renew", "status", "revoke", "forget"]
    server: str
    account: str
    at: str
    certificates: list[AcmeCertificate]
    notices: list[Notice]


class WrittenObject(Strict):
    kind: Literal["Certificate", "Issuer", "ClusterIssuer"]
    namespace: str | None
    name: str
    secret: str | None
    hosts: list[str]
    users: list[str]
    why: str | None
    yaml: str


class WrittenObjects(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["written"]
    objects: list[WrittenObject]
    notices: list[Notice]


class ObservedRow(Strict):
    source: str
    destination: str
    traffic: list[Ports]
    records: int
    bytes: int | None
    first: str | None
    last: str | None
    verdict: Literal["forwarded", "dropped", "unknown"]
    ends: Literal["told", "known", "guessed"]
    domain: str | None
    addresses: int


class SkippedRecords(Strict):
    reason: str
    records: int


class BadLine(Strict):
    file: str
    line: int | None
    text: str
    reason: str


class ReadLog(Strict):
    source: str
    format: str
    records: int
    skipped: list[SkippedRecords]
    bad: int
    examples: list[BadLine]
    notes: list[str]


class FailedLog(Strict):
    source: str
    reason: str


class UnmappedEnd(Strict):
    end: str
    records: int


class LogsRead(Strict, kw_only=True):
    schema: Literal["crenel/v1"]
    first: str | None
    last: str | None
    read: list[ReadLog]
    failed: list[FailedLog]
    unmapped: list[UnmappedEnd]
    notes: list[str]
    notices: list[Notice]


class Flows(LogsRead, kw_only=True):
    kind: Literal["flows"]
    observed: list[ObservedRow]


class BrokenRow(Strict):
    observed: ObservedRow
    outcome: Literal["denied", "partial", "unknown"]
    reasons: list[str]
    blocking: list[Step]


class UnaskedRow(Strict):
    observed: ObservedRow
    reason: str


class Replayed(Strict):
    broken: list[BrokenRow]
    uncertain: list[BrokenRow]
    unasked: list[UnaskedRow]
    kept: int
    dropped: int


class Preview(LogsRead, kw_only=True):
    kind: Literal["preview"]
    broken: list[BrokenRow]
    uncertain: list[BrokenRow]
    unasked: list[UnaskedRow]
    kept: int
    dropped: int


class IdleConnection(Strict):
    source: str | Group
    destination: str | Group
    traffic: list[Ports]


class RuleUsed(Strict):
    policy: str
    direction: Literal["egress", "ingress"]
    rule: int | None
    used: bool
    records: int
    last: str | None
    unused: list[IdleConnection]
    file: str | None
    line: int | None


class OpenWorkloads(Strict):
    ingress: list[str]
    egress: list[str]


class UnusedRules(LogsRead, kw_only=True):
    kind: Literal["unused"]
    rules: list[RuleUsed]
    examined: int
    open: OpenWorkloads


class Reason(Strict):
    kind: Literal["declared", "observed", "reference", "fact", "guess"]
    says: str
    file: str | None
    line: int | None


class Need(Strict):
    source: str
    target: str
    traffic: str
    guessed: bool
    evidence: list[Reason]


class WrittenFile(Strict):
    path: str
    policies: list[str]


class Cut(Strict):
    workload: str
    direction: Literal["ingress", "egress"]
    parties: list[str | Group]
    traffic: list[Ports]
    left: list[str]
    used_by: list[str]


class Left(Strict):
    subject: str
    what: str
    why: str


class Uncertain(Strict):
    subject: str
    says: str
    file: str | None
    line: int | None


class HardeningLab(Strict):
    probes: int
    connected: int
    dropped: int
    disagreements: list[str]


class ChangeReason(Strict):
    kind: Literal["declared", "observed", "reference", "fact", "guess"]
    text: str


class ServiceChange(Strict):
    id: str
    what: str
    object: str
    file: str
    line: int | None
    field: str
    reason: str
    certainty: Literal["sure", "to be confirmed"]
    question: str
    evidence: list[ChangeReason]
    cuts: list[str]
    new: list[str]
    notes: list[str]
    state: Literal["made", "waiting", "withheld"]
    why: str | UnsetType = UNSET


class Staying(Strict):
    subject: str
    why: str
    file: str
    line: int | None


class EditedFile(Strict):
    path: str
    new: bool
    diff: str


class ServicesPlan(Strict):
    changes: list[ServiceChange]
    stays: list[Staying]
    files: list[EditedFile]
    refused: list[str]
    component: dict[str, str]


class Opened(Strict):
    group: str
    direction: Literal["ingress", "egress"]
    groups: list[str]
    addresses: list[str]
    traffic: list[str]
    why: str


class FormProof(Strict):
    form: str
    holds: bool
    wrong: list[str]


class PlatformRules(Strict):
    platform: Literal["aws", "azure", "gcp", "openstack", "hosts"]
    files: list[str]
    proofs: list[FormProof]
    unfit: list[str]
    notes: list[str]


class InfrastructureRules(Strict):
    openings: list[Opened]
    notes: list[str]
    platforms: list[PlatformRules]


class Hardening(Strict):
    schema: Literal["crenel/v1"]
    kind: Literal["hardening"]
    namespaces: list[str]
    proved: bool
    needs: list[Need]
    files: list[WrittenFile]
    out: str | None
    changed: list[str]
    edited: list[str]
    cut: list[Cut]
    open: list[Left]
    uncertain: list[Uncertain]
    inexpressible: list[Left]
    kept: list[Left]
    services: ServicesPlan | None
    infrastructure: InfrastructureRules | None
    objections: list[str]
    statements: dict[str, int] | None
    preview: Replayed | None
    lab: HardeningLab | None
    notices: list[Notice]


SHAPES: tuple[type[Strict], ...] = (
    AcmeCertificate, AcmeReport, WrittenObject, WrittenObjects,
    IssuedCertificate, AuthorityRoot, AuthorityConsumer, RotationWait, AuthorityRotation, RevokedCertificate,
    AuthorityReport,
    Against, Objecting, Mending, Proved, Proof,
    Reason, Need, WrittenFile, Cut, Left, Uncertain, HardeningLab, ChangeReason, ServiceChange, Staying, EditedFile,
    ServicesPlan, Opened, FormProof, PlatformRules, InfrastructureRules, Hardening,
    ObservedRow, SkippedRecords, BadLine, ReadLog, FailedLog, UnmappedEnd, LogsRead, Flows, BrokenRow, UnaskedRow,
    Replayed, Preview, IdleConnection, RuleUsed, OpenWorkloads, UnusedRules,
    Ports, Group, Connection, Notice, Enforcement, Map, Step, Witness, Edit, Remedy, Verdict, Error, Change, Cause,
    Difference, Probe, Summary, Lab, RuleMet, Layer, Leg, Closing, Path, Exposure, Outlet, Outlets, Standing, Finding,
    TLSPort, Attempt, Handshakes, Wire, TLSSummary,
    Aside, Examined, Audit, Control, Check, Checks,
    Guideline, AcceptedVersion, ServedLink, ServedLeaf, Trusted, Stapled, Trial, MutualProof, WebAnswers, ProbeFinding,
    ProbedServer, Probes,
    ListedKey, PrivateKey, ListedCertificate, ChainFound, ServedBy, Renewed, CertificateFinding, CertificateEntry,
    CertificatesSummary, Certificates,
)  # fmt: skip

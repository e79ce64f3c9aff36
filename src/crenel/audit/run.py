"""Runs the checks on a subject, and settles what becomes of their findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crenel.audit.baseline import Baseline
from crenel.audit.catalogue import Rule, rules
from crenel.audit.finding import Finding, Pillar
from crenel.audit.ignoring import Ignoring, SetAside
from crenel.audit.report import Audit, Examined
from crenel.audit.selection import adjusted, is_shown, selected
from crenel.audit.subject import Subject
from crenel.kubernetes.decode import Decoded
from crenel.network.firewalls import Infrastructure
from crenel.provenance import Origin


def audit(subject: Subject, baseline: Baseline | None = None) -> Audit:
    """Run the checks that the subject's settings select.

    Raises:
        SelectionError: a selection names no check.
    """
    settings, baseline = subject.settings, baseline or Baseline()
    chosen = selected(rules(), settings)
    ignoring = Ignoring(subject.comments, settings.ignores, baseline, settings.today)
    counted, aside = _judged(_found(subject, [rule for rule in chosen if not rule.check.late]), ignoring)
    subject.unused = ignoring.unused([rule.check.id for rule in chosen])
    late, more = _judged(_found(subject, [rule for rule in chosen if rule.check.late]), ignoring)
    return Audit(
        sorted((each for each in (*counted, *late) if is_shown(each, settings)), key=_order),
        sorted((each for each in (*aside, *more) if is_shown(each.finding, settings)), key=lambda x: _order(x.finding)),
        chosen,
        _examined(subject),
        _assumptions(subject, chosen),
        sum(each.check in {rule.check.id for rule in chosen} for each in baseline.gone),
        settings.today,
    )


def _found(subject: Subject, chosen: Sequence[Rule]) -> Iterator[Finding]:
    """The findings of some checks, each once."""
    seen: set[tuple[tuple[str, str, str], str]] = set()
    for rule in chosen:
        for raw in rule.findings(subject):
            finding = adjusted(raw, subject.settings)
            if (finding.key, finding.message) not in seen:
                seen.add((finding.key, finding.message))
                yield finding


def _judged(findings: Iterable[Finding], ignoring: Ignoring) -> tuple[list[Finding], list[SetAside]]:
    counted: list[Finding] = []
    aside: list[SetAside] = []
    for finding in findings:
        judged = ignoring.judge(finding)
        if judged is None:
            counted.append(finding)
        else:
            aside.append(judged)
    return counted, aside


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    return -finding.severity, finding.check.id, finding.object, str(finding.field), finding.message


def _examined(subject: Subject) -> Examined:
    decoded, infrastructure = subject.decoded, subject.material.infrastructure
    counts = {
        "workload": len({each.title for each in subject.workloads}),
        "network policy": len(decoded.network_policies),
        "admin policy": len(decoded.admin_policies),
        "policy of another API": len(decoded.foreign_policies),
        "service": len(decoded.services),
        "ingress": len(decoded.ingresses),
        "gateway": len(decoded.gateways),
        "route": _routes(decoded),
        "endpoint slice": len(decoded.endpoint_slices),
        "secret": len(decoded.secrets),
        "role": len(decoded.roles),
        "configuration": len(decoded.settings) + len(decoded.kubeadm_configurations),
        "node": len(decoded.nodes),
        "infrastructure interface": len(infrastructure.interfaces),
        "infrastructure firewall": len(_firewalls(infrastructure)),
        "control plane": len(infrastructure.control_planes),
    }
    return Examined(counts, list(dict.fromkeys(each.source for each in subject.material.origins if each.source)))


def _routes(decoded: Decoded) -> int:
    gateway = len(decoded.http_routes) + len(decoded.grpc_routes) + len(decoded.stream_routes)
    return gateway + len(decoded.openshift_routes) + len(decoded.virtual_services)


def _firewalls(infrastructure: Infrastructure) -> set[tuple[str, Origin]]:
    """What somebody wrote of them, each once however often it is lowered."""
    filters = [each for tier in infrastructure.tiers for rank in tier.ranks for each in rank]
    return {(each.title, each.origin) for each in (*filters, *infrastructure.idle) if each.origin.source}


def _assumptions(subject: Subject, chosen: Sequence[Rule]) -> list[str]:
    """What the answer rests on beside the input."""
    enforced = subject.enforcement
    found = [f"network policies: {enforced.explain('networkpolicy')}"]
    if subject.dns.stand_in:
        found.append(f"names are answered by {subject.dns.says}")
    if any(rule.check.pillar is Pillar.TLS for rule in chosen) and (why := subject.certificates.missing):
        found.append(f"checks TL of what certificates say are left out: {why}")
    return [*found, *subject.exposure.assumptions]

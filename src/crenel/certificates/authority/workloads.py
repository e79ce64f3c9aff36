"""Which workloads there are, and the names that their certificates get.

The SPIFFE ID is that of the ServiceAccount. The DNS names are those of the Services that surely select the workload, as
the cluster's DNS has them (Kubernetes DNS-Based Service Discovery 2.3 and 2.4): ``web.shop.svc`` and the same with the
cluster's domain; below a headless Service each pod has a name of its own, so there a wildcard is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from crenel.bits import members
from crenel.certificates.authority.identity import Identity, is_name, refusals, spiffe_id
from crenel.certificates.authority.policy import Policy
from crenel.dialects.scope import Scope
from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.population import Group
from crenel.provenance import Problem, Severity

_Key = tuple[str, str, str]
"""Namespace, kind and name."""


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload and whom its certificate speaks for."""

    name: str
    """``shop/web``, or ``shop/deployment/web`` where another kind has the same name."""
    identity: Identity


def workloads(scope: Scope, decoded: Decoded, policy: Policy) -> tuple[list[Workload], list[Problem]]:
    """All workloads that may have a certificate, by name, and why others may not."""
    parts: dict[_Key, list[Group]] = defaultdict(list)
    for group in scope.groups.values():
        parts[_key(group)].append(group)
    names, problems = _service_names(scope, decoded, policy)
    titles = _titles(parts)
    found: list[Workload] = []
    for key in sorted(parts, key=lambda each: titles[each]):
        accounts = {group.service_account for group in parts[key]}
        identity = Identity.of(spiffe_id(policy.trust_domain, key[0], min(accounts)), tuple(names[key]))
        reasons = list(_objections(key, accounts)) or refusals(identity, policy, derived=True)
        origin = parts[key][0].origin
        problems += [Problem(f"no certificate: {reason}", origin, object=titles[key]) for reason in reasons]
        if not reasons:
            found.append(Workload(titles[key], identity))
    return found, problems


def _key(group: Group) -> _Key:
    return group.namespace, group.kind, group.workload


def _titles(keys: dict[_Key, list[Group]]) -> dict[_Key, str]:
    same: dict[tuple[str, str], int] = defaultdict(int)
    for namespace, _, name in keys:
        same[namespace, name] += 1
    return {
        (namespace, kind, name): f"{namespace}/{name}"
        if same[namespace, name] == 1
        else f"{namespace}/{kind.lower()}/{name}"
        for namespace, kind, name in keys
    }


def _objections(key: _Key, accounts: set[str]) -> Iterator[str]:
    """What speaks against a workload itself; its name becomes that of a folder."""
    if not is_name(key[0]) or not is_name(key[2]):
        yield "its name is none that Kubernetes takes"
    if len(accounts) > 1:
        yield f"its pods run under several ServiceAccounts: {', '.join(sorted(accounts))}"


def _service_names(scope: Scope, decoded: Decoded, policy: Policy) -> tuple[dict[_Key, list[str]], list[Problem]]:
    """For each workload the DNS names of the Services in front of it."""
    found: dict[_Key, list[str]] = defaultdict(list)
    problems: list[Problem] = []
    for service in decoded.services:
        spec = service.spec
        if spec is None or not spec.selector or spec.type == "ExternalName":
            continue
        sure, possible = scope.behind_service(service.namespace, LabelSelector(match_labels=spec.selector))
        for key in {_key(scope.groups[index]) for index in members(sure)}:
            found[key] += _dns(service, policy)
        if possible & ~sure:
            text = "it selects pods by labels that only the running cluster gives out: they do not get its names"
            problems.append(Problem(text, service.origin, ("spec", "selector"), service.title, Severity.NOTICE))
    return found, problems


def _dns(service: Service, policy: Policy) -> Iterator[str]:
    for domain in ("svc", f"svc.{policy.cluster_domain}"):
        name = f"{service.name}.{service.namespace}.{domain}"
        yield name
        if service.spec is not None and service.spec.cluster_ip == "None":
            yield f"*.{name}"

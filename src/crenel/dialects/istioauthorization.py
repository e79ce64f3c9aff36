"""Whom AuthorizationPolicies of Istio let in at a port of a workload.

Source of the rules: Istio reference, Authorization Policy: DENY before ALLOW; what no ALLOW policy applies to is let
in; a policy without rules matches nothing; fields of a Source and of an Operation are ANDed, their values ORed; values
are exact, a beginning, an end or ``*`` for any that is there; a policy in the root namespace counts everywhere; the
trust domain ``cluster.local`` stands for that of the mesh. Annotation ``istio.io/dry-run``: not enforced. What CUSTOM
policies, conditions (``when``) and fields of requests come to is not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from crenel.dialects.admission import (
    Account,
    Client,
    addresses,
    all_of,
    any_of,
    comes_from,
    listed,
    negated,
    table,
    truth,
)
from crenel.dialects.cni.selectors import as_written
from crenel.dialects.known import Truth
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.selectors import LabelIndex, Masks

DOMAIN = "cluster.local"
"""The trust domain that stands for the mesh's own."""
_GROUP, _KIND = "security.istio.io", "AuthorizationPolicy"
_ROOT = "istio-system"
_DRY_RUN = "istio.io/dry-run"
_IDENTITIES = ("principals", "namespaces", "serviceAccounts")
_OF_REQUESTS = ("hosts", "notHosts", "methods", "notMethods", "paths", "notPaths")
_NOT_KNOWN = (
    "requestPrincipals", "notRequestPrincipals", "remoteIpBlocks", "notRemoteIpBlocks", "trustDomains",
    "notTrustDomains",
)  # fmt: skip


def is_authorization(policy: ForeignPolicy) -> bool:
    """Whether a policy is an AuthorizationPolicy of Istio."""
    return policy.api_version.partition("/")[0] == _GROUP and policy.kind == _KIND


class Authorizations:
    """The policies of an input, for the workloads that an index has by their labels."""

    def __init__(
        self, policies: Iterable[ForeignPolicy], root: str | None, index: LabelIndex, domain: str | None = None
    ) -> None:
        """Of `policies` those of other kinds are left out. `root` and `domain` are None where they are not known."""
        self._root = root or _ROOT
        self._domain = domain
        self._found: dict[str, list[tuple[ForeignPolicy, Masks]]] = defaultdict(list)
        self._memo: dict[tuple[int, str], list[tuple[ForeignPolicy, Truth]]] = {}
        for each in policies:
            if is_authorization(each) and _counts(each):
                self._found[each.namespace].append((each, _reach(each, index)))

    def of(self, position: int, namespace: str) -> list[ForeignPolicy]:
        """The policies that apply to the workload at a position of the index, or may."""
        return [policy for policy, _ in self._applying(position, namespace)]

    def _applying(self, position: int, namespace: str) -> list[tuple[ForeignPolicy, Truth]]:
        key = position, namespace
        if key not in self._memo:
            near = [pair for space in dict.fromkeys((namespace, self._root)) for pair in self._found[space]]
            self._memo[key] = [
                (policy, Truth.YES if sure >> position & 1 else Truth.UNKNOWN)
                for policy, (sure, possible) in near
                if possible >> position & 1
            ]
        return self._memo[key]

    def admits(self, position: int, namespace: str, port: int, client: Client) -> Truth:
        """Whether a client is let in at a TCP port of the pods there."""
        refused, allowed, closed = Truth.NO, Truth.NO, Truth.NO
        for policy, applies in self._applying(position, namespace):
            action = policy.spec.get("action") or "ALLOW"
            matches = all_of((applies, self._matches(policy, port, client)))
            if action == "ALLOW":
                closed, allowed = any_of((closed, applies)), any_of((allowed, matches))
            elif action == "DENY":
                refused = any_of((refused, matches))
            elif matches is not Truth.NO:
                refused = any_of((refused, Truth.UNKNOWN))
        return all_of((negated(refused), any_of((allowed, negated(closed)))))

    def named(self, position: int, namespace: str) -> frozenset[Account] | None:
        """The accounts that the policies for a workload name: all others are the same to them. None for any."""
        texts = [text for policy, _ in self._applying(position, namespace) for text in _named(policy)]
        found = [_account_of(text) for text in texts]
        return None if None in found else frozenset(each for each in found if each is not None)

    def _matches(self, policy: ForeignPolicy, port: int, client: Client) -> Truth:
        return any_of(self._rule(table(each), policy, port, client) for each in listed(policy.spec.get("rules")))

    def _rule(self, rule: dict[str, Any], policy: ForeignPolicy, port: int, client: Client) -> Truth:
        sources = [self._source(table(table(each).get("source")), policy, client) for each in listed(rule.get("from"))]
        operations = [_operation(table(table(each).get("operation")), port) for each in listed(rule.get("to"))]
        return all_of((
            any_of(sources) if sources else Truth.YES,
            any_of(operations) if operations else Truth.YES,
            Truth.UNKNOWN if rule.get("when") else Truth.YES,
        ))  # fmt: skip

    def _source(self, source: dict[str, Any], policy: ForeignPolicy, client: Client) -> Truth:
        found = [Truth.UNKNOWN for each in _NOT_KNOWN if source.get(each)]
        for key in _IDENTITIES:
            if values := listed(source.get(key)):
                found.append(self._is_one(key, values, policy, client.account))
            if values := listed(source.get(f"not{key[0].upper()}{key[1:]}")):
                found.append(negated(self._is_one(key, values, policy, client.account)))
        return all_of((*found, *_blocks(source, client)))

    def _is_one(self, key: str, values: list[Any], policy: ForeignPolicy, account: Account | None) -> Truth:
        """Whether an account is one of those that a field names; who shows no certificate is none."""
        if account is None:
            return Truth.NO
        if key == "namespaces":
            return any_of(truth(_is_like(str(each), account[0])) for each in values)
        if key == "serviceAccounts":
            return any_of(_is_account(str(each), policy.namespace, account) for each in values)
        return any_of(self._is_principal(str(each), account) for each in values)

    def _is_principal(self, text: str, account: Account) -> Truth:
        rest = f"/ns/{account[0]}/sa/{account[1]}"
        if any(_is_like(text, f"{domain}{rest}") for domain in (DOMAIN, self._domain) if domain):
            return Truth.YES
        elsewhere = self._domain is None and _is_like(text.partition("/")[2], rest[1:])
        return Truth.UNKNOWN if elsewhere else Truth.NO


def _named(policy: ForeignPolicy) -> Iterator[str]:
    """The accounts that a policy names, as ``NAMESPACE/NAME``; a pattern for those that it names otherwise."""
    for rule in map(table, listed(policy.spec.get("rules"))):
        for source in (table(table(each).get("source")) for each in listed(rule.get("from"))):
            for key in ("principals", "notPrincipals"):
                yield from (_bare(str(each)) for each in listed(source.get(key)) if each != "*")
            for key in ("serviceAccounts", "notServiceAccounts"):
                yield from (f"{policy.namespace}/{each}" if "/" not in str(each) else str(each)
                            for each in listed(source.get(key)))  # fmt: skip
            if source.get("namespaces") or source.get("notNamespaces"):
                yield "*"


def _bare(principal: str) -> str:
    """A principal without its trust domain: ``NAMESPACE/NAME``."""
    parts = principal.split("/")
    return f"{parts[2]}/{parts[4]}" if len(parts) == 5 and parts[1::2] == ["ns", "sa"] else "*"


def _account_of(text: str) -> Account | None:
    namespace, _, name = text.partition("/")
    return None if "*" in text else (namespace, name)


def _targets(policy: ForeignPolicy) -> list[Any]:
    return [*listed(policy.spec.get("targetRefs")), *filter(None, [policy.spec.get("targetRef")])]


def _counts(policy: ForeignPolicy) -> bool:
    """Whether a policy is enforced at workloads: those of gateways are enforced there, AUDIT and dry runs nowhere."""
    targets = _targets(policy)
    elsewhere = bool(targets) and all(table(each).get("kind") in ("Gateway", "GatewayClass") for each in targets)
    dry = str(policy.annotations.get(_DRY_RUN)).lower() == "true"
    return not elsewhere and not dry and policy.spec.get("action") != "AUDIT"


def _reach(policy: ForeignPolicy, index: LabelIndex) -> Masks:
    """The workloads that a policy surely and possibly applies to; whom one of a Service is for is not followed."""
    sure, possible = index.match(as_written(policy.spec.get("selector")))
    return (0 if _targets(policy) else sure), possible


def _is_like(pattern: str, value: str) -> bool:
    if pattern == "*":
        return bool(value)
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return value.endswith(pattern[1:]) if pattern.startswith("*") else value == pattern


def _is_account(text: str, namespace: str, account: Account) -> Truth:
    home, _, name = text.rpartition("/")
    return Truth.UNKNOWN if "*" in text else truth((home or namespace, name) == account)


def _blocks(source: dict[str, Any], client: Client) -> Iterator[Truth]:
    for key in ("ipBlocks", "notIpBlocks"):
        if values := listed(source.get(key)):
            blocks = addresses(values)
            found = comes_from(client, blocks) if blocks is not None else Truth.UNKNOWN
            yield found if key == "ipBlocks" else negated(found)


def _operation(operation: dict[str, Any], port: int) -> Truth:
    found = [Truth.UNKNOWN for each in _OF_REQUESTS if operation.get(each)]
    for key in ("ports", "notPorts"):
        if values := listed(operation.get(key)):
            meant = any_of(truth(_is_like(str(each), str(port))) for each in values)
            found.append(meant if key == "ports" else negated(meant))
    return all_of(found)

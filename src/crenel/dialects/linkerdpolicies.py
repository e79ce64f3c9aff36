"""Whom Servers and authorizations of Linkerd let in at a port of a workload.

Source of the rules: Linkerd reference, Authorization Policy: a Server closes a port to all that no authorization is
for, unless its ``accessPolicy`` says otherwise; only ports that the pods declare count; of the authentications that an
AuthorizationPolicy requires all have to match, of several authorizations one; where there is no Server the default
policy decides. Probes of the kubelet by HTTP are let in in any case. What HTTPRoutes are authorized for is not known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from crenel.dialects.admission import Account, Client, addresses, all_of, any_of, comes_from, listed, table, truth
from crenel.dialects.cni.selectors import as_written
from crenel.dialects.known import Truth
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.objects.settings import Setting
from crenel.kubernetes.selectors import LabelIndex

GROUP = "policy.linkerd.io"
EVERYBODY = ("all-unauthenticated", "audit")
"""Policies by which everybody gets in."""
_MESHED = ("all-authenticated", "cluster-authenticated")
_IDENTITY = ".serviceaccount.identity."


class Authorized:
    """The policies of an input, for the workloads that an index has by their labels."""

    def __init__(self, policies: Iterable[ForeignPolicy], settings: Iterable[Setting], index: LabelIndex) -> None:
        """Of `policies` and `settings` those of other kinds are left out."""
        self._servers: dict[str, list[tuple[int, int, ForeignPolicy]]] = defaultdict(list)
        self._grants: dict[str, list[ForeignPolicy]] = defaultdict(list)
        self._by_server: dict[tuple[str, str | None], list[ForeignPolicy]] = defaultdict(list)
        self._memo: dict[str, frozenset[Account] | None] = {}
        self._authentications = {
            (each.kind, each.namespace, each.name): each
            for each in settings
            if each.api_version.partition("/")[0] == GROUP
        }
        for policy in policies:
            if policy.api_version.partition("/")[0] != GROUP:
                continue
            if policy.kind == "Server":
                sure, possible = index.match(as_written(policy.spec.get("podSelector")))
                self._servers[policy.namespace].append((sure, possible, policy))
            elif policy.kind in ("ServerAuthorization", "AuthorizationPolicy"):
                self._grants[policy.namespace].append(policy)
                self._by_server[policy.namespace, _server_of(policy)].append(policy)

    def servers(self, position: int, namespace: str, port: int, names: Collection[str]) -> list[ForeignPolicy]:
        """The Servers for a port of the pods at a position of the index, whose `names` these are, or may be."""
        return [
            policy
            for _, possible, policy in self._servers[namespace]
            if possible >> position & 1 and str(policy.spec.get("port")) in (str(port), *names)
            and "externalWorkloadSelector" not in policy.spec
        ]  # fmt: skip

    def server(self, position: int, namespace: str, port: int, names: Collection[str]) -> ForeignPolicy | None:
        """The Server that is surely for a port."""
        sure = {id(policy) for reach, _, policy in self._servers[namespace] if reach >> position & 1}
        return next((each for each in self.servers(position, namespace, port, names) if id(each) in sure), None)

    def named(self, namespace: str) -> frozenset[Account] | None:
        """The accounts that authorizations of a namespace name: all others are the same to them. None for any."""
        if namespace not in self._memo:
            self._memo[namespace] = self._named(namespace)
        return self._memo[namespace]

    def _named(self, namespace: str) -> frozenset[Account] | None:
        found = set[Account]()
        for grant in self._grants[namespace]:
            for spec, home in self._specs(grant):
                refs = [table(each) for each in listed(spec.get("identityRefs"))]
                if any(text != "*" for text in listed(spec.get("identities"))) or not all(map(_is_exact, refs)):
                    return None
                found |= {(str(each.get("namespace") or home), str(each["name"])) for each in refs}
        return frozenset(found)

    def _specs(self, grant: ForeignPolicy) -> Iterator[tuple[dict[str, Any], str]]:
        """What says who is meant by an authorization, each with the namespace that it stands in."""
        tls = table(table(grant.spec.get("client")).get("meshTLS"))
        accounts = [{"kind": "ServiceAccount", **table(each)} for each in listed(tls.get("serviceAccounts"))]
        yield {"identities": tls.get("identities"), "identityRefs": accounts}, grant.namespace
        for ref in map(table, listed(grant.spec.get("requiredAuthenticationRefs"))):
            home = str(ref.get("namespace") or grant.namespace)
            known = self._authentications.get((str(ref.get("kind")), home, str(ref.get("name"))))
            if known is not None:
                yield known.spec, home
            elif ref.get("kind") == "ServiceAccount":
                yield {"identityRefs": [ref]}, home

    def admits(
        self, position: int, namespace: str, port: int, names: Collection[str], client: Client, default: str
    ) -> Truth:
        """Whether a client is let in at a TCP port of the pods there, whose default policy is `default`."""
        found = self.servers(position, namespace, port, names)
        if not found:
            return _by_default(default, client)
        if len(found) > 1 or self.server(position, namespace, port, names) is None:
            return Truth.UNKNOWN
        server = found[0]
        more = _by_default(str(server.spec.get("accessPolicy") or "deny"), client)
        grants = (*self._by_server[namespace, server.name], *self._by_server[namespace, None])
        return any_of((more, *(self._granted(each, server, client) for each in grants)))

    def _granted(self, grant: ForeignPolicy, server: ForeignPolicy, client: Client) -> Truth:
        if grant.kind == "ServerAuthorization":
            return all_of((_is_of(grant, server), _is_client(table(grant.spec.get("client")), grant, client)))
        target = table(grant.spec.get("targetRef"))
        if target.get("kind") == "Server":
            applies = truth(target.get("name") == server.name)
        elif target.get("kind") == "Namespace":
            applies = truth(target.get("name") == grant.namespace)
        else:
            applies = Truth.UNKNOWN
        wanted = listed(grant.spec.get("requiredAuthenticationRefs"))
        return all_of((applies, *(self._is_authentic(table(each), grant.namespace, client) for each in wanted)))

    def _is_authentic(self, ref: dict[str, Any], namespace: str, client: Client) -> Truth:
        kind, home, name = str(ref.get("kind")), str(ref.get("namespace") or namespace), str(ref.get("name") or "")
        if kind == "ServiceAccount":
            return _is_account(client.account, home, name)
        authentication = self._authentications.get((kind, home, name))
        if authentication is None:
            return Truth.UNKNOWN
        if kind == "NetworkAuthentication":
            return _is_in(listed(authentication.spec.get("networks")), client)
        return any_of(_identities(authentication.spec, home, client.account))


def _server_of(grant: ForeignPolicy) -> str | None:
    """The one Server that an authorization is for; None where it may be for others."""
    wanted = table(grant.spec.get("server" if grant.kind == "ServerAuthorization" else "targetRef"))
    one = wanted.get("kind") in (None, "Server") and "selector" not in wanted
    return str(wanted.get("name")) if one else None


def _by_default(policy: str, client: Client) -> Truth:
    if policy in EVERYBODY:
        return Truth.YES
    if policy in _MESHED or (policy == "cluster-unauthenticated" and client.account is not None):
        return truth(client.account is not None)
    return Truth.NO if policy == "deny" else Truth.UNKNOWN


def _is_of(grant: ForeignPolicy, server: ForeignPolicy) -> Truth:
    """Whether a ServerAuthorization is for a Server: by its name, or by labels, which are not kept."""
    wanted = table(grant.spec.get("server"))
    if "selector" in wanted:
        return Truth.UNKNOWN if any(table(wanted["selector"]).values()) else Truth.YES
    return truth(wanted.get("name") == server.name)


def _is_client(wanted: dict[str, Any], grant: ForeignPolicy, client: Client) -> Truth:
    networks = listed(wanted.get("networks"))
    near = _is_in(networks, client) if networks else Truth.YES
    if wanted.get("unauthenticated") is True:
        return near
    tls = table(wanted.get("meshTLS"))
    if tls.get("unauthenticatedTLS") is True:
        return all_of((near, truth(client.account is not None)))
    accounts = [{"kind": "ServiceAccount", **table(each)} for each in listed(tls.get("serviceAccounts"))]
    spec = {"identities": tls.get("identities"), "identityRefs": accounts}
    return all_of((near, any_of(_identities(spec, grant.namespace, client.account))))


def _is_in(networks: list[Any], client: Client) -> Truth:
    """Whether a client comes from one of some networks."""
    return any_of(_is_within(table(each), client) for each in networks)


def _is_within(network: dict[str, Any], client: Client) -> Truth:
    cidr, holes = addresses([network.get("cidr")]), addresses(listed(network.get("except")))
    return Truth.UNKNOWN if cidr is None or holes is None else comes_from(client, cidr - holes)


def _identities(spec: dict[str, Any], namespace: str, account: Account | None) -> Iterator[Truth]:
    for text in map(str, listed(spec.get("identities"))):
        yield _is_identity(text, account)
    for ref in map(table, listed(spec.get("identityRefs"))):
        home, name = str(ref.get("namespace") or namespace), str(ref.get("name") or "")
        if ref.get("kind") == "Namespace":
            yield truth(account is not None and account[0] == (name or home))
        elif ref.get("kind") == "ServiceAccount":
            yield _is_account(account, home, name)
        else:
            yield Truth.UNKNOWN


def _is_exact(ref: dict[str, Any]) -> bool:
    return ref.get("kind") == "ServiceAccount" and bool(ref.get("name"))


def _is_account(account: Account | None, namespace: str, name: str) -> Truth:
    """Whether it is this service account, or any of the namespace where no name is given."""
    return truth(account is not None and account[0] == namespace and name in ("", account[1]))


def _is_identity(text: str, account: Account | None) -> Truth:
    """Whether a name of certificates (``NAME.NAMESPACE.serviceaccount.identity...``) is that of an account."""
    if account is None or text == "*":
        return truth(account is not None)
    head, known, _ = text.partition(_IDENTITY)
    own = f"{account[1]}.{account[0]}"
    if head.startswith("*"):
        return truth(own.endswith(head[1:])) if known else Truth.UNKNOWN
    return truth(bool(known) and head == own)

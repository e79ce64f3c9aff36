"""What the workloads of Istio's mesh take, for the checks: who is in it, in which mode, and who may come in at all.

Modes and membership are `crenel.dialects.istiopeers`'. Istio reference, AuthorizationPolicy: what no rule of an ALLOW
policy allows is refused, and who sends plain text has no principal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from crenel.audit.annotated import Annotated, annotated
from crenel.audit.finding import Witness
from crenel.audit.subject import Subject
from crenel.audit.workloads import Workload
from crenel.dialects.admission import Account, Client
from crenel.dialects.entries import EntryKind
from crenel.dialects.istioauthorization import Authorizations
from crenel.dialects.istiopeers import Member, Mode, PeerAuthentications, is_peer_authentication, membership
from crenel.dialects.known import Truth
from crenel.kubernetes.mesh import root_namespace, trust_domain
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.kubernetes.selectors import LabelIndex
from crenel.network.traffic import ALL, TCP

_GROUP = "security.istio.io"
_ENTRANCES = (EntryKind.BALANCER, EntryKind.NODE_PORT, EntryKind.EXTERNAL_ADDRESS)
_TRIED = 20
_IDENTITIES = ("principals", "requestPrincipals", "namespaces", "serviceAccounts")
"""Fields of a Source that nobody without a certificate fulfils; ``requestPrincipals`` needs a token."""


def tcp_ports(subject: Subject, workload: Workload) -> list[int]:
    """The TCP ports that a workload declares, or that Services lead to."""
    known = {*workload.listens, *subject.service_ports.get(workload.index, ())}
    return sorted(port for protocol, port in known if protocol == TCP)


def is_entrance(subject: Subject, workload: Workload) -> bool:
    """Whether clients from outside come to it, who have no proxy: it is one itself, or behind a load balancer."""
    if subject.is_edge(workload.index):
        return True
    return any(path.entry.kind in _ENTRANCES for path in subject.paths_to.get(workload.index, ()))


def reacher(subject: Subject, workload: Workload, traffic: int = ALL) -> Witness | None:
    """Who gets to a workload, or may: policies of meshes, which are not followed, may keep others out."""
    reached = subject.reach.into(workload.index)
    others = (subject.everybody | subject.outside) & ~(1 << workload.index)
    for certainty, ends in (("sure", reached.sure(traffic) & others), ("possible", reached.possible(traffic) & others)):
        if ends:
            one = _one(subject, workload, ends)
            source = one.name if one is not None else "any address outside"
            return Witness(source, workload.name, subject.likely_words(workload, traffic), certainty)
    return None


def _one(subject: Subject, workload: Workload, ends: int) -> Workload | None:
    """One of some ends: a workload, of another namespace where one is soon found; None for addresses outside."""
    found: Workload | None = None
    inside = ends & subject.everybody
    for _ in range(_TRIED):
        if not inside:
            break
        lowest = inside & -inside
        inside ^= lowest
        each = subject.by_index[lowest.bit_length() - 1]
        if each.namespace != workload.namespace:
            return each
        found = found or each
    return found


def table(value: Any) -> Mapping[str, Any]:
    """A mapping; empty for anything else."""
    return value if isinstance(value, dict) else {}


def labelled(subject: Subject) -> LabelIndex:
    """The workloads by their labels."""
    return LabelIndex((each.index, each.group.labels, each.group.unsettled) for each in subject.workloads)


def labels(written: Any) -> LabelSelector | None:
    """A selector by labels alone, as meshes write it; None without any."""
    found = {str(key): str(value) for key, value in table(written).items()}
    return LabelSelector(match_labels=found) if found else None


class Istio:
    """The policies of an input for the workloads of the mesh."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._labels = {each.name: each.labels for each in subject.decoded.namespaces}
        index = labelled(subject)
        self._root = root_namespace(subject.decoded)
        policies = subject.decoded.foreign_policies
        self._modes = PeerAuthentications(policies, self._root, index)
        self._authorizations = Authorizations(policies, self._root, index, trust_domain(subject.decoded))
        self._identities: dict[str, list[tuple[int, bool]]] = defaultdict(list)
        for policy in subject.decoded.foreign_policies:
            if policy.api_version.partition("/")[0] == _GROUP and policy.kind == "AuthorizationPolicy":
                self._file(policy, index)

    def _file(self, policy: ForeignPolicy, index: LabelIndex) -> None:
        if policy.spec.get("action") in (None, "ALLOW"):
            chosen = labels(table(policy.spec.get("selector")).get("matchLabels"))
            reach = index.match(chosen)[0] if chosen is not None else -1
            self._identities[policy.namespace].append((reach, _needs_identity(policy.spec.get("rules"))))

    @cached_property
    def pods(self) -> Mapping[int, Annotated]:
        """What the objects of pods say, by endpoint."""
        return annotated(self._subject)

    @cached_property
    def is_known(self) -> bool:
        """Whether the input has what counts for the whole mesh, so that no policy is none."""
        rooted = any(
            is_peer_authentication(each) and each.namespace == self._modes.root
            for each in self._subject.decoded.foreign_policies
        )  # fmt: skip
        return self._subject.live or rooted or self._root is not None

    def inside(self, workload: Workload) -> str:
        """How a workload takes part in the mesh: ``sidecar``, ``ambient``, or empty for not at all."""
        pod = self.pods.get(workload.index)
        spec = pod.spec if pod is not None else None
        containers = (*(spec.containers or ()), *(spec.init_containers or ())) if spec is not None else ()
        member = Member(
            workload.group.labels, pod.annotations if pod is not None else {},
            {each.name or "" for each in containers}, workload.hosted,
        )  # fmt: skip
        return membership(member, self._labels.get(workload.namespace, {}))

    def meant(self, namespace: str) -> bool:
        """Whether a namespace is labelled to take part: a pod that says nothing would."""
        return bool(membership(Member({}, {}, (), hosted=False), self._labels.get(namespace, {})))

    def mode(self, workload: Workload, port: int | None = None) -> Mode:
        """How a port of a workload takes connections; without a port what counts for all others."""
        return self._modes.mode(workload.index, workload.namespace, port)

    def authorizations(self, workload: Workload) -> list[ForeignPolicy]:
        """The AuthorizationPolicies that apply to a workload, or may."""
        return self._authorizations.of(workload.index, workload.namespace)

    def admits(self, workload: Workload, port: int, client: Client) -> Truth:
        """Whether AuthorizationPolicies let a client in; what mode the port has is not asked."""
        return self._authorizations.admits(workload.index, workload.namespace, port, client)

    def named(self, workload: Workload) -> frozenset[Account] | None:
        """The accounts that policies for a workload name; None where they mean others otherwise."""
        return self._authorizations.named(workload.index, workload.namespace)

    def needs_identity(self, workload: Workload) -> bool:
        """Whether authorization policies let nobody in without a certificate."""
        spaces = dict.fromkeys((workload.namespace, self._modes.root))
        found = [
            needs for space in spaces for reach, needs in self._identities[space] if reach >> workload.index & 1
        ]  # fmt: skip
        return bool(found) and all(found)


def _needs_identity(rules: Any) -> bool:
    """Whether every rule names who has to come: a policy without rules allows nobody."""
    return all(_rule(each) for each in rules) if isinstance(rules, list) else True


def _rule(rule: Any) -> bool:
    sources = [table(table(each).get("source")) for each in _list(table(rule).get("from"))]
    return bool(sources) and all(any(each.get(key) for key in _IDENTITIES) for each in sources)


def _list(value: Any) -> Iterator[Any]:
    yield from value if isinstance(value, list) else ()

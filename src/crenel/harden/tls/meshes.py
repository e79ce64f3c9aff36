"""Pod to pod: the mesh in use is told to take connections with mutual TLS alone, where nobody is cut off by that.

Which settings let others in is up to the check TL-15, who is in a mesh to `crenel.audit.peers` and
`crenel.audit.linkerd`. Sources: Istio, Mutual TLS Migration (PERMISSIVE for workloads whose clients have no proxy yet,
STRICT for all others; a policy with a selector counts before the one of its namespace); Linkerd, Authorization Policy
(``config.linkerd.io/default-inbound-policy``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from crenel.audit.checks import tl_15
from crenel.audit.finding import Finding
from crenel.audit.linkerd import DEFAULT, Linkerd
from crenel.audit.peers import Istio, is_entrance
from crenel.audit.workloads import Workload
from crenel.bits import members
from crenel.dialects import istio as istio_gateways
from crenel.dialects.istiopeers import PERMISSIVE, STRICT, is_peer_authentication
from crenel.editing.patches import Edit, Set
from crenel.harden.needs.model import End, EvidenceKind, Need, Pods
from crenel.harden.services.clients import Coming
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Change, NewObject, Promise, Thing
from crenel.harden.services.writing import made
from crenel.intents import Tls
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.provenance import NOWHERE

_API = "security.istio.io/v1"
_TRANSIENT = ("pod-template-hash", "controller-revision-hash", "statefulset.kubernetes.io/pod-name")
_KNOWN = {EvidenceKind.DECLARED, EvidenceKind.OBSERVED, EvidenceKind.FACT}
"""How it is known that somebody comes: that there is a way in does not say so."""
_FEW = 3


def changes(context: Context) -> Iterator[Change]:
    """One change for each setting that lets in clients without a certificate."""
    mesh = _Mesh(context)
    if not mesh.present:
        context.keep("pods", _without(context), NOWHERE)
        return
    for finding in tl_15.findings(context.subject):
        if isinstance(finding.thing, ForeignPolicy) and is_peer_authentication(finding.thing):
            yield from mesh.policy(finding, finding.thing)
        elif finding.object.startswith("namespace ") and "Linkerd" not in finding.message and mesh.of_istio(finding):
            yield from mesh.namespace(finding)
        elif finding.object.startswith("namespace ") and mesh.linkerd_in(finding.namespace):
            yield from mesh.linkerd_namespace(finding)


def _without(context: Context) -> str:
    plugin = context.subject.enforcement.cni or ""
    if "cilium" in plugin.lower():
        return ("no mesh is in the input. Cilium can encrypt between nodes (WireGuard or IPsec): its installation says "
                "so (encryption.enabled), and no policy object does")  # fmt: skip
    return "no mesh is in the input: what they send each other is as plain as the applications leave it"


class _Mesh:
    """Who is in the mesh, and who comes from without."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._subject = context.subject
        self._istio = Istio(context.subject)
        self._linkerd = Linkerd(context.subject)
        self._coming = Coming(context)

    @cached_property
    def _inside(self) -> Mapping[int, Workload]:
        """The workloads with a proxy of Istio, by endpoint."""
        return {each.index: each for each in self._subject.workloads if self._istio.inside(each)}

    @cached_property
    def _linked(self) -> Mapping[int, Workload]:
        return {each.index: each for each in self._subject.workloads if self._linkerd.inside(each)}

    @property
    def present(self) -> bool:
        """Whether any workload is in a mesh."""
        return bool(self._inside or self._linked)

    def of_istio(self, finding: Finding) -> bool:
        """Whether a finding about a namespace is about the mesh of Istio."""
        return "PeerAuthentication" in finding.message

    def linkerd_in(self, namespace: str) -> bool:
        """Whether a namespace has workloads of Linkerd's mesh."""
        return any(each.namespace == namespace for each in self._linked.values())

    # Istio

    def namespace(self, finding: Finding) -> Iterator[Change]:
        """A namespace for which nothing says how connections are taken."""
        space = finding.namespace
        covered = [
            each for each in self._inside.values()
            if each.namespace == space and self._istio.mode(each).policy is None
        ]  # fmt: skip
        name = self._free(space, "default")
        why = [f"Workloads of {space} take connections with mutual TLS alone."]
        new = made(_peer(space, name, STRICT, {}), why)
        thing = new.thing
        yield self._strict(finding, thing, (), covered, (new,))

    def policy(self, finding: Finding, policy: ForeignPolicy) -> Iterator[Change]:
        """A policy that says that others are let in as well."""
        thing = self._context.of(finding)
        covered = [each for each in self._inside.values() if self._istio.mode(each).policy is policy]
        if thing is None or "portLevelMtls" in finding.field:
            self._context.keep(finding.object, "it says so for a port by itself: is that still needed?",
                               finding.origin, finding.field)  # fmt: skip
            return
        chosen = bool((policy.spec.get("selector") or {}).get("matchLabels")) if policy.spec else False
        broken = self._broken(covered, self._inside)
        if chosen and broken:
            says = "; ".join(f"{name} takes {', '.join(who)}" for name, who in _named(broken))
            self._context.keep(
                finding.object, f"clients without a proxy need it: {says}", finding.origin, finding.field
            )
            return
        yield self._strict(finding, thing, (Set(finding.field, STRICT),), covered, ())

    def _strict(
        self, finding: Finding, thing: Thing, edits: tuple[Edit, ...], covered: Sequence[Workload],
        new: tuple[NewObject, ...],
    ) -> Change:  # fmt: skip
        broken = self._broken(covered, self._inside)
        new += tuple(self._permissive(workload, who) for workload, who in broken.items())
        notes = tuple(
            f"{name} stays {PERMISSIVE}: {', '.join(who)} would break, as there is no proxy there"
            for name, who in _named(broken)
        )
        what = f"{finding.object}: mutual TLS alone ({STRICT})"
        promise = Promise(identified=frozenset(each.namespace for each in covered))
        change = Change("mtls", what, thing, finding.field if edits else (), edits, finding.message, new=new,
                        promise=promise, mends=mended([finding]), notes=notes)  # fmt: skip
        return self._asked(change, covered, self._inside, broken)

    def _permissive(self, workload: Workload, who: Sequence[str]) -> NewObject:
        labels = {key: value for key, value in workload.group.labels.items() if key not in _TRANSIENT}
        name = self._free(workload.namespace, f"{workload.group.workload}-permissive")
        why = [
            f"Clients without a proxy come to {workload.name}: {', '.join(who)}. Give them one, then take this away."
        ]
        return made(_peer(workload.namespace, name, PERMISSIVE, labels), why)

    def _free(self, namespace: str, name: str) -> str:
        taken = {each.name for each in self._subject.decoded.foreign_policies if each.namespace == namespace}
        number, found = 2, name
        while found in taken:
            number, found = number + 1, f"{name}-{number}"
        return found

    # Linkerd

    def linkerd_namespace(self, finding: Finding) -> Iterator[Change]:
        """A namespace whose workloads take clients without a certificate by default."""
        space = next((each for each in self._subject.decoded.namespaces if each.name == finding.namespace), None)
        thing = self._context.thing(space.origin) if space is not None else None
        if thing is None:
            self._context.keep(finding.object, f"its Namespace is not in the input: annotate it with {DEFAULT}: "
                               "all-authenticated", finding.origin)  # fmt: skip
            return
        covered = [each for each in self._linked.values() if each.namespace == finding.namespace]
        field = ("metadata", "annotations", DEFAULT)
        change = Change(
            "mtls", f"{finding.object}: clients with a certificate alone (all-authenticated)", thing, field,
            (Set(field, "all-authenticated"),), finding.message, mends=mended([finding]),
            notes=("pods have to be restarted: their proxies read it when they begin",),
        )  # fmt: skip
        broken = self._broken(covered, self._linked)
        if broken:
            says = "; ".join(f"{', '.join(who)} to {name}" for name, who in _named(broken))
            self._context.withhold(change, f"clients without a proxy would break: {says}")
            return
        yield self._asked(change, covered, self._linked, broken)

    # Who would break

    def _broken(self, covered: Iterable[Workload], inside: Mapping[int, Workload]) -> dict[Workload, list[str]]:
        """The workloads that somebody without a proxy is known to come to, with who that is."""
        found: dict[Workload, list[str]] = {}
        for workload in covered:
            who = list(dict.fromkeys(self._plain_clients(workload, inside)))
            if who:
                found[workload] = who
        return found

    def _plain_clients(self, workload: Workload, inside: Mapping[int, Workload]) -> Iterator[str]:
        if workload.index in self._gateways:
            return
        if is_entrance(self._subject, workload):
            yield "clients from outside"
        mine = Pods(workload.namespace, workload.group.kind, workload.group.workload)
        for need in self._needs.get(mine, ()):
            source = need.source
            if isinstance(source, Pods):
                if source not in self._owners(inside):
                    yield str(source)
            elif {each.kind for each in need.evidence} & _KNOWN:
                yield str(source)

    @cached_property
    def _needs(self) -> Mapping[End, Sequence[Need]]:
        found: dict[End, list[Need]] = defaultdict(list)
        for need in self._context.gathered.needs.needs:
            found[need.target].append(need)
        return found

    def _owners(self, inside: Mapping[int, Workload]) -> set[Pods]:
        return {Pods(each.namespace, each.group.kind, each.group.workload) for each in inside.values()}

    @cached_property
    def _gateways(self) -> frozenset[int]:
        """The pods of Istio's own gateways, to which these modes do not apply."""
        served = self._subject.proxies
        return frozenset(index for each in served if each.proxy.kind == istio_gateways.KIND for index in each.pods)

    def _asked(
        self, change: Change, covered: Sequence[Workload], inside: Mapping[int, Workload],
        broken: Mapping[Workload, Sequence[str]],
    ) -> Change:  # fmt: skip
        """The change, to be confirmed unless it is known that nobody else comes."""
        statements = self._context.wishes.intents.statements
        known = self._subject.live or self._coming.long_enough
        wanted = any(isinstance(each, Tls) and each.targets for each in statements)
        others = self._strangers([each for each in covered if each not in broken], inside)
        if known or wanted:
            return change
        if others:
            names = ", ".join(others[:_FEW])
            return change.asking(f"{names} get there and have no proxy: do they come?")
        return change.asking("does anybody without a proxy come who is not in the input?")

    def _strangers(self, covered: Sequence[Workload], inside: Mapping[int, Workload]) -> list[str]:
        """Workloads without a proxy that policies let through to some that have one."""
        plain = {each.index: each for each in self._subject.applications if each.index not in inside}
        found: dict[str, None] = {}
        for workload in covered:
            reached = self._subject.reach.into(workload.index)
            for index in members(reached.possible(-1) & self._subject.everybody):
                if index in plain:
                    found.setdefault(plain[index].name)
        return list(found)


def _peer(namespace: str, name: str, mode: str, labels: Mapping[str, str]) -> dict[str, object]:
    selector = {"selector": {"matchLabels": dict(labels)}} if labels else {}
    return {
        "apiVersion": _API,
        "kind": "PeerAuthentication",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {**selector, "mtls": {"mode": mode}},
    }


def _named(broken: Mapping[Workload, Sequence[str]]) -> Iterator[tuple[str, Sequence[str]]]:
    yield from ((workload.name, who) for workload, who in broken.items())

"""The public face of a network: ask it, compare it, change it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crenel.dialects.change import Amended, amended
from crenel.dialects.enforcement import Enforcement
from crenel.dialects.foreign import is_cluster_wide, is_foreign
from crenel.dialects.foreign import notice as foreign_notice
from crenel.dialects.model import Input, Model, build, enforcement_of
from crenel.intents.apart import declared, without_intents
from crenel.kubernetes.decode import Decoded, decode
from crenel.kubernetes.objects.policies import AdminPolicy, NetworkPolicy
from crenel.kubernetes.operators import is_predictable
from crenel.kubernetes.population import further_addresses, node_addresses
from crenel.kubernetes.replacing import Key, replaced
from crenel.network.addresses import AddressSet
from crenel.network.traffic import parse_traffic
from crenel.provenance import FieldPath, Origin, Problem
from crenel.questions import places
from crenel.questions.can import blocked_pair, can
from crenel.questions.connections import Connection, Selection, connections, everything
from crenel.questions.diff import Difference, compare, compare_amended, diff
from crenel.questions.directory import Directory
from crenel.questions.enforced import unenforced_notice
from crenel.questions.exposure.assumptions import Assumptions
from crenel.questions.exposure.assumptions import assume as assumptions
from crenel.questions.exposure.targets import INTERNET, concerns, is_url
from crenel.questions.parties import Parties
from crenel.questions.places import Place, PlaceError
from crenel.questions.remedies.proposal import Remedy
from crenel.questions.remedies.smallest import remedy
from crenel.questions.selecting import narrowed
from crenel.questions.verdict import Decision, Verdict
from crenel.sources.document import Document, Reading

if TYPE_CHECKING:
    from crenel.audit.baseline import Baseline
    from crenel.audit.report import Audit
    from crenel.audit.settings import Settings
    from crenel.audit.subject import Subject
    from crenel.certificates.inventory.model import Inventory
    from crenel.dialects.assemble import Assembly
    from crenel.dialects.joined import Joined
    from crenel.flows.observed import Limits, Observations
    from crenel.intents import Intents
    from crenel.network.firewalls import Infrastructure
    from crenel.network.network import Cuts
    from crenel.questions.exposure.outbound import Outlet
    from crenel.questions.exposure.report import Exposure
    from crenel.questions.layered import Layers
    from crenel.questions.observing.preview import Preview
    from crenel.questions.observing.unused import Unused
    from crenel.questions.proving.result import Proof


class Network:
    """Everything that one input says about who can talk to whom.

    Made by `crenel.load`. Immutable: `with_changes` returns another one.
    """

    def __init__(self, reading: Reading, default_namespace: str = "default", pod_cidrs: Sequence[str] = ()) -> None:
        self.declared = declared(reading)
        """The intents that lie beside the objects of the input."""
        reading = without_intents(reading)
        decoded = _decode(reading.documents, default_namespace)
        self._reading = reading
        self._default_namespace = default_namespace
        known, self._infrastructure = _infrastructure(reading, decoded)
        own = [each for each in reading.problems if not any(each is problem for problem in known)]
        found = self._infrastructure.problems if self._infrastructure is not None else ()
        self.problems: list[Problem] = [*own, *found, *decoded.problems]
        """What was wrong with the input: not read, or not applied."""
        self.examined = reading.examined
        """How many files, or API lists, were looked into."""
        self.given = Input(decoded, tuple(pod_cidrs), tuple(reading.unreadable))
        self.assumed = Assumptions()
        """What stands for what the input lacks in questions from the internet."""
        self.proxies: dict[str, tuple[str, str]] = {}
        """Who serves a proxy that cannot be found: by class or name its (namespace, workload)."""
        self._amended: tuple[Network, Amended] | None = None
        self._edits: list[tuple[tuple[Document, ...], tuple[str, ...]]] = []

    @property
    def infrastructure(self) -> Infrastructure:
        """What the input says of clouds and of the firewalls of hosts."""
        from crenel.network.firewalls import Infrastructure

        return self._infrastructure if self._infrastructure is not None else Infrastructure()

    @cached_property
    def joined(self) -> Joined:
        """The cluster together with the infrastructure that it runs on."""
        from crenel.dialects.joined import join

        return join(self.given, self.infrastructure)

    def exposure(self, *assume: str) -> Exposure:
        """What the internet can reach, path by path. `assume` are like ``internet-facing=yes``.

        Raises:
            ValueError: an assumption cannot be read.
        """
        from crenel.questions.exposure.report import exposure

        return exposure(self.joined, assumptions(assume), self.proxies)

    def outlets(self) -> list[Outlet]:
        """Where each workload can go outside of the cluster."""
        from crenel.questions.exposure.outbound import Outlets

        return list(Outlets(self.joined).all())

    @property
    def default_namespace(self) -> str:
        """Where objects live that name no namespace."""
        return self._default_namespace

    @property
    def documents(self) -> Sequence[Document]:
        """The objects of the input, as they were read."""
        return self._reading.documents

    @cached_property
    def notices(self) -> list[Problem]:
        """What the reader of an answer has to know: policies that are not understood."""
        return foreign_notice(self.given.decoded.foreign_policies)

    @cached_property
    def model(self) -> Model:
        """The translated input; made when the first question is asked."""
        return self._amended[1].model if self._amended is not None else build(self.given)

    @cached_property
    def layers(self) -> Layers:
        """The input with its infrastructure, and what the internet reaches."""
        from crenel.questions.layered import Layers

        return Layers(self.given, self.joined, self.exposed)

    @cached_property
    def layered(self) -> Model:
        """What questions about connections ask: the model, with the infrastructure's layers where the input has any."""
        if not self._infrastructure:
            return self.model
        from crenel.questions.layered import layered

        return layered([self.layers])[0]

    @property
    def resting_on(self) -> Sequence[str]:
        """What answers about connections assume of the infrastructure."""
        return list(self.layers.assumptions()) if self._infrastructure else []

    @cached_property
    def directory(self) -> Directory:
        """Names of this network's endpoints."""
        return Directory(self.layered)

    @cached_property
    def parties(self) -> Parties:
        """Names of sets of endpoints."""
        return Parties(self.layered.network)

    @cached_property
    def enforcement(self) -> Enforcement:
        """Which CNI was recognised, and what it enforces."""
        return enforcement_of(self.given.decoded)

    @property
    def warning(self) -> str:
        """One line that says that policies exist which nothing enforces; empty when that is not so."""
        return unenforced_notice(self.given.decoded, self.enforcement)

    def can(self, source: str, target: str, traffic: str | None = None) -> Verdict:
        """May `source` reach `target`? `traffic` is like ``TCP/5432``; the target may carry a port instead.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        if source != INTERNET or not self._asks_for_paths(target):
            return can(self.directory, source, target, traffic)
        if is_url(target):
            from crenel.questions.exposure import urls

            return urls.ask(self.joined, target, self.assumed, self.proxies)
        return self._from_internet(places.target(target, self._policies_alone), traffic)

    def _asks_for_paths(self, target: str) -> bool:
        """Whether a question from the internet is about paths into the cluster, rather than about an address."""
        return is_url(target) or concerns(places.target(target, self._policies_alone), self.model.network)

    @cached_property
    def _policies_alone(self) -> Directory:
        """Names of the endpoints of the model without the infrastructure's layers."""
        return Directory(self.model) if self._infrastructure else self.directory

    def _from_internet(self, place: Place, traffic: str | None) -> Verdict:
        """Walk the paths from outside; their indices are those of the joined model."""
        from crenel.questions.exposure.asking import verdict

        asked = place.traffic
        if traffic is not None:
            try:
                asked = parse_traffic(traffic)
            except ValueError as error:
                raise PlaceError(str(error)) from None
        names = {self.model.network.endpoints[index].name for index in place.members}
        network = self.joined.model.network
        members = tuple(index for index, each in network.endpoints.items() if each.name in names)
        return verdict(self.exposed, replace(place, members=members), asked, network)

    @cached_property
    def exposed(self) -> Exposure:
        """What the internet can reach under `assumed`; settled when first asked for."""
        from crenel.questions.exposure.report import exposure

        return exposure(self.joined, self.assumed, self.proxies)

    def remedy(self, source: str, target: str, traffic: str | None = None) -> Remedy | None:
        """The smallest change of policies that would allow what is denied between two endpoints.

        Fewest edits, then least extra access. None when it is allowed, when more than two endpoints are meant, or
        when no edit that we can write allows it.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        if source == INTERNET and self._asks_for_paths(target):
            return None
        if self._infrastructure and self._stops(source, target, traffic):
            return None
        blocked = blocked_pair(self._policies_alone, source, target, traffic)
        if blocked is None:
            return None
        outside = blocked.start.addresses or blocked.end.addresses
        if outside is None:
            return remedy(self.model, blocked)
        model = build(self.given, cut_at=outside)
        return remedy(model, blocked_pair(Directory(model), source, target, traffic))

    def _stops(self, source: str, target: str, traffic: str | None) -> bool:
        """Whether something else than a policy stands in the way of a connection as well."""
        from crenel.questions.layered import is_layer

        found = can(self.directory, source, target, traffic)
        return any(step.decision in (Decision.DENY, Decision.POSSIBLE) and is_layer(step) for step in found.trace)

    def connections(
        self,
        *,
        namespaces: Sequence[str] = (),
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        traffic: Sequence[str] = (),
        expand: bool = False,
        nodes: bool = False,
    ) -> list[Connection]:
        """Who can talk to whom; all of it, or what namespaces, sources, targets or some traffic have part in.

        With `expand` every party is a single endpoint or CIDR.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        chosen = self.selection(namespaces, sources, targets, traffic, nodes)
        return connections(self.layered.network, chosen, expand)

    def selection(
        self,
        namespaces: Sequence[str] = (),
        sources: Sequence[str] = (),
        targets: Sequence[str] = (),
        traffic: Sequence[str] = (),
        nodes: bool = False,
    ) -> Selection:
        """What of the map is wanted.

        Raises:
            PlaceError: an end cannot be found, or the traffic cannot be read.
        """
        whole = everything(self.parties, nodes)
        return narrowed(self.directory, self.parties, whole, namespaces, sources, targets, traffic)

    def diff(self, other: Network, *, expand: bool = False) -> Difference:
        """What `other` changes: its connections against this network's."""
        if self._infrastructure or other._infrastructure:
            from crenel.questions.layered import layered

            before, after = layered([self.layers, other.layers])
            return compare(before, after, expand)
        if other._amended is not None and other._amended[0] is self and other._amended[1].differing is not None:
            return compare_amended(self.model, other._amended[1], self.parties, expand)
        return diff(self.given, other.given, expand)

    def with_changes(self, add: Sequence[dict[str, Any]] = (), remove: Sequence[str] = ()) -> Network:
        """Another network, with objects added (or put in the place of those with the same name) and others removed.

        `remove` names objects as ``KIND/NAMESPACE/NAME``, or ``KIND/NAME`` for cluster-wide ones. A change of policies
        alone costs only what it touches.

        Raises:
            PlaceError: an object to remove is not there.
        """
        return self.with_documents(
            [Document(data, Origin("change", number)) for number, data in enumerate(add)], remove
        )

    def with_documents(self, added: Sequence[Document], remove: Sequence[str] = ()) -> Network:
        """The same with documents that come from a source.

        Raises:
            PlaceError: an object to remove is not there.
        """
        return self._policies_changed(added, remove) or self._reread(added, remove)

    @cached_property
    def _policies(self) -> dict[Key, NetworkPolicy | AdminPolicy]:
        decoded = self.given.decoded
        policies: list[NetworkPolicy | AdminPolicy] = [*decoded.network_policies, *decoded.admin_policies]
        return {_key(policy): policy for policy in policies}

    def _policies_changed(self, added: Sequence[Document], remove: Sequence[str]) -> Network | None:
        """The quick way, when nothing but policies differs."""
        fresh = _decode(added, self._default_namespace)
        policies: list[NetworkPolicy | AdminPolicy] = [*fresh.network_policies, *fresh.admin_policies]
        gone = {places.object_key(text) for text in remove}
        if fresh.problems or len(policies) != len(added) or not all(each in self._policies for each in gone):
            return None
        new_keys = {_key(policy): policy for policy in policies}
        removed = [self._policies[each] for each in {*gone, *new_keys} if each in self._policies]
        changed = amended(self.model, policies, removed)
        new = copy(self)
        for cached in ("model", "directory", "parties", "joined", "exposed", "layers", "layered", "_policies_alone"):
            new.__dict__.pop(cached, None)
        known = {**self._policies, **new_keys}
        for each in gone - new_keys.keys():
            del known[each]
        new.__dict__["_policies"] = known
        new._amended = (self, changed)
        new.given = changed.model.given
        new._edits = [*self._edits, (tuple(added), tuple(remove))]
        return new

    def _reread(self, added: Sequence[Document], remove: Sequence[str]) -> Network:
        """The thorough way: all documents are decoded again."""
        old = self._reading
        documents = _edited(old.documents, [*self._edits, (tuple(added), tuple(remove))], self._default_namespace)
        reading = Reading(documents, old.problems, old.unreadable, old.loose, old.examined)
        new = Network(reading, self._default_namespace, self.given.pod_cidrs)
        new.assumed, new.proxies, new.declared = self.assumed, self.proxies, self.declared
        return new

    def observe(
        self,
        flows: Sequence[str],
        *,
        earlier: Sequence[Network] = (),
        limits: Limits | None = None,
        vpc_format: str = "",
    ) -> Observations:
        """Who was seen to talk to whom, in logs of flows: addresses are those of this network's pods at the time.

        `earlier` are states of the same cluster before this one, in order. Needs ``crenel[flows]``. Nothing that is
        wrong with a log raises: see `Observations.failed` and `Read.bad`.

        Raises:
            FlowsError: DuckDB is not installed or does not start, or memory or disk do not suffice.
        """
        from crenel.flows.aggregate import aggregate
        from crenel.flows.census import State, census

        states = [State(each.model, each._reading.taken) for each in (*earlier, self)]
        return aggregate(flows, census(states), limits, vpc_format)

    def preview(self, observed: Observations) -> Preview:
        """What of observed traffic this network would not let through, each with what blocks it."""
        from crenel.questions.observing.preview import preview

        return preview(self, observed)

    def unused(self, observed: Observations) -> Unused:
        """What is allowed and was never seen to be used, by the rules that allow it."""
        from crenel.questions.observing.unused import unused

        return unused(lambda cuts: self._cut(self.given, lambda _: cuts), observed)

    def _cut(self, given: Input, further: Callable[[Assembly], Cuts]) -> Model:
        """The model of an input with the infrastructure's layers, cut where somebody wants it to be."""
        from crenel.questions.proving.ground import cut

        return cut(self, given, further)

    def rewritten(self, changed: Sequence[Document], added: Sequence[Document] = ()) -> Network:
        """Another network, with documents in the place of those that were read from the same place, and some more."""
        fresh = {_place(each.origin): each for each in changed}
        old = self._reading
        now = _edited(old.documents, self._edits, self._default_namespace)
        reading = replace(old, documents=[*(fresh.get(_place(each.origin), each) for each in now), *added])
        new = Network(reading, self._default_namespace, self.given.pod_cidrs)
        new.assumed, new.proxies, new.declared = self.assumed, self.proxies, self.declared
        return new

    def prove(self, intents: Intents) -> Proof:
        """Which declared intents hold, with what speaks against the others and the smallest change that mends them."""
        from crenel.questions.proving.ground import ground
        from crenel.questions.proving.prove import prove

        return prove(ground(self), intents)

    def certificates(self, at: datetime | None = None, files: Sequence[Path] = ()) -> Inventory:
        """Every certificate and key pair of the input, and of files in PEM or DER, judged by a time, or now.

        Needs ``crenel[certs]``; without it the inventory is empty and says so in `missing`.
        """
        from crenel.certificates.inventory.entrance import take

        when = datetime.now(UTC) if at is None else at
        return take(self._reading.documents, self.given.decoded, when, files, self._default_namespace)

    def audit(self, settings: Settings | None = None, baseline: Baseline | None = None) -> Audit:
        """What is wrong with the network's security, how it can be reached, and how to mend it.

        Raises:
            SelectionError: the settings name a check that there is none of.
        """
        from crenel.audit.run import audit

        return audit(self.subject(settings), baseline)

    def subject(self, settings: Settings | None = None) -> Subject:
        """What checks look at: everything in it is worked out when it is first asked for, and kept."""
        from crenel.audit.subject import Material, Subject

        reading = self._reading
        origins = [*(each.origin for each in reading.documents), *(each.origin for each in reading.loose)]
        live = bool(reading.documents) and all(each.served for each in reading.documents)
        material = Material(
            self.given, self.infrastructure, self.assumed, self.proxies, origins, live, self.certificates,
            self._without_declared,
        )  # fmt: skip
        return Subject(material, settings)

    def _without_declared(self) -> Infrastructure | None:
        """What of the infrastructure is there already; None where the input has only that, or nothing of it."""
        from crenel.dialects.infrastructure import is_declared

        loose = [each for each in self._reading.loose if not is_declared(each.data)]
        if not loose or len(loose) == len(self._reading.loose):
            return None
        return _infrastructure(replace(self._reading, loose=loose), self.given.decoded)[1]


def _infrastructure(reading: Reading, decoded: Decoded) -> tuple[list[Problem], Infrastructure | None]:
    """What documents that are no Kubernetes objects say, and the problems that are none then."""
    if not reading.loose:
        return [], None
    from crenel.dialects.infrastructure import gather

    nodes = {node.name: AddressSet.of(*node_addresses(node), *further_addresses(node)) for node in decoded.nodes}
    found, known = gather([(each.data, each.origin) for each in reading.loose], nodes)
    return [each.problem for number, each in enumerate(reading.loose) if number in known], found


def _decode(documents: Sequence[Document], default_namespace: str) -> Decoded:
    return decode(
        documents,
        default_namespace=default_namespace,
        foreign=is_foreign,
        predictable=is_predictable,
        cluster_wide=is_cluster_wide,
    )


def _place(origin: Origin) -> tuple[str, int, FieldPath]:
    return origin.source, origin.document, origin.item


def _edited(
    documents: Sequence[Document], edits: Sequence[tuple[Sequence[Document], Sequence[str]]], default_namespace: str
) -> list[Document]:
    found = list(documents)
    for added, remove in edits:
        found, missing = replaced(found, added, map(places.object_key, remove), default_namespace)
        for kind, namespace, name in missing:
            title = "/".join(filter(None, (namespace, name)))
            raise PlaceError(f"nothing to leave out: no {kind} {title} in the input")
    return found


def _key(policy: NetworkPolicy | AdminPolicy) -> Key:
    return policy.kind.lower(), policy.namespace, policy.name

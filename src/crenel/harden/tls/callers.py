"""Who comes to the workloads of a mesh, by the needs, as the proxies of the mesh see it: by certificate or by address.

Workloads that no label tells apart are one `Unit`. Clients of the mesh are known by their service accounts alone, those
without a proxy by the addresses that pods, nodes or they themselves have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crenel.audit.workloads import Workload
from crenel.dialects.admission import Account, Client
from crenel.harden.needs.ground import Written, items, mapping
from crenel.harden.needs.meshes import HBONE_BY, OPAQUE_BY
from crenel.harden.needs.model import Everybody, Named, Need, Outside, Pods
from crenel.harden.policies.labels import Choice, Chooser
from crenel.harden.services.context import Context
from crenel.network.addresses import AddressSet
from crenel.network.traffic import TCP

_MANY = 16
"""A range of more ports than these is not written port by port: it is any port."""
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
ALL_PROBES = ("httpGet", "tcpSocket", "grpc")
"""The kinds of probes that come over the network."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is let in at some TCP ports of the pods; None is any port.

    `accounts` show a certificate. Who comes from `networks` is let in too: with `strangers` those without one alone.
    `why` are lines of evidence.
    """

    words: str
    ports: tuple[int, ...] | None
    accounts: frozenset[Account]
    networks: AddressSet
    strangers: bool
    why: tuple[str, ...]

    def at(self, port: int) -> bool:
        """Whether it is let in at a port."""
        return self.ports is None or port in self.ports

    @property
    def clients(self) -> Iterator[Client]:
        """Everything that it may be."""
        yield from (Client(each) for each in sorted(self.accounts))
        if self.networks:
            yield Client(None, self.networks)


@dataclass(frozen=True)
class Unit:
    """Workloads of a namespace that no label tells apart, the TCP ports that they have, and who comes to them.

    `tolerated` come to others whose policies apply here too, as no label keeps them apart.
    """

    pods: tuple[Pods, ...]
    choice: Choice
    ports: tuple[int, ...]
    callers: tuple[Caller, ...]
    tolerated: tuple[Caller, ...] = ()

    @property
    def namespace(self) -> str:
        """Where its pods are."""
        return self.pods[0].namespace

    def at(self, port: int) -> list[Caller]:
        """Who is let in at a port, those who are tolerated among them."""
        return [each for each in (*self.callers, *self.tolerated) if each.at(port)]

    def __str__(self) -> str:
        return ", ".join(map(str, self.pods))


class Callers:
    """The units of one mesh. `inside` tells of a workload whether it takes part, `ports` which TCP ports it has."""

    def __init__(
        self, context: Context, inside: Callable[[Workload], bool], ports: Callable[[Workload], Sequence[int]]
    ) -> None:
        self._context = context
        self._gathered = context.reached
        self._ground = self._gathered.ground
        self._chooser = Chooser(self._ground)
        self._inside = inside
        self._ports = ports

    @cached_property
    def workloads(self) -> Mapping[Pods, Sequence[Workload]]:
        """The endpoints of each workload."""
        found: dict[Pods, list[Workload]] = defaultdict(list)
        for each in self._context.subject.workloads:
            found[pods_of(each)].append(each)
        return found

    @cached_property
    def members(self) -> Mapping[Pods, frozenset[Account]]:
        """The workloads that take part in the mesh, each with the service accounts of its pods."""
        found = {
            pods: frozenset((each.namespace, each.group.service_account) for each in parts if self._inside(each))
            for pods, parts in self.workloads.items()
        }
        return {pods: accounts for pods, accounts in found.items() if accounts}

    def units(self, plain: Callable[[Workload, int | None], bool]) -> Iterator[Unit]:
        """All units of the wanted namespaces; at ports that are `plain` nobody shows a certificate."""
        applications = {pods_of(each) for each in self._context.subject.applications}
        wanted = self._context.wishes.settings.namespaces
        done: set[Pods] = set()
        for pods in self.members:
            if pods in done or pods not in applications or (wanted and pods.namespace not in wanted):
                continue
            choice = self._chooser.of(pods)
            alike = tuple(sorted({pods, *(each for each in choice.shared if each in self.members)}))
            done.update(alike)
            parts = [each for one in alike for each in self.workloads[one]]
            ports = tuple(sorted({port for each in parts for port in self._ports(each)}))
            callers = [
                caller
                for each in alike
                for need in self._needs.get(each, ())
                if (caller := self._caller(need, plain, parts)) is not None
            ]
            yield Unit(alike, choice, ports, tuple(callers))

    @cached_property
    def _needs(self) -> Mapping[Pods, Sequence[Need]]:
        found: dict[Pods, list[Need]] = defaultdict(list)
        for need in self._gathered.needs.needs:
            tcp = need.traffic is None or need.traffic.protocol in (None, TCP)
            if isinstance(need.target, Pods) and tcp and not _is_carrier(need):
                found[need.target].append(need)
        return found

    def _caller(
        self, need: Need, plain: Callable[[Workload, int | None], bool], parts: Sequence[Workload]
    ) -> Caller | None:
        ports = _ports(need)
        known = Caller(str(need.source), ports, frozenset(), AddressSet(), False, tuple(self._why(need)))
        source = need.source
        if isinstance(source, Pods):
            bare = any(plain(each, port) for each in parts for port in ports or (None,))
            accounts = frozenset() if bare else self.members.get(source, frozenset())
            left = not accounts or any(not self._inside(each) for each in self.workloads[source])
            networks = self._addresses(source) if left else AddressSet()
            return replace(known, accounts=accounts, networks=networks, strangers=left and not bare)
        if isinstance(source, Outside):
            return replace(known, networks=source.addresses)
        if isinstance(source, Everybody):
            return replace(known, networks=self._everywhere)
        assert isinstance(source, Named)
        return None

    def _addresses(self, pods: Pods) -> AddressSet:
        """The addresses that a workload may have."""
        if pods in self._ground.owners and self._ground.hosted(pods):
            own = self._ground.group(pods).addresses
            return AddressSet.of(*own) if own else self._ground.node_addresses or self._everywhere
        return self._context.pod_ranges or self._everywhere

    @property
    def _everywhere(self) -> AddressSet:
        return AddressSet.everything(*self._ground.model.network.blueprint.families)

    def _why(self, need: Need) -> Iterator[str]:
        prefix = "guess, to be confirmed: " if need.guessed else ""
        for each in need.evidence:
            place = f" ({self._ground.short(each.place)})" if each.place else ""
            yield f"{prefix}{each.text}{place}"

    def kubelet(self, unit: Unit, kinds: Sequence[str]) -> Iterator[Caller]:
        """The kubelet, which shows no certificate, at the ports of probes of some kinds.

        It comes with the address of the node, or with that of the bridge to which the pods of the node are attached.
        """
        ports = tuple(sorted({port for pods in unit.pods for port in self._probed(pods, kinds)}))
        if ports:
            near = self._ground.node_addresses, self._context.pod_ranges
            networks = near[0] | near[1] if all(near) else self._everywhere
            yield Caller("the kubelet", ports, frozenset(), networks, True, ("it probes the pods",))

    def _probed(self, pods: Pods, kinds: Sequence[str]) -> Iterator[int]:
        written = self._ground.written.get(pods)
        for container, _ in written.containers if written is not None else ():
            ports = [mapping(each) for each in items(container.get("ports"))]
            names = {str(each["name"]): each.get("containerPort") for each in ports if each.get("name")}
            for probe in _PROBES:
                for kind in kinds:
                    port = mapping(mapping(container.get(probe)).get(kind)).get("port")
                    number = names.get(str(port), port)
                    if isinstance(number, int):
                        yield number

    def written(self, pods: Pods) -> Written | None:
        """What people wrote of a workload."""
        return self._ground.written.get(pods)

    def namesakes(self, caller: Caller) -> list[Pods]:
        """The workloads of the mesh that show the certificate of a caller, and are not meant."""
        return [
            pods for pods, accounts in self.members.items() if accounts & caller.accounts and str(pods) != caller.words
        ]


def pods_of(workload: Workload) -> Pods:
    """The workload of an endpoint."""
    return Pods(workload.namespace, workload.group.kind, workload.group.workload)


def _is_carrier(need: Need) -> bool:
    """Whether it is for a port of proxies, which stands for others that are needed."""
    return need.traffic is not None and need.traffic.ports in ((OPAQUE_BY, OPAQUE_BY), (HBONE_BY, HBONE_BY))


def _ports(need: Need) -> tuple[int, ...] | None:
    """The ports of a need; None for any."""
    if need.traffic is None or need.traffic.ports is None:
        return None
    first, last = need.traffic.ports
    return tuple(range(first, last + 1)) if last - first < _MANY else None


def by_port(unit: Unit) -> dict[int | None, list[Caller]]:
    """Who comes, by each port that is named; those who come to any port stand under None."""
    found: dict[int | None, list[Caller]] = defaultdict(list)
    for each in unit.callers:
        for port in each.ports or (None,):
            found[port].append(each)
    return found


def union_of(callers: Sequence[Caller], *, strangers: bool) -> AddressSet:
    """The networks of some callers, of those of one sort."""
    found = AddressSet()
    for each in callers:
        if each.strangers is strangers:
            found |= each.networks
    return found


def accounts_of(callers: Sequence[Caller]) -> list[Account]:
    """The service accounts of some callers."""
    return sorted({account for each in callers for account in each.accounts})


def evidence(callers: Sequence[Caller]) -> list[str]:
    """Lines that say who comes, and why."""
    lines = [f"{each.words}: {'; '.join(each.why)}" if each.why else each.words for each in callers]
    return list(dict.fromkeys(lines))


def networks_of(addresses: AddressSet) -> list[dict[str, Any]]:
    """Addresses as CIDRs with exceptions, each beside the CIDR that it lies in."""
    cidrs, holes = addresses.written()
    found = []
    for cidr in cidrs:
        within = [each for each in holes if AddressSet.of(each) <= AddressSet.of(cidr)]
        found.append({"cidr": cidr, **({"except": within} if within else {})})
    return found

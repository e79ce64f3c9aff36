"""What an intent is put together from: the facts that it rests on, and the openings that are added one by one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

from crenel.dialects.enforcement import Enforcement
from crenel.dialects.joined import Joined
from crenel.harden.infrastructure.model import End, Group, Opening
from crenel.kubernetes.decode import Decoded
from crenel.network.addresses import AddressSet, Family
from crenel.network.firewalls import Interface
from crenel.network.rules import Direction
from crenel.network.traffic import Match
from crenel.questions.exposure.outbound import Outlet
from crenel.questions.exposure.report import Exposure

NODES, CONTROL_PLANE = "nodes", "control-plane"
_CLOUDS = {"aws": "aws", "azure": "azure", "gce": "gcp", "openstack": "openstack"}
"""Platforms by what provider ids begin with."""


class Asked(Protocol):
    """What is asked of a network: `crenel.library.Network` has it."""

    @property
    def joined(self) -> Joined:
        """The cluster together with the infrastructure that it runs on."""

    @property
    def enforcement(self) -> Enforcement:
        """Which network plugin was recognised."""

    @property
    def exposed(self) -> Exposure:
        """What the internet can reach."""

    def outlets(self) -> list[Outlet]:
        """Where each workload can go outside of the cluster."""


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody says besides.

    `api_server` are addresses or CIDRs of the API server, with ``:PORT`` or without; `administrators` who may open
    sessions at machines (SSH); `registries` where machines get images and the cloud's API, everywhere where none is
    said; `resolvers` and `clocks` the servers of DNS and time of machines that no cloud gives any.
    """

    api_server: tuple[str, ...] = ()
    administrators: AddressSet = AddressSet()
    registries: AddressSet = AddressSet()
    resolvers: AddressSet = AddressSet()
    clocks: AddressSet = AddressSet()
    further: tuple[Opening, ...] = ()


@dataclass
class Draft:
    """An intent in the making."""

    asked: Asked
    given: Given
    groups: dict[str, Group] = field(default_factory=dict)
    openings: dict[Opening, None] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)

    @property
    def joined(self) -> Joined:
        """The cluster with its infrastructure."""
        return self.asked.joined

    @property
    def decoded(self) -> Decoded:
        """The objects of the cluster."""
        return self.joined.model.given.decoded

    @cached_property
    def interfaces(self) -> Mapping[str, Interface]:
        """The interfaces of the infrastructure by name."""
        return {each.name: each for each in self.joined.infrastructure.interfaces}

    @cached_property
    def own(self) -> frozenset[str]:
        """The machines of the cluster's nodes."""
        names = (name for names in self.joined.machines.values() for name in names)
        return frozenset(self.interfaces[name].machine for name in names)

    @property
    def families(self) -> tuple[Family, ...]:
        """The families that the cluster uses."""
        return self.joined.model.network.blueprint.families

    @property
    def everywhere(self) -> AddressSet:
        """All addresses of these families."""
        return AddressSet.everything(*self.families)

    @cached_property
    def cloud(self) -> str:
        """The platform that the provider ids of nodes name; empty for none."""
        ids = [node.spec.provider_id or "" for node in self.decoded.nodes if node.spec is not None]
        found = {_CLOUDS[each.partition("://")[0]] for each in ids if each.partition("://")[0] in _CLOUDS}
        return next(iter(sorted(found)), "")

    @property
    def machines(self) -> list[str]:
        """The groups of machines that the cluster's own network is on."""
        return [name for name in (NODES, CONTROL_PLANE) if name in self.groups and self.groups[name].members]

    @cached_property
    def pods(self) -> AddressSet:
        """Where pods are, as far as that is known."""
        found = AddressSet.of(*self.joined.model.given.pod_cidrs)
        for node in self.decoded.nodes:
            listed = (node.spec.pod_cidrs or [node.spec.pod_cidr or ""]) if node.spec is not None else []
            found |= AddressSet.of(*(each for each in listed if each))
        return found

    def note(self, text: str) -> None:
        """Say something about the intent, once."""
        self.notes[text] = None

    def add(self, group: str, direction: Direction, end: End, traffic: Sequence[Match] | None, why: str) -> None:
        """Open something to, or for, a group; nothing where there is no such group."""
        if group in self.groups and self.groups[group].members and (end.groups or end.addresses):
            self.openings[Opening(group, direction, end, None if traffic is None else tuple(traffic), why)] = None

    def let(self, source: str, target: str, traffic: Sequence[Match] | None, why: str) -> None:
        """Open a way from one group to another, at both ends."""
        if source in self.groups and target in self.groups:
            self.add(source, Direction.EGRESS, self.end(target), traffic, why)
            self.add(target, Direction.INGRESS, self.end(source), traffic, why)

    def end(self, *groups: str) -> End:
        """Groups as another end: those that have no members by their addresses."""
        known = [self.groups[each] for each in groups if each in self.groups]
        addresses = AddressSet()
        for each in known:
            addresses |= each.ranges if not each.members else AddressSet()
        return End(frozenset(each.name for each in known if each.members), addresses)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every group of machines with every one, itself included."""
        yield from ((one, other) for one in self.machines for other in self.machines)

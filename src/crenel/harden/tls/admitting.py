"""Whether a mesh lets in whom it should, and nobody else: asked of what is there, and of what is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

from crenel.audit.linkerd import Linkerd
from crenel.audit.peers import Istio
from crenel.audit.workloads import Workload
from crenel.dialects.admission import Account, Client
from crenel.dialects.known import Truth
from crenel.harden.needs.model import Pods
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change
from crenel.harden.tls.callers import Caller, Unit, pods_of
from crenel.network.addresses import AddressSet

_FREE = 65533
"""A port that nobody is known to come to, where it is asked whether others are closed."""


class Admits(Protocol):
    """What answers for a mesh."""

    def admits(self, workload: Workload, port: int, client: Client) -> Truth:
        """Whether a client is let in."""

    def named(self, workload: Workload) -> frozenset[Account] | None:
        """The accounts that policies name; None where others are told apart too."""

    def inside(self, workload: Workload) -> object:
        """Whether a workload takes part."""


class Admitted:
    """Answers for one network and one mesh. `closes` says that what no policy names is closed: ports as well."""

    def __init__(self, context: Context, mesh: Admits, *, closes: bool) -> None:
        self._context = context
        self._mesh = mesh
        self._closes = closes

    def missing(self, unit: Unit) -> Iterator[tuple[Workload, int, Caller, Client, Truth]]:
        """Who should be let in, and surely is not."""
        for workload in self._workloads(unit):
            for caller in unit.callers:
                for port in self._ports(unit) if caller.ports is None else caller.ports:
                    for client in caller.clients:
                        answer = self._mesh.admits(workload, port, client)
                        if answer is not Truth.YES:
                            yield workload, port, caller, client, answer

    def excess(self, unit: Unit, ports: Sequence[int] | None = None) -> Iterator[str]:
        """Who is let in, or may be, and should not, in words."""
        for workload in self._workloads(unit):
            named = self._mesh.named(workload)
            for port in self._ports(unit) if ports is None else ports:
                here = unit.at(port)
                for account in self._strange(workload, port, here, named):
                    yield f"service account {account[0]}/{account[1]} to {workload.name} TCP/{port}"
                others = self._everywhere - _networks(here)
                if others and self._mesh.admits(workload, port, Client(None, others)) is not Truth.NO:
                    yield f"clients without a certificate to {workload.name} TCP/{port}"

    def _strange(
        self, workload: Workload, port: int, here: Sequence[Caller], named: frozenset[Account] | None
    ) -> Iterator[Account]:
        """The accounts that are let in and should not: of those that no policy tells apart one is asked for all."""
        others = self._accounts - {account for each in here for account in each.accounts}
        alike = sorted(others - named) if named is not None else []
        apart = sorted(others) if named is None else sorted(others & named)
        yield from (each for each in apart if self._is_let_in(workload, port, Client(each), here))
        if alike and self._is_let_in(workload, port, Client(alike[0]), here):
            yield from alike

    def _is_let_in(self, workload: Workload, port: int, client: Client, here: Sequence[Caller]) -> bool:
        """Whether an account gets in otherwise than by a network from which somebody has to come."""
        answer = self._mesh.admits(workload, port, client)
        if any(each.networks and (not each.strangers or not self._closes) for each in here):
            return False
        return answer is not Truth.NO

    def _ports(self, unit: Unit) -> list[int]:
        named = {port for each in unit.callers for port in each.ports or ()}
        return sorted({*unit.ports, *((*named, _FREE) if self._closes else ())})

    def _workloads(self, unit: Unit) -> Iterator[Workload]:
        for pods in unit.pods:
            yield from (each for each in self._by_pods.get(pods, ()) if self._mesh.inside(each))

    @cached_property
    def _by_pods(self) -> dict[Pods, list[Workload]]:
        found: dict[Pods, list[Workload]] = {}
        for each in self._context.subject.workloads:
            found.setdefault(pods_of(each), []).append(each)
        return found

    @cached_property
    def _accounts(self) -> frozenset[Account]:
        return frozenset(
            (each.namespace, each.group.service_account)
            for each in self._context.subject.workloads
            if self._mesh.inside(each)
        )

    @property
    def _everywhere(self) -> AddressSet:
        return AddressSet.everything(*self._context.subject.network.blueprint.families)


def _networks(callers: Sequence[Caller]) -> AddressSet:
    found = AddressSet()
    for each in callers:
        found |= each.networks
    return found


def objections(before: Context, after: Context, changes: Sequence[Change]) -> Iterator[str]:
    """What speaks against policies that changes write: whom they cut off though he is needed, or let in beside."""
    for linkerd in (False, True):
        units = [each for change in changes for each in change.promise.admits if change.promise.linkerd is linkerd]
        if units:
            was, now = _answers(before, linkerd=linkerd), _answers(after, linkerd=linkerd)
            for unit in units:
                yield from _against(was, now, unit)


def _answers(context: Context, *, linkerd: bool) -> Admitted:
    if linkerd:
        return Admitted(context, Linkerd(context.subject), closes=False)
    return Admitted(context, Istio(context.subject), closes=True)


def _against(was: Admitted, now: Admitted, unit: Unit) -> Iterator[str]:
    doubted = {(one[0].name, *one[1:]) for one in was.missing(unit)}
    for workload, port, caller, client, answer in now.missing(unit):
        known = (workload.name, port, caller, client)
        if (*known, answer) not in doubted and (*known, Truth.NO) not in doubted:
            may = "would" if answer is Truth.NO else "might"
            yield f"{caller.words} {may} not be let in to {workload.name} TCP/{port} by the mesh"
    beside = list(dict.fromkeys(now.excess(unit)))
    allowed = frozenset(was.excess(unit)) if beside else frozenset[str]()
    for each in beside:
        if each not in allowed:
            yield f"the mesh would let in {each}, which is not needed"

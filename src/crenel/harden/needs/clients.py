"""Who may be a client of a Service, and which Services have none that is known."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Basket, EvidenceKind, Pods
from crenel.harden.needs.monitoring import scrapers
from crenel.harden.needs.programs import (
    BROKERS,
    DATABASES,
    METRICS,
    STORES,
    is_looked_at,
    is_one_of,
    is_store,
    is_watching,
    program,
)
from crenel.harden.needs.speaking import common_words, for_people, makes_load, says_nothing, takes_work
from crenel.harden.needs.texts import words_of
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.traffic import Match, protocol_number

_PART_OF, _INSTANCE = "app.kubernetes.io/part-of", "app.kubernetes.io/instance"
_MANY = 3
"""How many parts have to be reached from outside, or told of one, before that may say nothing."""
_NO_PORT = 55555
"""The port that kompose gives to Services of what has none (kompose.io, "Conversion": headless Services)."""


class Clients:
    """Looks at what is known so far: one is made anew when more is."""

    def __init__(self, ground: Ground, basket: Basket) -> None:
        self._ground = ground
        self._basket = basket

    def unused(self) -> Iterator[Service]:
        """The Services that lead to workloads that nobody is known to need."""
        for service in self._ground.decoded.services:
            targets = self._ground.pods_behind(service)
            if targets and any(asked_ports(service)) and not any(self._is_used(each) for each in targets):
                yield service

    def candidates(self, service: Service) -> list[Pods]:
        """Everybody who may be a client of a Service by what it is."""
        targets = self._ground.pods_behind(service)
        return [pods for pods in self._ground.owners if self._may_be(pods, service, targets)]

    def of(self, service: Service) -> list[Pods]:
        """Those of them for whom nothing speaks against it, where nothing else is known of a Service."""
        targets = self._ground.pods_behind(service)
        if all(is_looked_at(self._ground, each) for each in targets):
            return []
        found = [each for each in self.candidates(service) if not makes_load(each.name)]
        if self.is_entrance(service):
            return [each for each in found if each in self._entered and for_people(each.name)]
        if any(takes_work(each.name) for each in targets) and self._queued(service.namespace):
            return []
        found = [each for each in found if self._untold(each) and not self._calls_back(each, targets)]
        return self._by_layers(found, targets)

    def is_entrance(self, service: Service) -> bool:
        """Whether a Service by its name is for people, or for anybody; or already is for those outside."""
        targets = self._ground.pods_behind(service)
        if not all(self._is_part(each) for each in targets):
            return False
        if for_people(service.name):
            return True
        return says_nothing(service.name, self.common(service)) and not self._has_entrance(service.namespace)

    def common(self, service: Service) -> list[str]:
        """The words that Services beside it share."""
        return common_words(service, self._ground)

    def _is_used(self, target: Pods) -> bool:
        """Whether somebody is known to need a workload, other than to watch it.

        Who comes in from outside is enough for a part of the application, and not for what it keeps its data in.
        """
        if target in self._needed:
            return True
        if not self._is_part(target):
            return False
        return target in self._entered and (for_people(target.name) or self._tells(target.namespace))

    def _tells(self, namespace: str) -> bool:
        """Whether being reached from outside tells parts of an application from each other: not if most are."""
        behind = {each for service in self._ground.decoded.services for each in self._ground.pods_behind(service)}
        parts = {each for each in behind if each.namespace == namespace and not is_store(self._ground, each)}
        entered = parts & self._entered
        return len(entered) < _MANY or len(entered) * 2 <= len(parts)

    @cached_property
    def _needed(self) -> set[Pods]:
        return {target for targets in self._known.values() for target in targets}

    @cached_property
    def _known(self) -> dict[Pods, set[Pods]]:
        """Who is known to need whom within the cluster, other than to watch it or to let others in to it."""
        watching, found = set(scrapers(self._ground)), dict[Pods, set[Pods]]()
        for source, target, _ in self._basket.found:
            if not isinstance(source, Pods) or not isinstance(target, Pods) or source == target:
                continue
            if source not in watching and (source, target) not in self._basket.entries:
                found.setdefault(source, set()).add(target)
        return found

    @cached_property
    def _entered(self) -> set[Pods]:
        """Those that are reached from outside, by themselves or through a proxy."""
        return {target for _, target in self._basket.entries}

    def _may_be(self, pods: Pods, service: Service, targets: list[Pods]) -> bool:
        if pods.namespace != service.namespace or pods in targets or self._ground.hosted(pods):
            return False
        if is_watching(self._ground, pods) or is_looked_at(self._ground, pods):
            return False
        if is_store(self._ground, pods):
            words = program(self._ground, pods) & STORES
            return any(words & program(self._ground, each) for each in targets)
        mine = self._ground.group(pods).labels
        for target in targets:
            other = self._ground.group(target).labels
            for key in (_PART_OF, _INSTANCE):
                if key in mine and key in other and mine[key] != other[key]:
                    return False
        return True

    def _untold(self, pods: Pods) -> bool:
        """Whether no setting tells a workload whom of the application it talks to: then it may know them by heart."""
        for (source, target, _), evidence in self._basket.found.items():
            told = source == pods and any(each.kind is EvidenceKind.REFERENCE for each in evidence)
            if told and isinstance(target, Pods) and self._is_part(target) and target not in self._for_all:
                return False
        return True

    @cached_property
    def _for_all(self) -> set[Pods]:
        """Whom most of an application refer to, such as a registry: being told of it says nothing of the others."""
        parts = {pods for pods in self._ground.owners if self._is_part(pods)}
        users = dict[Pods, set[Pods]]()
        for source, targets in self._known.items():
            for target in targets if source in parts else ():
                users.setdefault(target, set()).add(source)
        many = {target: sum(each.namespace == target.namespace for each in parts) for target in users}
        return {target for target, found in users.items() if len(found) >= _MANY and len(found) * 2 > many[target] - 1}

    def _is_part(self, pods: Pods) -> bool:
        """Whether a workload is of the application itself, rather than a program that it uses."""
        return not is_store(self._ground, pods) and not is_watching(self._ground, pods)

    def _calls_back(self, pods: Pods, targets: list[Pods]) -> bool:
        """Whether a target is known to need a workload, directly or not: then that one hardly needs it as well."""
        seen, waiting = set(targets), list(targets)
        while waiting:
            for each in self._known.get(waiting.pop(), set()) - seen:
                seen.add(each)
                waiting.append(each)
        return pods in seen

    def _queued(self, namespace: str) -> bool:
        return any(
            pods.namespace == namespace and is_one_of(self._ground, pods, BROKERS) for pods in self._ground.owners
        )

    def _has_entrance(self, namespace: str) -> bool:
        return any(pods.namespace == namespace and for_people(pods.name) for pods in self._ground.owners)

    def _by_layers(self, found: list[Pods], targets: list[Pods]) -> list[Pods]:
        """Of those who may use a database or a broker, the ones behind what people look at, without another one."""
        if not all(is_one_of(self._ground, each, DATABASES | BROKERS) for each in targets):
            return found
        behind = [each for each in found if not for_people(each.name)] or found
        if not all(is_one_of(self._ground, each, DATABASES) for each in targets):
            return behind
        return [each for each in behind if not self._has_database(each)] or behind

    def _has_database(self, pods: Pods) -> bool:
        return any(is_one_of(self._ground, each, DATABASES) for each in self._known.get(pods, ()))


def asked_ports(service: Service) -> Iterator[Match]:
    """The ports of a Service that clients may ask for: not those for metrics, nor those that stand for none."""
    for port in (service.spec.ports if service.spec else None) or ():
        if not _is_metrics(port) and port.port != _NO_PORT:
            yield Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))


def _is_metrics(port: ServicePort) -> bool:
    words = set(words_of(f"{port.name or ''} {port.target_port if isinstance(port.target_port, str) else ''}"))
    return bool(words & METRICS)

"""Needs that nothing states and that are likely all the same: for the user to confirm.

They are made only where nothing better is known: for Services that nobody is known to use, for replicas of what keeps
data together, and for pairs of well-known programs. The order of the reasons goes from the narrow to the wide: a
name made of another one (``orders-db``), a setting whose name speaks of the Service or its program, programs that
belong together, and last everybody in the namespace who may be a client at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.harden.needs import peers
from crenel.harden.needs.clients import Clients, asked_ports
from crenel.harden.needs.ground import Ground, is_system
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Pods, Traffic
from crenel.harden.needs.programs import HELPERS, TOGETHER, client_ports, is_looked_at, program
from crenel.harden.needs.speaking import clue, clue_of_program, makes_load, owners_of_store
from crenel.kubernetes.objects.services import Service
from crenel.provenance import NOWHERE, Origin


def guessed(ground: Ground, basket: Basket) -> None:
    """Add the guesses; everything else is in the basket already.

    None is made for namespaces of which somebody declared something, or whose traffic was observed: they know better.
    """
    told = _told(basket)
    for pods in ground.owners:
        if pods.namespace not in told:
            peers.between(ground, basket, pods)
    _programs(ground, basket, told)
    unused = [each for each in Clients(ground, basket).unused() if not is_system(each.namespace)]
    for service in unused:
        if service.namespace in told:
            _closed(ground, basket, service)
    _Users(ground, basket, [each for each in unused if each.namespace not in told]).find()
    _load(ground, basket, told)


def _told(basket: Basket) -> set[str]:
    """The namespaces of which somebody declared or saw something."""
    known = (EvidenceKind.DECLARED, EvidenceKind.OBSERVED)
    return {
        end.namespace
        for (source, target, _), evidence in basket.found.items()
        if any(each.kind in known for each in evidence)
        for end in (source, target)
        if isinstance(end, Pods)
    }


def _closed(ground: Ground, basket: Basket, service: Service) -> None:
    if not any(basket.reaches(each) for each in ground.pods_behind(service)):
        text = "nobody is known to use it: it is closed to everybody"
        basket.remark(f"{service.namespace}/svc/{service.name}", text, service.origin)


def _guess(text: str, origin: Origin = NOWHERE) -> Evidence:
    return Evidence(EvidenceKind.GUESS, text, origin)


def _programs(ground: Ground, basket: Basket, told: set[str]) -> None:
    programs = {pods: program(ground, pods) for pods in ground.owners if pods.namespace not in told}
    for client, servers in TOGETHER:
        for source in (pods for pods, found in programs.items() if client in found and not found & HELPERS):
            for target, found in programs.items():
                if target == source or target.namespace != source.namespace or not found & set(servers):
                    continue
                if found & HELPERS or client in found:
                    continue
                if not any((s, t) == (source, target) for s, t, _ in basket.found):
                    text = f"{client} is made to talk to {', '.join(sorted(found & set(servers)))}"
                    basket.add(source, target, list(_served(ground, target)), _guess(text))


def _served(ground: Ground, pods: Pods) -> Iterator[Traffic]:
    """The ports that Services lead to at a workload, but for metrics."""
    for service in ground.decoded.services:
        if service.namespace == pods.namespace:
            yield from _ports(ground, service, pods)


def _ports(ground: Ground, service: Service, pods: Pods) -> Iterator[Traffic]:
    """The ports by which clients come to a workload: those of its program, where they are known, or all."""
    found = [t for each in asked_ports(service) for end, t in ground.behind(service, (each,)) if end == pods]
    usual = client_ports(ground, pods)
    yield from [each for each in found if each and each.ports and each.ports[0] in usual] or found


class _Users:
    """Who uses the Services that nobody is known to use. What is found narrowly speaks against wide guesses."""

    def __init__(self, ground: Ground, basket: Basket, services: list[Service]) -> None:
        self._ground = ground
        self._basket = basket
        self._services = services

    def find(self) -> None:
        wide = [each for each in self._services if not self._narrow(each)]
        clients = Clients(self._ground, self._basket)
        found = [(service, clients.of(service)) for service in wide]
        for service, users in found:
            for pods in users:
                self._use(pods, service, f"nobody is known to use {service.title}: a possible client")
            if not users:
                _closed(self._ground, self._basket, service)

    def _narrow(self, service: Service) -> bool:
        """Whether names say who uses a Service."""
        clients, targets = Clients(self._ground, self._basket), self._ground.pods_behind(service)
        if all(is_looked_at(self._ground, each) for each in targets):
            return False
        candidates = clients.candidates(service)
        for text in (
            {pods: f"its name is made of {pods.name}" for pods in owners_of_store(self._ground, service, candidates)},
            {pods: clue(self._ground, pods, service) for pods in candidates},
            {pods: clue_of_program(self._ground, pods, targets) for pods in candidates},
        ):
            users = {pods: why for pods, why in text.items() if why}
            for pods, why in users.items():
                self._use(pods, service, f"nobody else is known to use it, and {why}")
            if users:
                return True
        return False

    def _use(self, pods: Pods, service: Service, text: str) -> None:
        for target in self._ground.pods_behind(service):
            if target != pods:
                self._basket.add(pods, target, _ports(self._ground, service, target), _guess(text, service.origin))


def _load(ground: Ground, basket: Basket, told: set[str]) -> None:
    """What makes load comes to what people come to, where it is not known whom else it comes to."""
    talking = {source for source, target, _ in basket.found if isinstance(target, Pods)}
    clients = Clients(ground, basket)
    for pods in ground.owners:
        if pods.namespace in told or pods in talking or not makes_load(pods.name):
            continue
        for service in ground.decoded.services:
            if service.namespace == pods.namespace and clients.is_entrance(service):
                for target in ground.pods_behind(service):
                    text = f"by its name it plays those who come to {service.title}"
                    basket.add(pods, target, _ports(ground, service, target), _guess(text))

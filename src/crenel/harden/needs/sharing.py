"""Texts that several workloads are configured with, whole: what in them is for whom.

A setting may be for one of them by its name (``ORDERS_DB_HOST``), or lead to the store of one of them by that one's
(``orders-db``). Where a text names those themselves who have it, it is an address book: it says where everybody is, and
nothing of who needs whom, which is left to guesses.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

from crenel.harden.needs.ground import Ground, Written
from crenel.harden.needs.model import Pods
from crenel.harden.needs.names import meaning
from crenel.harden.needs.programs import is_store, is_watching
from crenel.harden.needs.settings import Hidden, Setting
from crenel.harden.needs.speaking import owners_of_store, starts_with
from crenel.harden.needs.texts import Mention, mentions
from crenel.kubernetes.objects.services import Service

_SCHEME = 2
"""For how many workloads a text has to have something of their own before names are a scheme."""
_BOOK = 3
"""How many have to share a text before it can be an address book."""


@dataclass(slots=True)
class _Shared:
    """One text, with the workloads that have it, and the hosts in it by the names of settings."""

    users: dict[Pods, None] = field(default_factory=dict)
    hosts: dict[tuple[str, int | None], set[str]] = field(default_factory=lambda: defaultdict(set))
    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    owning: set[Pods] = field(default_factory=set)


class Sharing:
    """Knows the texts that are shared."""

    def __init__(self, ground: Ground, found: Iterable[tuple[Written, list[Setting | Hidden]]]) -> None:
        self._ground = ground
        self._maps = {each.origin: each for each in ground.decoded.config_maps}
        self._texts: dict[Hashable, _Shared] = defaultdict(_Shared)
        settings = [(written, each) for written, own in found for each in own if isinstance(each, Setting)]
        for written, each in settings:
            if (text := self._text(written.owner, each)) is not None:
                self._texts[text].users[written.owner] = None
        for written, each in settings:
            if (text := self._text(written.owner, each)) is not None and len(self._texts[text].users) >= _SCHEME:
                self._read(written.owner, each, self._texts[text])

    def is_anothers(self, owner: Pods, setting: Setting, mention: Mention, service: Service) -> bool:
        """Whether what a workload's setting leads to is not for it, or nothing is said of for whom it is."""
        shared = self._texts.get(self._text(owner, setting))
        if shared is None or len(shared.users) < _SCHEME:
            return False
        targets = self._ground.pods_behind(service)
        if self._is_book(shared):
            return all(self._is_part(each) or self._is_somebodys(shared, service, each) for each in targets)
        if len(shared.owning) < _SCHEME:
            return False
        keys = {setting.key} if setting.key else shared.hosts[mention.host, mention.port]
        owning = self._owning(shared, keys, service, targets)
        return bool(owning) and owner not in owning

    def _text(self, owner: Pods, setting: Setting) -> Hashable:
        """What tells one text from another: a file by what is in it, variables by all of their ConfigMap."""
        config = self._maps.get(setting.origin)
        if config is None or len(setting.field) < 2:
            return None
        key = str(setting.field[1])
        held = config.data.get(key)
        if isinstance(held, str) and "\n" in held.strip():
            return owner.namespace, key, held
        return owner.namespace, frozenset((name, str(value)) for name, value in config.data.items())

    def _read(self, owner: Pods, setting: Setting, shared: _Shared) -> None:
        for mention in mentions(setting.value, setting.key):
            service = meaning(mention, owner.namespace, self._ground).service
            if service is None:
                continue
            shared.services[service.namespace, service.name] = service
            if setting.key:
                shared.hosts[mention.host, mention.port].add(setting.key)
                targets = self._ground.pods_behind(service)
                shared.owning |= self._owning(shared, {setting.key}, service, targets)

    def _owning(self, shared: _Shared, keys: set[str], service: Service, targets: list[Pods]) -> set[Pods]:
        """Whose a Service is, of those that share a text."""
        others = [each for each in shared.users if each not in targets]
        found = {each for each in others if any(starts_with(key, each.name) for key in keys)}
        if targets and all(is_store(self._ground, each) for each in targets):
            found |= set(owners_of_store(self._ground, service, others))
        return found

    def _is_book(self, shared: _Shared) -> bool:
        behind = [self._ground.pods_behind(service) for service in shared.services.values()]
        named = {each for targets in behind if len(targets) == 1 for each in targets}  # not a ring of them all
        count = len(named & set(shared.users))
        return len(shared.users) >= _BOOK and count >= _SCHEME and count * 2 >= len(shared.users)

    def _is_somebodys(self, shared: _Shared, service: Service, target: Pods) -> bool:
        return is_store(self._ground, target) and bool(owners_of_store(self._ground, service, shared.users))

    def _is_part(self, pods: Pods) -> bool:
        return not is_store(self._ground, pods) and not is_watching(self._ground, pods)

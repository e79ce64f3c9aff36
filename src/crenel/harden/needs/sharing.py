"""Settings of a ConfigMap that several workloads share, and that are for one of them by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from crenel.harden.needs.ground import Ground, Written
from crenel.harden.needs.model import Pods
from crenel.harden.needs.names import meaning
from crenel.harden.needs.settings import Hidden, Setting
from crenel.harden.needs.speaking import starts_with
from crenel.harden.needs.texts import mentions
from crenel.provenance import FieldPath, Origin

_SCHEME = 2
"""For how many workloads a ConfigMap has to have settings of their own before names of settings are a scheme."""


class Sharing:
    """``ORDERS_DB_HOST`` is for ``orders`` where it shares its settings with ``users``, which has some too."""

    def __init__(self, ground: Ground, found: Iterable[tuple[Written, list[Setting | Hidden]]]) -> None:
        self._ground = ground
        self._users: dict[tuple[Origin, FieldPath, str], dict[Pods, None]] = defaultdict(dict)
        self._spoken_for: dict[Origin, set[Pods]] = defaultdict(set)
        self._hosts: dict[tuple[Origin, FieldPath], set[tuple[str, str, int | None]]] = defaultdict(set)
        settings = [
            (written, each)
            for written, all_of_one in found
            for each in all_of_one
            if isinstance(each, Setting) and each.origin != written.origin
        ]
        for written, each in settings:
            self._users[each.origin, each.field, each.key][written.owner] = None
        for written, each in settings:
            self._read(written, each)

    def _read(self, written: Written, setting: Setting) -> None:
        for mention in mentions(setting.value, setting.key) if setting.key else ():
            service = meaning(mention, written.owner.namespace, self._ground).service
            if service is None:
                continue
            self._hosts[setting.origin, setting.field].add((setting.key, mention.host, mention.port))
            if starts_with(setting.key, written.owner.name) and written.owner not in self._ground.pods_behind(service):
                self._spoken_for[setting.origin].add(written.owner)

    def is_anothers(self, owner: Pods, setting: Setting, host: str, port: int | None, targets: list[Pods]) -> bool:
        """Whether a setting of a workload that mentions a host is for another one that has it too."""
        if len(self._spoken_for.get(setting.origin, ())) < _SCHEME:
            return False
        if setting.key:
            return self._belongs(owner, (setting.origin, setting.field, setting.key), targets)
        keys = {key for key, *place in self._hosts[setting.origin, setting.field] if place == [host, port]}
        return bool(keys) and all(self._belongs(owner, (setting.origin, setting.field, key), targets) for key in keys)

    def _belongs(self, owner: Pods, place: tuple[Origin, FieldPath, str], targets: list[Pods]) -> bool:
        found = [
            each for each in self._users.get(place, ()) if each not in targets and starts_with(place[2], each.name)
        ]
        return bool(found) and owner not in found

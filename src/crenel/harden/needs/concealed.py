"""Settings whose values are in Secrets: their names alone may say whom they are for.

``REDIS_URL`` out of a Secret, where the namespace has one Service that is called so, is likely to lead there, and
``REDIS_PASSWORD`` is of use to its clients only. The values are not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.model import Basket, End, Evidence, EvidenceKind, Pods
from crenel.harden.needs.texts import speaks_of_host, words_of
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import FieldPath

_CREDENTIALS = frozenset({"password", "passwd", "pass", "auth"})
_KNOWN = (EvidenceKind.DECLARED, EvidenceKind.OBSERVED)
_OPEN = frozenset({"metrics", "exporter", "monitoring"})


def guessed(ground: Ground, basket: Basket) -> None:
    """Guess whom settings of Secrets are for, where a workload is not known to need it and nothing better is known."""
    known = {(source, target) for source, target, _ in basket.found}
    told = {
        end.namespace
        for (source, target, _), evidence in basket.found.items()
        if any(each.kind in _KNOWN for each in evidence)
        for end in (source, target)
        if isinstance(end, Pods)
    }
    called = _called(ground)
    for written in ground.written.values():
        home = written.owner.namespace
        for name, path in _names(written) if home not in told else ():
            services = [each for word in dict.fromkeys(words_of(name)) for each in called.get((home, word), ())]
            _setting(ground, basket, written, services, known, (name, path))


def _called(ground: Ground) -> dict[tuple[str, str], list[Service]]:
    """The Services by their namespace and the last word of their name, if that is more than a word for hosts."""
    found: dict[tuple[str, str], list[Service]] = defaultdict(list)
    for service in ground.decoded.services:
        word = words_of(service.name)[-1]
        if speaks_of_host(word) is None:
            found[service.namespace, word].append(service)
    return found


def _names(written: Written) -> Iterator[tuple[str, FieldPath]]:
    """The variables that have their values out of Secrets, and speak of a host or of how to get in there."""
    for container, path in written.containers:
        for place, each in enumerate(items(container.get("env"))):
            name = str(mapping(each).get("name") or "")
            if "secretKeyRef" in mapping(mapping(each).get("valueFrom")) and _speaks(name):
                yield name, (*path, "env", place)


def _speaks(name: str) -> bool:
    return speaks_of_host(name) is True or words_of(name)[-1:] in [[word] for word in _CREDENTIALS]


def _setting(
    ground: Ground,
    basket: Basket,
    written: Written,
    services: list[Service],
    known: set[tuple[End, End]],
    place: tuple[str, FieldPath],
) -> None:
    targets = {target for each in services for target in ground.pods_behind(each)}
    if len(targets) != 1 or written.owner in targets or (written.owner, *targets) in known:
        return
    text = f"its setting {place[0]} out of a Secret speaks of it"
    evidence = Evidence(EvidenceKind.GUESS, text, written.origin, place[1])
    for service in services:
        for asked in _ports(service):
            for target, traffic in ground.behind(service, (asked,)):
                basket.add(written.owner, target, [traffic], evidence)


def _ports(service: Service) -> Iterator[Match]:
    for port in (service.spec.ports if service.spec else None) or ():
        if not _OPEN & set(words_of(port.name or "")):
            yield Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))

"""What names say: of a Service whom it belongs to, of a workload what it is, of a setting whom it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from crenel.harden.needs.ground import Ground, items, mapping
from crenel.harden.needs.model import Pods
from crenel.harden.needs.programs import DATABASES, STORES, is_one_of, is_store, program
from crenel.harden.needs.texts import HOST_WORDS, OTHER_WORDS, words_of
from crenel.kubernetes.objects.services import Service

_PEOPLE = frozenset({
    "ui", "gui", "www", "page", "gateway", "portal", "dashboard", "console", "site", "shop", "edge", "homepage",
    "productpage", "storefront", "spa",
})  # fmt: skip
"""Words in the names of what people look at: it is reached from outside, not by the rest of the application."""
_NOT_PEOPLE = ("webhook", "websocket")
_ANYTHING = frozenset({"app", "application", "main", "default", "server", "svc", "service"})
"""Names that say nothing of what they name."""
_LOAD = frozenset({"loadgen", "loadgenerator", "loadtest", "loadtester", "locust", "gatling", "jmeter", "vegeta"})
_WORKERS = frozenset({"worker", "workers", "consumer", "consumers", "subscriber", "listener"})
_GENERIC = HOST_WORDS | OTHER_WORDS | {"app", "main", "default", "server", "svc", "service", "headless", "internal"}
_ENDINGS = ("service", "svc", "server", "app", "api", "deployment", "deploy")
_KEPT = STORES | {"data", "sql", "store", "queue", "mq", "session"}
_ALIKE = 5
"""How many letters words have to begin with in common."""
_OF_DATABASES = frozenset({"database", "db", "datasource", "jdbc", "dsn", "sql"})
"""Words in the names of settings that are about some database."""


def for_people(name: str) -> bool:
    """Whether something by its name is what people look at."""
    return any(
        word in _PEOPLE or (word.startswith(("front", "web")) and not word.startswith(_NOT_PEOPLE)) or word == "ui"
        for word in words_of(name)
    )


def says_nothing(name: str, common: list[str]) -> bool:
    """Whether a name has no word but such as anything may have."""
    return not set(words_of(name)) - set(common) - _ANYTHING


def makes_load(name: str) -> bool:
    """Whether a workload by its name plays the people who use an application."""
    words = words_of(name)
    return bool(set(words) & _LOAD) or words[:2] in (["load", "generator"], ["load", "test"], ["load", "gen"])


def takes_work(name: str) -> bool:
    """Whether a workload by its name takes what it does from a queue."""
    return bool(set(words_of(name)) & _WORKERS)


def common_words(service: Service, ground: Ground) -> list[str]:
    """The words that most names of Services in a namespace begin with, such as that of the application.

    A name that some workload has is not one of these: ``orders`` is a part, if most others are its stores.
    """
    words = words_of(service.name)
    parts = [words_of(pods.name) for pods in ground.owners if pods.namespace == service.namespace]
    beside = [words_of(name) for namespace, name in ground.services if namespace == service.namespace]
    found: list[str] = []
    while len(beside) > 2 and len(words) > 1 and sum(each[:1] == words[:1] for each in beside) * 2 > len(beside):
        if [*found, words[0]] in parts:
            break
        found, beside = [*found, words[0]], [each[1:] for each in beside if each[:1] == words[:1]]
        words = words[1:]
    return found


def related(client: str, service: str, common: list[str]) -> bool:
    """Whether a Service's name is a client's with the name of a store before or behind it."""
    own = words_of(client)
    return any(_makes(stem, service, common) for stem in (own, [word for word in own if word not in _ENDINGS]))


def owners_of_store(ground: Ground, service: Service, clients: Iterable[Pods]) -> list[Pods]:
    """Whose a store is by its name.

    That is whom it is named after, and whose names go on from that (``orders-worker`` of ``orders-db``), unless they
    have a store of their own.
    """
    common = common_words(service, ground)
    return [
        pods
        for pods in clients
        if not is_store(ground, pods)
        and (
            related(pods.name, service.name, common)
            or (_goes_on(pods.name, service.name, common) and not _has_own(ground, pods))
        )
    ]


def _has_own(ground: Ground, pods: Pods) -> bool:
    beside = [each for (namespace, _), each in ground.services.items() if namespace == pods.namespace]
    return any(related(pods.name, each.name, common_words(each, ground)) for each in beside)


def _goes_on(client: str, service: str, common: list[str]) -> bool:
    words = words_of(client)
    return any(_makes(words[:length], service, common) for length in range(1, len(words)))


def _makes(stem: list[str], service: str, common: list[str]) -> bool:
    if not set(stem) - set(common):
        return False
    other = words_of(service)
    if _begins(other, stem):
        rest = other[len(stem) :]
    elif _begins(other[-len(stem) :], stem):
        rest = other[: -len(stem)]
    else:
        return False
    return bool(rest) and all(word in _KEPT for word in rest)


def _begins(words: list[str], stem: list[str]) -> bool:
    return len(words) >= len(stem) and all(map(_alike, words, stem))


def _alike(one: str, other: str) -> bool:
    """Whether two words are one in two forms: ``orders`` and ``order``, ``reserve`` and ``reservation``."""
    short, long = sorted((one, other), key=len)
    same = max(_ALIKE, len(short) - 1)
    if not (one + other).isalpha():
        return one == other
    return long in (short, f"{short}s") or (len(short) >= same and short[:same] == long[:same])


def starts_with(key: str, client: str) -> bool:
    """Whether the name of a setting begins with that of a workload, and goes on."""
    words, stem = words_of(key), [word for word in words_of(client) if word not in _ENDINGS]
    return bool(set(stem) - HOST_WORDS - _ANYTHING - STORES) and len(words) > len(stem) and _begins(words, stem)


def clue(ground: Ground, pods: Pods, service: Service) -> str:
    """What among the names of a workload's settings speaks of a Service; empty for nothing."""
    words = _telling(service, ground)
    for name in _names(ground, pods) if words else ():
        found = words_of(name)
        if any(found[start : start + len(words)] == words for start in range(len(found) - len(words) + 1)):
            return f"its setting {name} speaks of it"
    return ""


def clue_of_program(ground: Ground, pods: Pods, targets: list[Pods]) -> str:
    """What among them speaks of the program that some targets are: ``POSTGRES_USER``, ``DATABASE_URL``."""
    words = {word for each in targets for word in program(ground, each) if word in STORES} - {"db", "cache"}
    if any(is_one_of(ground, each, DATABASES) for each in targets):
        words |= _OF_DATABASES
    told = next((name for name in _names(ground, pods) if words & set(words_of(name))), "")
    return f"its setting {told} speaks of such a program" if told else ""


def _telling(service: Service, ground: Ground) -> list[str]:
    """The words of a Service's name that tell it from others; none that anything may have."""
    words = words_of(service.name)[len(common_words(service, ground)) :]
    if len(words) == 1 and words[0] in STORES:
        return words
    while words and (words[-1] in _GENERIC | STORES or words[-1].isdigit()):
        words = words[:-1]
    return words if set(words) - _GENERIC - STORES else []


def _names(ground: Ground, pods: Pods) -> Iterator[str]:
    """The names of all settings of a workload: variables, the keys that they come from, flags, volumes."""
    written = ground.written.get(pods)
    if written is None:
        return
    for container, _ in written.containers:
        for each in items(container.get("env")):
            yield str(mapping(each).get("name") or "")
            for source in mapping(mapping(each).get("valueFrom")).values():
                yield str(mapping(source).get("key") or "")
        for each in items(container.get("envFrom")):
            name = mapping(mapping(each).get("configMapRef")).get("name")
            yield from (held.data if (held := ground.config_maps.get((pods.namespace, str(name)))) else ())
        for kind in ("command", "args"):
            yield from (word for word in items(container.get(kind)) if isinstance(word, str) and word.startswith("-"))
    for volume in items(written.spec.get("volumes")):
        yield str(mapping(volume).get("name") or "")

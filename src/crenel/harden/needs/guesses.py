"""Needs that nothing states and that are likely all the same: for the user to confirm.

They are made only where nothing better is known: for Services that nobody is known to use, for replicas of what keeps
data together, and for pairs of well-known programs. The order of the reasons goes from the narrow to the wide: a
setting whose name speaks of the Service, a name made of another one (``orders-db``), programs that belong together, and
last everybody in the namespace who may be a client at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.harden.needs.ground import Ground, Written, is_system, items, mapping
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Pods, Traffic
from crenel.harden.needs.texts import HOST_WORDS, OTHER_WORDS, words_of
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.kubernetes.population import Group
from crenel.network.traffic import Match, protocol_number
from crenel.provenance import NOWHERE, FieldPath, Origin

STORES = (
    "mysql", "mariadb", "percona", "postgres", "postgresql", "timescaledb", "pgbouncer", "redis", "valkey", "keydb",
    "dragonfly", "mongo", "mongodb", "memcached", "rabbitmq", "kafka", "zookeeper", "elasticsearch", "opensearch",
    "cassandra", "scylla", "etcd", "minio", "influxdb", "nats", "couchdb", "clickhouse", "neo4j", "cockroach", "solr",
    "activemq", "pulsar", "mssql", "oracle", "db", "database", "cache", "leveldb", "arangodb", "rethinkdb",
)  # fmt: skip
"""Programs that keep data or messages: they are connected to, and connect to their like alone."""
_TOGETHER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("grafana", ("prometheus", "loki", "tempo", "mimir", "influxdb", "victoria-metrics", "graphite")),
    ("prometheus", ("alertmanager", "pushgateway")),
    ("kibana", ("elasticsearch",)), ("opensearch-dashboards", ("opensearch",)),
    ("logstash", ("elasticsearch", "kafka")),
    ("fluentd", ("elasticsearch", "opensearch", "loki")), ("fluent-bit", ("elasticsearch", "opensearch", "loki")),
    ("filebeat", ("logstash", "elasticsearch")), ("promtail", ("loki",)), ("kafka", ("zookeeper",)),
    ("phpmyadmin", ("mysql", "mariadb")), ("pgadmin", ("postgres",)), ("adminer", ("mysql", "mariadb", "postgres")),
    ("pgbouncer", ("postgres",)), ("redis-sentinel", ("redis",)), ("mongo-express", ("mongo",)),
)  # fmt: skip
"""Programs by their images, and those that they are made to talk to."""
_HELPERS = frozenset({
    "exporter", "operator", "adapter", "reloader", "webhook", "backup", "init", "migration",
})  # fmt: skip
"""Words of the images of what belongs to a program without being it."""
_PEER_WORDS = frozenset({
    "mesh", "peer", "peers", "gossip", "cluster", "raft", "replication", "serf", "election", "internode", "galera",
    "epmd", "transport", "interbroker", "quorum", "ring", "memberlist", "distribution", "sst", "ist", "intra",
})  # fmt: skip
"""Words in the names of ports by which replicas of one workload talk to each other."""
_ENTRANCE = frozenset({
    "front", "frontend", "web", "webui", "ui", "www", "page", "productpage", "gateway", "portal", "dashboard",
    "console", "site", "shop", "edge",
})  # fmt: skip
"""Words in the names of what people look at: it is reached from outside, not by the rest of the application."""
_METRICS = frozenset({
    "metrics", "metric", "prometheus", "prom", "monitoring", "telemetry", "reloader", "exporter", "stats",
})  # fmt: skip
_WATCHING = frozenset({
    "jaeger", "zipkin", "prometheus", "opentelemetry", "otel", "collector", "tempo", "loki", "fluentd", "statsd",
    "graphite", "elasticsearch", "datadog", "newrelic", "vault", "consul",
})  # fmt: skip
"""Programs that are told about in settings although an application knows its own parts by heart."""
_GENERIC = HOST_WORDS | OTHER_WORDS | {"app", "main", "default", "server", "svc", "service", "headless", "internal"}
_ENDINGS = ("service", "svc", "server", "app", "api")
_KEPT = (*STORES, "data", "sql", "store", "queue", "mq", "session")
_PART_OF, _INSTANCE = "app.kubernetes.io/part-of", "app.kubernetes.io/instance"


def guessed(ground: Ground, basket: Basket) -> None:
    """Add the guesses; everything else is in the basket already.

    None is made for namespaces of which somebody declared something, or whose traffic was observed: they know better.
    """
    told = _told(basket)
    for pods in ground.owners:
        if pods.namespace not in told:
            _peers(ground, basket, pods)
    _programs(ground, basket, told)
    for service in list(_unused(ground, basket)):
        if is_system(service.namespace):
            continue
        if service.namespace in told:
            _closed(basket, service)
        else:
            _users(ground, basket, service)


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


def _closed(basket: Basket, service: Service) -> None:
    text = "nobody is known to use it: it is closed to everybody"
    basket.remark(f"{service.namespace}/svc/{service.name}", text, service.origin)


def _guess(text: str, origin: Origin = NOWHERE, field: FieldPath = ()) -> Evidence:
    return Evidence(EvidenceKind.GUESS, text, origin, field)


def _peers(ground: Ground, basket: Basket, pods: Pods) -> None:
    """The replicas of one workload."""
    group = ground.group(pods)
    if group.hosted or group.replicas in (0, 1) or any((s, t) == (pods, pods) for s, t, _ in basket.found):
        return
    named = [each for each in group.ports if _PEER_WORDS & set(words_of(each[0]))]
    if named:
        _own(basket, pods, named, "a port with this name is for its replicas", group)
    elif pods.kind == "StatefulSet" and is_store(ground, pods) and _governed(ground, pods):
        _own(basket, pods, list(group.ports), "its replicas know each other by a headless Service", group)


def _own(basket: Basket, pods: Pods, ports: list[tuple[str, str, int]], text: str, group: Group) -> None:
    traffic: list[Traffic] = [Match(protocol_number(protocol), (number, number)) for _, protocol, number in ports]
    basket.add(pods, pods, traffic, _guess(text, group.origin))


def _governed(ground: Ground, pods: Pods) -> bool:
    written = ground.written.get(pods)
    name = mapping(written.data.get("spec")).get("serviceName") if written is not None else None
    service = ground.services.get((pods.namespace, str(name)))
    return service is not None and service.spec is not None and service.spec.cluster_ip == "None"


def program(ground: Ground, pods: Pods) -> set[str]:
    """The words of the images of a workload, or of its kind where an operator makes its pods."""
    written = ground.written.get(pods)
    if written is None or written.pod is None:
        return {pods.kind.lower()}
    return {word for image in written.images for word in (image.lower(), *image.lower().replace("_", "-").split("-"))}


def is_store(ground: Ground, pods: Pods) -> bool:
    """Whether a workload keeps data or messages."""
    found = program(ground, pods)
    return bool(found & set(STORES)) and not found & _HELPERS


def _programs(ground: Ground, basket: Basket, told: set[str]) -> None:
    programs = {pods: program(ground, pods) for pods in ground.owners if pods.namespace not in told}
    for client, servers in _TOGETHER:
        for source in (pods for pods, found in programs.items() if client in found and not found & _HELPERS):
            for target, found in programs.items():
                if target == source or target.namespace != source.namespace or not found & set(servers):
                    continue
                if found & _HELPERS or client in found:
                    continue
                if not any((s, t) == (source, target) for s, t, _ in basket.found):
                    text = f"{client} is made to talk to {', '.join(sorted(found & set(servers)))}"
                    basket.add(source, target, list(_served(ground, target)), _guess(text))


def _served(ground: Ground, pods: Pods) -> Iterator[Traffic]:
    """The ports that Services lead to at a workload, but for metrics."""
    for service in ground.decoded.services:
        if service.namespace == pods.namespace:
            for asked in _asked(service):
                yield from (traffic for end, traffic in ground.behind(service, (asked,)) if end == pods)


def _asked(service: Service) -> Iterator[Match]:
    for port in (service.spec.ports if service.spec else None) or ():
        if not _is_metrics(port):
            yield Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))


def _is_metrics(port: ServicePort) -> bool:
    words = set(words_of(f"{port.name or ''} {port.target_port if isinstance(port.target_port, str) else ''}"))
    return bool(words & _METRICS)


def _unused(ground: Ground, basket: Basket) -> Iterator[Service]:
    """The Services that lead to workloads that nobody is known to need, at none of their ports."""
    reached = {(target, traffic) for _, target, traffic in basket.found}
    for service in ground.decoded.services:
        ends = [(end, traffic) for each in _asked(service) for end, traffic in ground.behind(service, (each,))]
        if ends and not any(each in reached or (each[0], None) in reached for each in ends):
            yield service


def _users(ground: Ground, basket: Basket, service: Service) -> None:
    targets = ground.pods_behind(service)
    clients = [pods for pods in ground.owners if _may_be_client(ground, pods, service, targets)]
    told = [(pods, why) for pods in clients if (why := _clue(ground, pods, service))]
    common = _common(service, ground)
    related = [pods for pods in clients if _related(pods.name, service.name, common)]
    if related:
        for pods in related:
            _use(ground, basket, pods, service, f"nobody else is known to use it, and its name is made of {pods.name}")
    elif told:
        for pods, why in told:
            _use(ground, basket, pods, service, f"nobody else is known to use it, and {why}")
    elif _is_entrance(service, common) or not (untold := [each for each in clients if _untold(ground, basket, each)]):
        _closed(basket, service)
    else:
        for pods in untold:
            text = f"nobody is known to use {service.title}, and this may be a client"
            _use(ground, basket, pods, service, text)


def _use(ground: Ground, basket: Basket, pods: Pods, service: Service, text: str) -> None:
    for asked in _asked(service):
        for target, traffic in ground.behind(service, (asked,)):
            if target != pods:
                basket.add(pods, target, [traffic], _guess(text, service.origin))


def _may_be_client(ground: Ground, pods: Pods, service: Service, targets: list[Pods]) -> bool:
    if pods.namespace != service.namespace or pods in targets or ground.hosted(pods):
        return False
    if program(ground, pods) & _WATCHING:
        return False
    if is_store(ground, pods):
        return any(program(ground, pods) & program(ground, each) & set(STORES) for each in targets)
    mine = ground.group(pods).labels
    for target in targets:
        other = ground.group(target).labels
        for key in (_PART_OF, _INSTANCE):
            if key in mine and key in other and mine[key] != other[key]:
                return False
    return True


def _untold(ground: Ground, basket: Basket, pods: Pods) -> bool:
    """Whether no setting tells a workload whom of the application it talks to: then it may know them by heart."""
    for (source, target, _), evidence in basket.found.items():
        told = source == pods and any(each.kind is EvidenceKind.REFERENCE for each in evidence)
        if told and isinstance(target, Pods) and not (is_store(ground, target) or program(ground, target) & _WATCHING):
            return False
    return True


def _is_entrance(service: Service, common: list[str]) -> bool:
    """Whether a Service by its name is for people, or for anybody."""
    words = set(words_of(service.name))
    return bool(_ENTRANCE & words) or not words - set(common) - _GENERIC


def _related(client: str, service: str, common: list[str]) -> bool:
    """Whether a Service's name is a client's with the name of a store before or behind it."""
    own, other = words_of(client), words_of(service)
    for stem in (own, [word for word in own if word not in _ENDINGS]):
        if not set(stem) - set(common):
            continue
        if other[: len(stem)] == stem:
            rest = other[len(stem) :]
        elif other[-len(stem) :] == stem:
            rest = other[: -len(stem)]
        else:
            continue
        if rest and all(word in _KEPT for word in rest):
            return True
    return False


def _clue(ground: Ground, pods: Pods, service: Service) -> str:
    """What among the names of a workload's settings speaks of a Service; empty for nothing."""
    words = _telling(service, ground)
    if not words:
        return ""
    written = ground.written.get(pods)
    for name in _names(written) if written is not None else ():
        found = words_of(name)
        if any(found[start : start + len(words)] == words for start in range(len(found) - len(words) + 1)):
            return f"its setting {name} speaks of it"
    return ""


def _common(service: Service, ground: Ground) -> list[str]:
    """The words that most names of Services in a namespace begin with, such as that of the application."""
    words = words_of(service.name)
    beside = [words_of(name) for namespace, name in ground.services if namespace == service.namespace]
    found: list[str] = []
    while len(beside) > 2 and len(words) > 1 and sum(each[:1] == words[:1] for each in beside) * 2 > len(beside):
        found, beside = [*found, words[0]], [each[1:] for each in beside if each[:1] == words[:1]]
        words = words[1:]
    return found


def _telling(service: Service, ground: Ground) -> list[str]:
    """The words of a Service's name that tell it from others; none that anything may have."""
    words = words_of(service.name)[len(_common(service, ground)) :]
    if len(words) == 1 and words[0] in STORES:
        return words
    return [word for word in words if word not in _GENERIC and word not in STORES and not word.isdigit()]


def _names(written: Written) -> Iterator[str]:
    """The names of all settings of a workload: variables, the keys that they come from, flags, volumes."""
    for container, _ in written.containers:
        for each in items(container.get("env")):
            yield str(mapping(each).get("name") or "")
            for source in mapping(mapping(each).get("valueFrom")).values():
                yield str(mapping(source).get("key") or "")
        for kind in ("command", "args"):
            yield from (word for word in items(container.get(kind)) if isinstance(word, str) and word.startswith("-"))
    for volume in items(written.spec.get("volumes")):
        yield str(mapping(volume).get("name") or "")

"""What is known of well-known programs: what they are for, and by which of their ports clients come.

Sources: the documentation of each program, for its default ports; IANA's registry of ports.
"""

from __future__ import annotations

from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Pods
from crenel.harden.needs.texts import words_of

CACHES = frozenset({"redis", "valkey", "keydb", "dragonfly", "memcached", "cache"})
BROKERS = frozenset({"rabbitmq", "kafka", "redpanda", "nats", "activemq", "artemis", "pulsar", "mosquitto"})
DATABASES = frozenset({
    "mysql", "mariadb", "percona", "postgres", "postgresql", "postgis", "timescaledb", "pgvector", "pgbouncer",
    "mongo", "mongodb", "cassandra", "scylla", "influxdb", "couchdb", "clickhouse", "neo4j", "cockroach", "mssql",
    "oracle", "db", "database", "leveldb", "arangodb", "rethinkdb",
})  # fmt: skip
STORES = DATABASES | CACHES | BROKERS | {"zookeeper", "elasticsearch", "opensearch", "etcd", "minio", "solr"}
"""Programs that keep data or messages: they are connected to, and connect to their like alone."""
_OTHERS = frozenset({"oracle", "cache"})
"""Of these, what may be something else where only the name of a workload has it."""
WATCHING = frozenset({
    "jaeger", "jaegertracing", "zipkin", "openzipkin", "prometheus", "opentelemetry", "otel", "collector", "tempo",
    "loki", "fluentd", "statsd", "graphite", "elasticsearch", "datadog", "newrelic", "vault", "consul",
})  # fmt: skip
"""Programs that are told about in settings although an application knows its own parts by heart; no clients of it."""
LOOKED_AT = frozenset({
    "prometheus", "alertmanager", "grafana", "kibana", "kiali", "phpmyadmin", "pgadmin", "pgadmin4", "adminer",
    "redisinsight", "dashboards", "exporter", "cadvisor", "chronograf", "portainer",
})  # fmt: skip
"""Programs that people look at, or that Prometheus reads: no part of an application is a client of theirs."""
_PUSHED = frozenset({"statsd", "graphite", "collectd"})
"""Protocols by which applications send metrics themselves, to an exporter of that name."""
HELPERS = frozenset({"exporter", "operator", "adapter", "reloader", "webhook", "backup", "init", "migration"})
"""Words of the images of what belongs to a program without being it."""
_BESIDE = HELPERS | {"express", "commander", "dashboards", "ui", "connect", "client", "producer", "consumer", "proxy"}
"""The same, with those that are clients of it."""
TOGETHER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("grafana", ("prometheus", "loki", "tempo", "mimir", "influxdb", "victoria-metrics", "graphite")),
    ("prometheus", ("alertmanager", "pushgateway")), ("kiali", ("prometheus",)),
    ("kibana", ("elasticsearch",)), ("opensearch-dashboards", ("opensearch",)),
    ("logstash", ("elasticsearch", "kafka")),
    ("fluentd", ("elasticsearch", "opensearch", "loki")), ("fluent-bit", ("elasticsearch", "opensearch", "loki")),
    ("filebeat", ("logstash", "elasticsearch")), ("promtail", ("loki",)), ("kafka", ("zookeeper",)),
    ("phpmyadmin", ("mysql", "mariadb")), ("pgadmin", ("postgres",)), ("adminer", ("mysql", "mariadb", "postgres")),
    ("pgbouncer", ("postgres",)), ("redis-sentinel", ("redis",)), ("mongo-express", ("mongo",)),
)  # fmt: skip
"""Programs by their images, and those that they are made to talk to."""
CLIENT_PORTS: dict[str, frozenset[int]] = {
    "rabbitmq": frozenset({5671, 5672, 1883, 8883, 61613, 15674, 15675, 5552}),
    "kafka": frozenset({9092, 9094, 9095}),
    "activemq": frozenset({61616, 5672, 61613, 1883, 61614}),
    "artemis": frozenset({61616, 5672, 61613, 1883}),
    "nats": frozenset({4222, 9222}),
    "pulsar": frozenset({6650, 6651, 8080}),
    "zookeeper": frozenset({2181, 2281}),
    "etcd": frozenset({2379}),
    "cassandra": frozenset({9042, 9142, 9160}),
    "scylla": frozenset({9042, 9142, 19042, 9160}),
    "elasticsearch": frozenset({9200}),
    "opensearch": frozenset({9200}),
    "minio": frozenset({9000}),
    "neo4j": frozenset({7687, 7474, 7473}),
    "cockroach": frozenset({26257}),
    "clickhouse": frozenset({8123, 8443, 9000, 9440}),
    "rethinkdb": frozenset({28015}),
    "consul": frozenset({8500, 8501, 8502, 8600}),
    "vault": frozenset({8200}),
    "jaegertracing": frozenset({4317, 4318, 5775, 6831, 6832, 9411, 14250, 14268}),
    "jaeger": frozenset({4317, 4318, 5775, 6831, 6832, 9411, 14250, 14268}),
    "collector": frozenset({4317, 4318, 6831, 6832, 9411, 14250, 14268, 55678}),
}
"""The ports of programs that have others beside them, for their replicas, for people or for metrics."""
REPLICATING = frozenset({
    "redis", "valkey", "keydb", "mongo", "mongodb", "mysql", "mariadb", "percona", "postgres", "postgresql",
    "cockroach", "minio", "clickhouse", "kafka",
})  # fmt: skip
"""Programs whose replicas come to each other by the ports that clients come by, too."""
METRICS = frozenset({
    "metrics", "metric", "prometheus", "prom", "monitoring", "telemetry", "reloader", "exporter", "stats", "scrape",
})  # fmt: skip
"""Words in the names of ports that are read by Prometheus and its like."""


def program(ground: Ground, pods: Pods) -> frozenset[str]:
    """The words of the images of a workload, or of its kind where an operator makes its pods."""
    return ground.image_words[pods]


def makers(ground: Ground, pods: Pods) -> set[str]:
    """The folders of a registry that the images of a workload are in: ``jaegertracing`` of its ``all-in-one``."""
    written = ground.written.get(pods)
    folders = written.folders if written is not None else ()
    return {folder.lower() for folder in folders}


def is_store(ground: Ground, pods: Pods) -> bool:
    """Whether a workload keeps data or messages."""
    return is_one_of(ground, pods, STORES)


def is_one_of(ground: Ground, pods: Pods, names: frozenset[str]) -> bool:
    """Whether a workload is one of some programs, and not something that only belongs to it.

    One image has to be the program's, whatever stands beside it; or its own name ends with the program's.
    """
    found = program(ground, pods)
    if found & _BESIDE and not any(_is_itself(image, names) for image in _images(ground, pods)):
        return False
    return bool(found & names or set(words_of(pods.name)[-1:]) & (names - _OTHERS))


def _is_itself(image: str, names: frozenset[str]) -> bool:
    words = set(words_of(image))
    return bool(words & names) and not words & _BESIDE


def _images(ground: Ground, pods: Pods) -> tuple[str, ...]:
    written = ground.written.get(pods)
    return written.images if written is not None else ()


def is_watching(ground: Ground, pods: Pods) -> bool:
    """Whether a workload only watches others, or is asked by all of them where they are."""
    return bool((program(ground, pods) | makers(ground, pods)) & WATCHING)


def is_looked_at(ground: Ground, pods: Pods) -> bool:
    """Whether a workload is for people or for Prometheus."""
    images = [set(words_of(image)) for image in _images(ground, pods)]
    return bool(images) and all(words & LOOKED_AT and not words & _PUSHED for words in images)


def client_ports(ground: Ground, pods: Pods) -> frozenset[int]:
    """The ports by which clients come to the program of a workload; empty where that is not known."""
    words = program(ground, pods) | makers(ground, pods)
    if words & HELPERS and not is_store(ground, pods):
        return frozenset()
    return frozenset().union(*(CLIENT_PORTS[word] for word in words & set(CLIENT_PORTS)))

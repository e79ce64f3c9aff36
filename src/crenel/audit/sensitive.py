"""What nobody puts on the internet: databases, and what administers others. Known by port, and by image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from crenel.kubernetes.objects.workloads import Container, PodSpec
from crenel.network.traffic import TCP, protocol_number


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of such a thing.

    `ports` tell it on their own, whatever the image. `images` are names without registry and tag, of one or two parts.
    `http` says that it is spoken to by HTTP, so that a proxy for HTTP leads there. `login` says that it asks for one
    unless told otherwise.
    """

    name: str
    ports: tuple[int, ...] = ()
    images: tuple[str, ...] = ()
    http: bool = False
    login: bool = False


SORTS = (
    Sort("the Docker API", (2375,), http=True),
    Sort("etcd", (2379, 2380), ("etcd",)),
    Sort("a PostgreSQL database", (5432,), ("postgres", "postgresql", "postgis", "timescaledb", "spilo-*")),
    Sort("a MySQL database", (3306,), ("mysql", "mariadb", "percona*", "mysql-server")),
    Sort("a SQL Server database", (1433,), ("mssql-server", "azure-sql-edge")),
    Sort("an Oracle database", (1521,), ("oracle-xe", "oracle-free")),
    Sort("a CockroachDB database", (26257,), ("cockroach",)),
    Sort("a MongoDB database", (27017, 27018, 27019), ("mongo", "mongodb", "percona-server-mongodb")),
    Sort("a Redis database", (6379,), ("redis", "redis-stack", "redis-stack-server", "valkey", "keydb", "dragonfly")),
    Sort("memcached", (11211,), ("memcached",)),
    Sort("Elasticsearch or OpenSearch", (9200, 9300), ("elasticsearch", "opensearch"), http=True),
    Sort("a Cassandra database", (9042, 9160), ("cassandra", "scylla")),
    Sort("ZooKeeper", (2181,), ("zookeeper",)),
    Sort("a Kafka broker", (9092,), ("kafka", "cp-kafka"), login=True),
    Sort("a RabbitMQ broker", (5672, 15672), ("rabbitmq",), http=True, login=True),
    Sort("the Kubernetes Dashboard", images=("kubernetesui/dashboard*", "kubernetes-dashboard*"), http=True),
    Sort("Kubeflow", images=("centraldashboard", "kubeflow-central-dashboard"), http=True),
    Sort("Argo Workflows", images=("argocli",), http=True),
    Sort("Argo CD", images=("argocd",), http=True, login=True),
    Sort("a Jupyter notebook", images=("*-notebook", "jupyter*", "jupyterhub"), http=True),
    Sort("Prometheus", images=("prometheus",), http=True),
    Sort("Alertmanager", images=("alertmanager",), http=True),
    Sort("Longhorn", images=("longhorn-ui",), http=True),
    Sort("Hubble", images=("hubble-ui",), http=True),
    Sort("Weave Scope", images=("weaveworks/scope",), http=True),
    Sort("Mongo Express", images=("mongo-express",), http=True),
    Sort("a user interface for Kafka", images=("kafka-ui", "kafdrop", "akhq"), http=True),
    Sort("Kibana or OpenSearch Dashboards", images=("kibana", "opensearch-dashboards"), http=True, login=True),
    Sort("phpMyAdmin or Adminer", images=("phpmyadmin", "adminer"), http=True, login=True),
    Sort("pgAdmin", images=("pgadmin4", "pgadmin"), http=True, login=True),
    Sort("Portainer", images=("portainer*",), http=True, login=True),
)  # fmt: skip
"""All of them; of several that fit the first one counts."""


def sort_of(port: int, protocol: int, spec: PodSpec | None, *, http: bool) -> Sort | None:
    """What is behind a port of some pods; `http` says that only HTTP gets there."""
    images = list(_images(port, protocol, spec)) if spec is not None else []
    for sort in SORTS:
        if http and not sort.http:
            continue
        if any(_is(image, pattern) for image in images for pattern in sort.images):
            return sort
    return next((sort for sort in SORTS if port in sort.ports and protocol == TCP and (sort.http or not http)), None)


def _is(image: str, pattern: str) -> bool:
    """Whether an image has a name; one without a folder says nothing of the folder."""
    return image.count("/") == pattern.count("/") and fnmatchcase(image, pattern)


def _images(port: int, protocol: int, spec: PodSpec) -> Iterator[str]:
    """The images of the containers that have a port: of those that declare it, else of an only one without any.

    Each by its name, and with the last part of its path.
    """
    containers: Sequence[Container] = spec.containers or []
    mine = [each for each in containers if _declares(each, port, protocol)]
    if not mine and len(containers) == 1 and not containers[0].ports:
        mine = list(containers)
    for each in mine:
        name = (each.image or "").partition("@")[0].lower()
        parts = name.split("/")
        parts[-1] = parts[-1].partition(":")[0]
        yield from ("/".join(parts[-number:]) for number in (1, 2))


def _declares(container: Container, port: int, protocol: int) -> bool:
    return any(
        each.container_port == port and protocol_number(each.protocol or "TCP") == protocol
        for each in container.ports or ()
    )

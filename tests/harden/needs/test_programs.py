"""What well-known programs are for, and by which of their ports clients come."""

from __future__ import annotations

from harden.pieces import Object, gathered, remarks, service, shown, workload


def ports(*named: tuple[str, int]) -> Object:
    """The ports of a Service, for `more`."""
    return {"ports": [{"name": name, "port": number} for name, number in named]}


def test_hosts_alone_mean_the_ports_of_clients() -> None:
    """A host without a port leads to a broker by the port of its clients: not to its pages, nor to its metrics."""
    pages = ports(("amqp", 5672), ("pages", 15672), ("exporter", 9419))
    broker = (workload("mq", image="rabbitmq:3-management"), service("mq", more=pages))
    assert shown(gathered(workload("a", env={"MQ_HOST": "mq"}), *broker)) == ["shop/a -> shop/mq TCP/5672"]
    written = gathered(workload("a", env={"MQ_HOST": "mq", "PAGES_URL": "http://mq:15672"}), *broker)
    assert shown(written) == ["shop/a -> shop/mq TCP/15672"]


def test_metrics_are_for_prometheus() -> None:
    """Of an unknown program a host without a port means all ports but those for metrics."""
    api = (workload("api"), service("api", more=ports(("http", 80), ("grpc", 81), ("http-metrics", 9100))))
    assert shown(gathered(workload("a", env={"API_HOST": "api"}), *api)) == [
        "shop/a -> shop/api TCP/80",
        "shop/a -> shop/api TCP/81",
    ]


def test_a_port_that_is_not_there() -> None:
    """A port that a Service lacks leads nowhere, and that is told."""
    found = gathered(workload("a", env={"API_ADDR": "api:81"}), workload("api"), service("api", 80))
    assert not any("TCP/81" in line for line in shown(found))
    assert 'shop/a: variable API_ADDR is "api:81": service shop/api has no port TCP/81, so that this stays closed' in (
        remarks(found)
    )


def test_a_store_beside_its_exporter() -> None:
    """A database with an exporter in its pods is a database, and no client of anybody; an exporter alone is none."""
    mixed = workload("kept", image="mongo:7")
    mixed["spec"]["template"]["spec"]["containers"].append({"name": "x", "image": "x/mongodb-exporter"})
    objects = [mixed, service("kept", 27017), workload("api"), service("api", 80)]
    assert shown(gathered(*objects)) == ["shop/api -> shop/kept TCP/27017 ?"]


def test_what_people_look_at_has_no_clients() -> None:
    """Nobody of an application is taken for a client of Grafana; what watches it is a client of nobody."""
    objects = [
        workload("api"), service("api", 80), workload("worker"),
        workload("graphs", image="grafana/grafana:11"), service("graphs", 3000),
        workload("traces", image="jaegertracing/all-in-one:1"),
        service("traces", more=ports(("otlp", 4317), ("pages", 16686))),
    ]  # fmt: skip
    assert shown(gathered(*objects)) == [
        "shop/api -> shop/traces TCP/4317 ?",
        "shop/worker -> shop/api TCP/80 ?",
        "shop/worker -> shop/traces TCP/4317 ?",
    ]


def test_scraping_is_no_use() -> None:
    """Whom only Prometheus reads is not known to be used."""
    asked = {"prometheus.io/scrape": "true"}
    api = service("api", 80)
    api["metadata"]["annotations"] = asked
    server = workload("prom", "mon", image="prom/prometheus:v3")
    found = shown(gathered(workload("api"), api, workload("worker"), server))
    assert found == ["mon/prom -> shop/api TCP/80", "shop/worker -> shop/api TCP/80 ?"]


def test_replicas_and_their_seeds() -> None:
    """Replicas that name each other without a port need the ports for that, and no others."""
    named = [(7000, "intra-node"), (9042, "cql")]
    ring = workload(
        "ring", kind="StatefulSet", image="cassandra:4", replicas=3, ports=named, more={"serviceName": "ring"},
        env={"SEEDS": "ring-0.ring"},
    )  # fmt: skip
    headless = service("ring", 9042, more={"clusterIP": "None"})
    assert shown(gathered(ring, headless)) == ["shop/ring -> shop/ring TCP/7000"]
    one = workload(
        "one",
        kind="StatefulSet",
        image="postgres:16",
        env={"URL": "postgres://one:5432/x"},
        more={"serviceName": "one"},
    )
    assert shown(gathered(one, service("one", 5432))) == []


def test_ports_of_the_governing_service_alone() -> None:
    """What only the headless Service of a StatefulSet leads to is for its replicas."""
    quorum = workload("kept", kind="StatefulSet", image="zookeeper:3", replicas=3, more={"serviceName": "inner"})
    inner = service("inner", app="kept", more={"clusterIP": "None", **ports(("server", 2888), ("client", 2181))})
    outer = service("outer", 2181, app="kept")
    assert shown(gathered(quorum, inner, outer)) == ["shop/kept -> shop/kept TCP/2888 ?"]


def test_a_placeholder_is_no_port() -> None:
    """The port that kompose gives to what has none is asked for by nobody."""
    none = service("task", 55555, more={"clusterIP": "None"})
    assert shown(gathered(workload("task"), none, workload("api"))) == []


def test_metrics_are_not_for_replicas() -> None:
    """Of a store whose replicas know each other the port of its exporter is for none of them."""
    store = workload(
        "db", kind="StatefulSet", image="postgres:17", replicas=2, ports=[(5432, "sql"), (9187, "metrics")],
        more={"serviceName": "db"},
    )  # fmt: skip
    found = shown(gathered(store, service("db", 5432, more={"clusterIP": "None"})))
    assert found == ["shop/db -> shop/db TCP/5432 ?"]

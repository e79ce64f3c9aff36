"""Guesses are made where nothing better is known, are marked, and go from the narrow to the wide."""

from __future__ import annotations

from harden.pieces import gathered, remarks, service, shown, workload


def test_a_store_belongs_to_whom_it_is_named_after() -> None:
    """``orders-db`` is used by ``orders``, ``mongodb-geo`` by ``geo``."""
    objects = [workload(name, image=f"x/{name}") for name in ("orders", "geo", "cart")]
    mysql = [workload("orders-db", image="mysql:8"), service("orders-db", 3306)]
    mongo = [workload("mongodb-geo", image="mongo"), service("mongodb-geo", 27017)]
    found = shown(gathered(*objects, *mysql, *mongo))
    assert found == ["shop/geo -> shop/mongodb-geo TCP/27017 ?", "shop/orders -> shop/orders-db TCP/3306 ?"]


def test_names_of_settings() -> None:
    """A setting whose name speaks of a Service tells who uses it."""
    first, second = workload("api", env={"LEDGER_TIMEOUT": "3s"}), workload("worker", env={"OTHER": "1"})
    found = shown(gathered(first, second, workload("ledger"), service("ledger", 80)))
    assert found == ["shop/api -> shop/ledger TCP/80 ?"]


def test_everybody_who_may_be_a_client() -> None:
    """Without any hint all of a namespace are taken for clients, but for stores and whom settings tell about others."""
    told = workload("told", env={"A_URL": "http://a"})
    objects = [workload("a"), service("a", 80), workload("b"), service("b", 80), told]
    assert shown(gathered(*objects, workload("cache", image="redis:7"))) == [
        "shop/a -> shop/b TCP/80 ?",
        "shop/told -> shop/a TCP/80",
    ]


def test_entrances_are_for_people() -> None:
    """What is called a front end is reached from outside, which has to be declared."""
    found = gathered(workload("front-end"), service("front-end", 80), workload("b"))
    assert shown(found) == []
    assert remarks(found) == ["shop/svc/front-end: nobody is known to use it: it is closed to everybody"]


def test_declared_namespaces_need_no_guesses() -> None:
    """Where somebody said who uses what, nothing is guessed."""
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": "shop"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "a"}},
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "b"}}}], "ports": [{"port": 80}]}],
        },
    }  # fmt: skip
    objects = [workload("a"), service("a", 80), workload("b"), service("b", 80)]
    assert shown(gathered(*objects, policy)) == ["shop/b -> shop/a TCP/80"]


def test_replicas() -> None:
    """Ports with names such as gossip are for the other replicas, where there are any."""
    ports = [(7946, "gossip"), (80, "http")]
    assert shown(gathered(workload("ring", ports=ports, replicas=3))) == ["shop/ring -> shop/ring TCP/7946 ?"]
    assert shown(gathered(workload("ring", ports=ports, replicas=1))) == []


def test_programs_that_belong_together() -> None:
    """Grafana is made to talk to Prometheus; an exporter is no Prometheus."""
    objects = [
        workload("grafana", image="grafana/grafana:1"),
        workload("prom", image="prom/prometheus:v3"),
        service("prom", 9090),
        workload("exporter", image="x/prometheus-exporter:1"),
    ]
    assert shown(gathered(*objects)) == ["shop/grafana -> shop/prom TCP/9090 ?"]


def test_without_guesses() -> None:
    """Guesses can be left out: they are told instead."""
    objects = [workload("orders"), workload("orders-db", image="mysql:8"), service("orders-db", 3306)]
    found = gathered(*objects, guess=False)
    assert shown(found) == []

"""Guesses are made where nothing better is known, are marked, and go from the narrow to the wide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harden.pieces import Object, gathered, remarks, service, shown, workload


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


def silent(*names: str, port: int = 80) -> list[Object]:
    """Parts of an application that nothing is said of."""
    return [each for name in names for each in (workload(name), service(name, port))]


@pytest.mark.parametrize("name", ["user", "profile", "group", "topic", "api", "backend", "database"])
def test_parts_with_common_names(name: str) -> None:
    """A Service is a part like others, even if its name is a word that settings have, too."""
    found = shown(gathered(*silent(name), workload("front-end"), service("front-end", 80)))
    assert f"shop/front-end -> shop/{name} TCP/80 ?" in found


def test_the_store_of_an_application_without_names() -> None:
    """A database that is only called so is used by those behind what people look at."""
    objects = [*silent("web", "api"), workload("db", image="postgres:16"), service("db", 5432)]
    assert shown(gathered(*objects)) == ["shop/api -> shop/db TCP/5432 ?", "shop/web -> shop/api TCP/80 ?"]
    alone = [*silent("web"), workload("db", image="postgres:16"), service("db", 5432)]
    assert shown(gathered(*alone)) == ["shop/web -> shop/db TCP/5432 ?"]


def test_stores_and_whom_names_make_their_users() -> None:
    """A store is used by whose name goes on from it, too, unless that one has its own; in other forms of the word."""
    clients = [workload(name) for name in ("orders", "orders-worker", "orders-archive", "reservation")]
    stores = [
        each
        for name in ("orders-db", "orders-archive-db", "mysql-reserve")
        for each in (workload(name, image="mysql:8"), service(name, 3306))
    ]
    assert shown(gathered(*clients, *stores)) == [
        "shop/orders -> shop/orders-db TCP/3306 ?",
        "shop/orders-archive -> shop/orders-archive-db TCP/3306 ?",
        "shop/orders-worker -> shop/orders-db TCP/3306 ?",
        "shop/reservation -> shop/mysql-reserve TCP/3306 ?",
    ]


def test_settings_that_speak_of_a_program() -> None:
    """Who has the password of PostgreSQL uses what runs it, whatever its name is."""
    told = workload("api", env={"POSTGRES_PASSWORD": "x"})
    objects = [told, workload("other"), workload("kept", image="postgres:16"), service("kept", 5432)]
    assert shown(gathered(*objects)) == ["shop/api -> shop/kept TCP/5432 ?"]


def test_nobody_calls_back() -> None:
    """Who is known to be called by another is not taken for its client."""
    first = workload("a", env={"B_URL": "http://b"})
    found = shown(gathered(first, service("a", 80), *silent("b", "c")))
    assert "shop/c -> shop/a TCP/80 ?" in found
    assert not any(line.startswith("shop/b -> shop/a") for line in found)


def test_a_registry_says_nothing_of_the_others() -> None:
    """Where all are told of one, they may know the others by heart."""
    parts = [workload(name, env={"R_HOST": "names"}) for name in ("a", "b", "c")]
    found = shown(gathered(*parts, service("c", 80), *silent("names")))
    assert [line for line in found if line.endswith("?")] == [
        "shop/a -> shop/c TCP/80 ?",
        "shop/b -> shop/c TCP/80 ?",
    ]


def test_node_ports_of_nearly_everything_say_nothing() -> None:
    """What has a node port is for people outside, unless nearly all have one; stores are never only for them."""
    opened = {"type": "NodePort"}
    few = [*silent("vote", "other"), workload("count"), service("count", 80, more=opened)]
    assert not any("-> shop/count" in line and line.endswith("?") for line in shown(gathered(*few)))
    names = ("a", "b", "c")
    many = [each for name in names for each in (workload(name), service(name, 80, more=opened))]
    assert "shop/a -> shop/b TCP/80 ?" in shown(gathered(*many))
    store = [workload("kept", image="mongo:7"), service("kept", 27017, more=opened), workload("api")]
    assert "shop/api -> shop/kept TCP/27017 ?" in shown(gathered(*store))


def test_an_entrance_behind_another() -> None:
    """What is called a gateway, and is not reached from outside, is used by what is."""
    web = [workload("web"), service("web", 80, more={"type": "LoadBalancer"})]
    found = shown(gathered(*web, *silent("gateway")))
    assert found == ["outside of the cluster -> shop/web TCP/80", "shop/web -> shop/gateway TCP/80 ?"]


def test_load_comes_to_the_entrance() -> None:
    """What makes load plays people: it comes to what they come to, and to nothing else."""
    found = shown(gathered(*silent("front-end", "api"), workload("load-generator")))
    assert [line for line in found if "load" in line] == ["shop/load-generator -> shop/front-end TCP/80 ?"]


def test_workers_take_work_from_queues() -> None:
    """Where there is a broker nobody is taken for a client of its consumers."""
    queue = [workload("queue", image="rabbitmq:3"), service("queue", 5672)]
    found = shown(gathered(*silent("mail-worker", "api"), *queue))
    assert not any("-> shop/mail-worker" in line for line in found)
    assert "shop/mail-worker -> shop/queue TCP/5672 ?" in found
    assert "shop/api -> shop/mail-worker TCP/80 ?" in shown(gathered(*silent("mail-worker", "api")))


@given(st.sets(st.sampled_from(["user", "cart", "rate", "geo", "mail", "api", "web", "node", "svc"]), min_size=2))
@settings(max_examples=30, deadline=None)
def test_silent_applications_keep_their_connections(names: set[str]) -> None:
    """Whatever its parts are called, in an application without settings each may be reached by all others."""
    found = set(shown(gathered(*silent(*sorted(names)))))
    for target in names - {"web", *(("svc",) if "web" not in names else ())}:
        assert {f"shop/{each} -> shop/{target} TCP/80 ?" for each in names - {target}} <= found

"""References in manifests become needs, with the ports of the pods; what only looks like one does not."""

from __future__ import annotations

import pytest

from harden.pieces import Object, config, gathered, remarks, service, shown, workload

REDIS = (workload("redis", image="redis:7", ports=[(6379, "redis")]), service("redis", 6379, "redis"))
TWO_PORTS = {"ports": [{"name": "web", "port": 80, "targetPort": 8080}, {"name": "admin", "port": 90}]}


def using(**env: str) -> tuple[Object, ...]:
    """A client with variables, beside Redis."""
    return (workload("web", env=env), *REDIS)


@pytest.mark.parametrize(
    "env",
    [
        {"REDIS_ADDR": "redis:6379"},
        {"REDIS_HOST": "redis"},
        {"REDIS_URL": "redis://:secret@redis.shop.svc.cluster.local/0"},
        {"CACHE": "redis.shop:6379"},
        {"SERVERS": "other.example:1,redis:6379"},
        {"DSN": "user:pass@tcp(redis:6379)/db?x=y"},
        {"JDBC": "jdbc:redis://redis:6379/0"},
        {"REDIS_HOST": "redis", "REDIS_PORT": "6379"},
        {"spring.redis.host": "redis"},
        {"cacheEndpoint": "redis"},
    ],
)
def test_forms_of_a_reference(env: dict[str, str]) -> None:
    """A Service is recognised in every usual form: alone, with a port, in a URL, in lists, by its DNS names."""
    assert "shop/web -> shop/redis TCP/6379" in shown(gathered(*using(**env)))


@pytest.mark.parametrize(
    "env",
    [
        {"REDIS_NAME": "redis"},
        {"NO_PROXY": "redis,localhost,.internal"},
        {"CACHE_TYPE": "redis"},
        {"TEXT": "we like redis a lot"},
        {"PATH_OF_IT": "/etc/redis/redis.conf"},
        {"IMAGE": "registry.example/redis:7"},
        {"LISTEN": "0.0.0.0:6379"},
        {"SELF": "localhost:6379"},
    ],
)
def test_what_is_no_reference(env: dict[str, str]) -> None:
    """The name of a Service is no reference where the setting speaks of something else."""
    found = shown(gathered(*using(**env), workload("other", env={"R_HOST": "redis"})))
    assert [line for line in found if "web" in line] == []


def test_ports_are_those_of_the_pods() -> None:
    """The port of the Service that is meant leads to the port of the pod; without one all of them do."""
    api = (workload("api", ports=[8080, 90]), service("api", more=TWO_PORTS))
    with_port = gathered(workload("web", env={"API_URL": "http://api"}), *api)
    assert shown(with_port) == ["shop/web -> shop/api TCP/8080"]
    without = gathered(workload("web", env={"API_HOST": "api"}), *api)
    assert shown(without) == ["shop/web -> shop/api TCP/8080", "shop/web -> shop/api TCP/90"]


def test_the_port_in_the_setting_beside() -> None:
    """A port stands in the variable beside that of the host."""
    api = (workload("api", ports=[8080, 90]), service("api", more=TWO_PORTS))
    found = gathered(workload("web", env={"API_HOST": "api", "API_PORT": "90", "DB_PORT": "80"}), *api)
    assert shown(found) == ["shop/web -> shop/api TCP/90"]


def test_arguments_commands_and_variables_in_them() -> None:
    """Flags with their value in the same word or the next one, and variables that stand for it."""
    for args in (["--redis=redis:6379"], ["--redis-addr", "redis"], ["--redis-addr=$(PLACE)"], ["run $PLACE:6379 now"]):
        web = workload("web", args=args, env={"PLACE": "redis"} if "PLACE" in args[-1] else {})
        assert "shop/web -> shop/redis TCP/6379" in shown(gathered(web, *REDIS)), args


def test_config_maps_that_are_used() -> None:
    """ConfigMaps speak for the workloads that use them, as variables or as files, and for nobody else."""
    texts = config("settings", {"REDIS_HOST": "redis", "app.yaml": "cache:\n  host: redis\n# api: http://redis:1\n"})
    variables = {"envFrom": [{"configMapRef": {"name": "settings"}}]}
    chosen = {"env": [{"name": "X", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "REDIS_HOST"}}}]}
    by_env = workload("a")
    by_env["spec"]["template"]["spec"]["containers"][0] |= variables
    by_key = workload("b")
    by_key["spec"]["template"]["spec"]["containers"][0] |= {"env": [{**chosen["env"][0], "name": "X_HOST"}]}
    by_file = workload("c", spec={"volumes": [{"name": "f", "configMap": {"name": "settings"}}]})
    found = gathered(texts, by_env, by_key, by_file, workload("d"), *REDIS)
    assert [line for line in shown(found) if "6379" in line] == [
        "shop/a -> shop/redis TCP/6379",
        "shop/b -> shop/redis TCP/6379",
        "shop/c -> shop/redis TCP/6379",
    ]


def test_init_containers_and_hooks() -> None:
    """What a pod connects to before it starts, it needs as well."""
    waits = [{"name": "wait", "command": ["nc", "-z", "redis.shop.svc", "6379"]}]
    web = workload("web", spec={"initContainers": waits})
    assert "shop/web -> shop/redis TCP/6379" in shown(gathered(web, *REDIS))


def test_secrets_keep_their_values() -> None:
    """Of a Secret the keys are looked at, and never what they hold."""
    web = workload("web")
    held = {"valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}
    web["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DB_URL", **held}]
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}}
    held_by = {**secret, "stringData": {"url": "redis:6379"}}
    found = gathered(web, held_by, workload("x", env={"A_HOST": "redis"}), *REDIS)
    assert "shop/web -> shop/redis TCP/6379" not in shown(found)
    assert any("variable DB_URL, url of secret shop/db" in line for line in remarks(found))


def test_a_service_that_is_not_there() -> None:
    """A reference to a Service that the input lacks is told, with where it stands."""
    found = gathered(workload("web", env={"ASSISTANT_ADDR": "assistant:80", "B_URL": "http://db.data.svc/x"}))
    assert [line.partition(": the input")[2] for line in remarks(found)] == [
        " has no Service shop/assistant, so that this stays closed",
        " has no Service data/db, so that this stays closed",
    ]


def test_names_and_addresses_outside() -> None:
    """Names and addresses outside are needs where a port is known; a link to a page is none."""
    env = {
        "STRIPE_URL": "https://api.stripe.com/v1", "MAIL": "smtp.provider.net:587", "LEGACY_ADDR": "10.1.2.3:1521",
        "DOCS_LINK": "https://docs.somewhere.com/a", "FILE": "app.yaml", "CLASS": "com.acme.Main", "VERSION": "1.2.3",
    }  # fmt: skip
    assert shown(gathered(workload("web", env=env))) == [
        "shop/web -> 10.1.2.3/32 TCP/1521",
        "shop/web -> dns:api.stripe.com TCP/443",
        "shop/web -> dns:smtp.provider.net TCP/587",
    ]


def test_services_without_pods() -> None:
    """An ExternalName leads to its name, a Service without a selector to the addresses of its endpoints."""
    named = service("pay", 443, more={"type": "ExternalName", "externalName": "pay.example.org", "selector": None})
    fixed = service("old", 1521, more={"selector": None})
    slices = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "old-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "old"}},
        "endpoints": [{"addresses": ["192.0.2.7"]}], "ports": [{"name": "main", "port": 1521, "protocol": "TCP"}],
    }  # fmt: skip
    found = gathered(workload("web", env={"PAY_HOST": "pay", "OLD_ADDR": "old:1521"}), named, fixed, slices)
    assert shown(found) == ["shop/web -> 192.0.2.7/32 TCP/1521", "shop/web -> dns:pay.example.org TCP/443"]


def test_replicas_that_know_each_other() -> None:
    """A StatefulSet that names its own pods needs them; ZooKeeper writes two ports behind a host."""
    zk = workload(
        "zk", kind="StatefulSet", image="zookeeper:3", replicas=3, ports=[2888, 3888],
        env={"ZOO_SERVERS": "server.1=zk-0.zk:2888:3888 server.2=zk-1.zk:2888:3888"}, more={"serviceName": "zk"},
    )  # fmt: skip
    headless = service("zk", more={"clusterIP": "None", "ports": [{"name": "a", "port": 2888}]})
    assert shown(gathered(zk, headless)) == ["shop/zk -> shop/zk TCP/2888", "shop/zk -> shop/zk TCP/3888"]


def test_custom_resources_refer_by_name_and_port() -> None:
    """A Prometheus names its Alertmanagers as objects; the port may be the Service's name for it."""
    manager = (workload("am", "mon", ports=[9093]), service("am", 9093, namespace="mon"))
    spec = {"alerting": {"alertmanagers": [{"name": "am", "namespace": "mon", "port": "main"}]}}
    metadata = {"name": "k8s", "namespace": "mon"}
    prometheus = {
        "apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": metadata, "spec": spec,
    }  # fmt: skip
    assert shown(gathered(prometheus, *manager)) == ["mon/k8s -> mon/am TCP/9093"]


def test_evidence_leads_to_the_text() -> None:
    """Evidence names the setting and quotes it, without a password."""
    found = gathered(workload("web", env={"R": "redis://me:secret@redis:6379"}), *REDIS)
    evidence = found.needs.needs[0].evidence[0]
    assert (evidence.text, evidence.field[-3:]) == ('variable R is "redis://...@redis:6379"', ("env", 0, "value"))


@pytest.mark.parametrize("broken", [{"env": 3}, {"env": [4]}, {"args": [{}]}, {"envFrom": [None]}, {"command": "x"}])
def test_wrong_types_are_passed_over(broken: Object) -> None:
    """What is not what it should be costs nothing but itself."""
    web = workload("web")
    web["spec"]["template"]["spec"]["containers"][0] |= broken
    assert shown(gathered(web, workload("b", env={"R_HOST": "redis"}), *REDIS)) == ["shop/b -> shop/redis TCP/6379"]


@pytest.mark.parametrize(
    "value",
    [
        "Server=redis;Database=x;User Id=sa",
        "Server=tcp:redis,6379;Initial Catalog=x",
        "Data Source=redis;Password=x",
        "host=redis port=6379 user=x dbname=y",
        "redis:6379,password=x,ssl=False",
        "redis,abortConnect=False",
    ],
)
def test_connection_strings(value: str) -> None:
    """The host of a connection string is one."""
    assert shown(gathered(*using(ConnectionString=value))) == ["shop/web -> shop/redis TCP/6379"]


def test_the_port_of_an_application_itself() -> None:
    """``PORT`` beside a setting without a word for a host is the application's own, and no host's."""
    assert shown(gathered(*using(REDIS="redis", PORT="3000"))) == ["shop/web -> shop/redis TCP/6379 ?"]
    assert "shop/web -> shop/redis TCP/6379" in shown(gathered(*using(HOST="redis", PORT="6379")))


def test_several_ports_beside_a_host() -> None:
    """A host may have several ports beside it; where all are told elsewhere, a host alone adds none."""
    ports = {"ports": [{"name": name, "port": port} for name, port in (("a", 1), ("b", 2), ("c", 3))]}
    hub = (workload("hub"), service("hub", more=ports))
    beside = {"HUB_HOST": "hub", "HUB_PORT_GRPC": "1", "HUB_PUBLISH_PORT": "3"}
    assert shown(gathered(workload("web", env=beside), *hub)) == [
        "shop/web -> shop/hub TCP/1",
        "shop/web -> shop/hub TCP/3",
    ]
    written = {"EVENTS_URL": "http://hub:2/x", "OTHER_HOST": "hub"}
    assert shown(gathered(workload("web", env=written), *hub)) == ["shop/web -> shop/hub TCP/2"]


def test_lists_without_commas() -> None:
    """Names of pods in a row are a list; words of a sentence are none."""
    env = {"NODES": "redis-0.redis redis-1.redis", "TEXT": "redis is nice"}
    assert shown(gathered(*using(**env))) == ["shop/web -> shop/redis TCP/6379"]


def sharing(*names: str, text: str) -> list[Object]:
    """Workloads that have the same file, each in a ConfigMap of its own."""
    return [
        each
        for name in names
        for each in (
            workload(name, spec={"volumes": [{"name": "v", "configMap": {"name": f"{name}-c"}}]}),
            config(f"{name}-c", {"all.yaml": text}),
            service(name, 80),
        )
    ]


def stores(*names: str) -> list[Object]:
    """Databases."""
    return [each for name in names for each in (workload(name, image="mysql:8"), service(name, 3306))]


def test_one_file_for_all_is_for_each_by_names() -> None:
    """Of a file that all have, what is named after one of them is for that one; the rest is for all."""
    text = "ordersDbAddr: one:3306\nuserDbAddr: two:3306\nbothAddr: three:3306\n"
    found = shown(gathered(*sharing("orders", "user", text=text), *stores("one", "two", "three"), guess=False))
    assert found == [
        "shop/orders -> shop/one TCP/3306",
        "shop/orders -> shop/three TCP/3306",
        "shop/user -> shop/three TCP/3306",
        "shop/user -> shop/two TCP/3306",
    ]
    named = "first: orders-db:3306\nsecond: user-db:3306\n"
    found = shown(gathered(*sharing("orders", "user", text=named), *stores("orders-db", "user-db"), guess=False))
    assert found == ["shop/orders -> shop/orders-db TCP/3306", "shop/user -> shop/user-db TCP/3306"]


def test_one_setting_of_its_own_is_no_scheme() -> None:
    """A single name that is a workload's may be chance: what is shared is for all then."""
    text = "ordersDbAddr: one:3306\nother: 1\n"
    found = shown(gathered(*sharing("orders", "user", text=text), *stores("one"), guess=False))
    assert found == ["shop/orders -> shop/one TCP/3306", "shop/user -> shop/one TCP/3306"]


def test_address_books() -> None:
    """A file that names all who have it says where they are, and nothing of who needs whom: that is guessed."""
    text = "a: http://a\nb: http://b\nc: http://c\ncache: http://kept:6379\n"
    kept = [workload("kept", image="redis:7"), service("kept", 6379)]
    objects = [*sharing("a", "b", "c", text=text), *kept]
    assert shown(gathered(*objects, guess=False)) == [f"shop/{name} -> shop/kept TCP/6379" for name in "abc"]
    assert "shop/a -> shop/b TCP/80 ?" in shown(gathered(*objects))


def test_a_need_is_not_doubted_as_well() -> None:
    """A name outside that one setting makes a need is not told to stay closed for another."""
    text = "[net]\nurl = https://api.example.org\n"
    web = workload("web", spec={"volumes": [{"name": "v", "configMap": {"name": "c"}}]})
    found = gathered(web, config("c", {"web.ini": text}))
    assert (shown(found), remarks(found)) == (["shop/web -> dns:api.example.org TCP/443"], [])


def test_names_that_are_not_connected_to() -> None:
    """What no proxy is asked for, what a certificate is for and the sorts of things are no connections."""
    settings = {
        "NO_PROXY": "redis,localhost", "DNS_NAMES": "redis.shop.svc", "CERT_PROVIDER": "redis",
        "REGISTRY_TYPES": "a,redis",
    }  # fmt: skip
    target = (workload("redis", ports=[8080]), service("redis", 80, 8080), workload("x", env={"B_URL": "http://redis"}))
    assert shown(gathered(workload("a", env=settings), *target)) == ["shop/x -> shop/redis TCP/8080"]


def test_the_own_name_outside() -> None:
    """The name that an application is known by outside is no connection; an endpoint without a port has HTTPS."""
    found = gathered(workload("a", env={"EXTERNAL_URL": "https://a.example.com", "S3_ENDPOINT": "s3.example.com"}))
    assert shown(found) == ["shop/a -> dns:s3.example.com TCP/443 ?"]
    (said,) = remarks(found)
    assert said.endswith("it is taken for the application's own name outside, and stays closed")


def test_a_pod_knows_its_own_name_and_namespace() -> None:
    """Variables with the name and the namespace of a pod are looked up, and so is HOSTNAME."""
    server = workload("db", kind="StatefulSet", replicas=3, ports=[7000, 7001], more={"serviceName": "db"})
    home = {"name": "HOME_NS", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    peer = {"name": "PEER_URL", "value": "http://$(HOSTNAME).db:7001"}
    server["spec"]["template"]["spec"]["containers"][0]["env"] = [home, peer]
    client = workload("a", args=["--url=http://redis.$(HOME_NS).svc:6379"])
    client["spec"]["template"]["spec"]["containers"][0]["env"] = [home]
    found = shown(gathered(server, service("db", 7000, more={"clusterIP": "None"}), client, *REDIS))
    assert "shop/db -> shop/db TCP/7001" in found
    assert "shop/a -> shop/redis TCP/6379" in found


def test_names_in_quotes() -> None:
    """The name of a Service of more than one word in quotes in a program is likely to be meant."""
    target = (workload("proxy", ports=[8001]), service("proxy-api", 8001, app="proxy"))
    volumes = {"volumes": [{"name": "c", "configMap": {"name": "c"}}]}
    program = config("c", {"main.py": "import x\nx.url = f\"http://{x.find('proxy-api')}\"\n"})
    assert "shop/a -> shop/proxy TCP/8001 ?" in shown(gathered(workload("a", spec=volumes), *target, program))


def test_keys_of_hosts() -> None:
    """Keys of hosts for SSH say whom somebody may connect to, not that it does."""
    volumes = {"volumes": [{"name": "c", "configMap": {"name": "c"}}]}
    keys = config("c", {"known_hosts": "git.example.com ssh-ed25519 AAAA\n[git.example.org]:22 ssh-rsa AAAA\n"})
    said = remarks(gathered(workload("a", spec=volumes), keys))
    assert any("has the keys of git.example.com, git.example.org:" in line for line in said)

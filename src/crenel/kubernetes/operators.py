"""Custom resources whose pods can be foretold: the labels and ports that an operator gives them.

A custom resource has no pod template that everybody could read, and its pods exist only where the operator runs. For
the kinds in the table the operator's own code or documentation says what the pods will look like; the row names it. To
add a kind, write a function from the resource to `PredictedPods` and a row. Every other kind with a pod template under
``spec.template`` is read through that template.

Labels that an operator gives out per pod, or that depend on its version, are not guessed: they are `unsettled`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from crenel.kubernetes.objects.workloads import ContainerPort, CustomWorkload


@dataclass(frozen=True, slots=True)
class PredictedPods:
    """The pods that an operator will make of one custom resource."""

    labels: dict[str, str]
    ports: tuple[ContainerPort, ...] = ()
    replicas: int | None = 1
    """None for one per node."""
    host_network: bool = False
    service_account: str | None = None
    """None for the namespace's default."""
    unsettled: frozenset[str] = frozenset()
    """Label keys that the pods have, or may have, with values that the resource does not tell."""


Predict: TypeAlias = Callable[[CustomWorkload], PredictedPods | None]


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the table."""

    group: str
    kind: str
    predict: Predict
    source: str
    """The operator's code or page that says so."""
    versions: frozenset[str] = field(default=frozenset())
    """The API versions that it holds for; empty for all."""


def predict(workload: CustomWorkload) -> PredictedPods | None:
    """What a custom resource's pods will look like; None when it has none, or when that cannot be told."""
    row = _find(workload.api_version, workload.kind)
    return row.predict(workload) if row is not None else _from_template(workload)


def is_predictable(api_version: str, kind: str) -> bool:
    """Whether the table has a row for a kind."""
    return _find(api_version, kind) is not None


def _find(api_version: str, kind: str) -> Operator | None:
    group, _, version = api_version.rpartition("/")
    row = _BY_NAME.get((group, kind))
    return row if row is not None and (not row.versions or version in row.versions) else None


def _at(value: Any, *path: str) -> Any:
    """A field of a raw object; None where anything on the way is missing or not an object."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _labels(value: Any, *path: str) -> dict[str, str]:
    found = _at(value, *path)
    return {key: text for key, text in found.items() if isinstance(text, str)} if isinstance(found, Mapping) else {}


def _text(value: Any, *path: str) -> str | None:
    found = _at(value, *path)
    return found if isinstance(found, str) and found else None


def _number(value: Any, *path: str, default: int = 1) -> int:
    """A count; the default where there is none, never negative."""
    found = _at(value, *path)
    return max(found, 0) if isinstance(found, int) and not isinstance(found, bool) else default


def _port(number: int, name: str | None = None, protocol: str = "TCP") -> ContainerPort:
    return ContainerPort(container_port=number, name=name, protocol=protocol)


def _list(value: Any, *path: str) -> list[Any]:
    found = _at(value, *path)
    return found if isinstance(found, list) else []


def _declared(containers: list[Any]) -> Iterator[ContainerPort]:
    """The ports of raw containers."""
    for container in containers:
        for port in _list(container, "ports"):
            number = _at(port, "containerPort")
            if isinstance(number, int) and not isinstance(number, bool):
                yield _port(number, _text(port, "name"), _text(port, "protocol") or "TCP")


def _merged(first: Iterable[ContainerPort], more: Iterable[ContainerPort]) -> tuple[ContainerPort, ...]:
    """Both lists of ports, each port once."""
    found = {(port.container_port, port.protocol): port for port in first}
    for port in more:
        found.setdefault((port.container_port, port.protocol), port)
    return tuple(found.values())


def _from_template(workload: CustomWorkload) -> PredictedPods | None:
    """Any kind with a pod template: Argo Rollouts, OpenKruise, DeploymentConfigs, Knative."""
    template = _at(workload.spec, "template")
    if not _list(template, "spec", "containers"):
        return None
    sidecars = [each for each in _list(template, "spec", "initContainers") if _at(each, "restartPolicy") == "Always"]
    return PredictedPods(
        labels=_labels(template, "metadata", "labels"),
        ports=_merged(_declared(_list(template, "spec", "containers")), _declared(sidecars)),
        replicas=_number(workload.spec, "replicas"),
        host_network=_at(template, "spec", "hostNetwork") is True,
        service_account=_text(template, "spec", "serviceAccountName"),
        unsettled=_ADDED_TO_TEMPLATES.get((workload.api_version.rpartition("/")[0], workload.kind), frozenset()),
    )


_ADDED_TO_TEMPLATES = {
    ("argoproj.io", "Rollout"): frozenset({"rollouts-pod-template-hash"}),
    ("apps.openshift.io", "DeploymentConfig"): frozenset({"deployment", "deploymentconfig"}),
    ("serving.knative.dev", "Service"): frozenset(
        {"app", "serving.knative.dev/service", "serving.knative.dev/configuration", "serving.knative.dev/revision"}
    ),
}
"""Labels that controllers add to the pods of a template."""

_NAME, _INSTANCE, _MANAGED_BY = "app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/managed-by"
_COMPONENT, _PART_OF, _VERSION = "app.kubernetes.io/component", "app.kubernetes.io/part-of", "app.kubernetes.io/version"


def _monitoring(
    workload: CustomWorkload, own: dict[str, str], ports: list[ContainerPort], replicas: int | None, *unsettled: str
) -> PredictedPods:
    """What all kinds of the Prometheus operator have in common.

    Labels of ``podMetadata`` are added, and lose against the operator's own. A config reloader serves ``reloader-web``
    on 8080 unless the pod listens on localhost only.
    """
    spec = workload.spec
    version = (_text(spec, "version") or "").removeprefix("v")
    labels = ({_VERSION: version} if version else {}) | _labels(spec, "podMetadata", "labels") | own
    if _at(spec, "listenLocal") is not True:
        ports = [*ports, _port(8080, "reloader-web")]
    return PredictedPods(
        labels=labels,
        ports=_merged(ports, _declared(_list(spec, "containers"))),
        replicas=replicas,
        host_network=_at(spec, "hostNetwork") is True,
        service_account=_text(spec, "serviceAccountName"),
        unsettled=frozenset(key for key in (*unsettled, _VERSION) if key not in labels),
    )


def _web(workload: CustomWorkload, number: int) -> list[ContainerPort]:
    """The web port, by the name that the resource gives it; none when it listens on localhost only."""
    name = _text(workload.spec, "portName") or "web"
    return [] if _at(workload.spec, "listenLocal") is True else [_port(number, name)]


def _operated(workload: CustomWorkload, application: str) -> dict[str, str]:
    return {_NAME: application, _INSTANCE: workload.name, _MANAGED_BY: "prometheus-operator"}


_SHARD = "operator.prometheus.io/shard"


def _shards(workload: CustomWorkload) -> tuple[int, dict[str, str], tuple[str, ...]]:
    """Pods of all shards, the shard label where there is one shard only, and the key that is unsettled otherwise."""
    shards = max(_number(workload.spec, "shards"), 1)
    replicas = _number(workload.spec, "replicas") * shards
    return (replicas, {_SHARD: "0"}, ()) if shards == 1 else (replicas, {}, (_SHARD,))


def _prometheus(workload: CustomWorkload) -> PredictedPods:
    replicas, shard, unsettled = _shards(workload)
    own = _operated(workload, "prometheus") | shard
    own |= {"prometheus": workload.name, "operator.prometheus.io/name": workload.name}
    ports = _web(workload, 9090)
    if isinstance(_at(workload.spec, "thanos"), Mapping):
        ports += [_port(10902, "http"), _port(10901, "grpc")]
    return _monitoring(workload, own, ports, replicas, *unsettled)


def _prometheus_agent(workload: CustomWorkload) -> PredictedPods:
    own = _operated(workload, "prometheus-agent") | {"operator.prometheus.io/name": workload.name}
    if _text(workload.spec, "mode") == "DaemonSet":
        return _monitoring(workload, own, _web(workload, 9090), None)
    replicas, shard, unsettled = _shards(workload)
    return _monitoring(workload, own | shard, _web(workload, 9090), replicas, *unsettled)


def _alertmanager(workload: CustomWorkload) -> PredictedPods:
    own = _operated(workload, "alertmanager") | {"alertmanager": workload.name}
    ports = [*_web(workload, 9093), _port(9094, "mesh-tcp"), _port(9094, "mesh-udp", "UDP")]
    return _monitoring(workload, own, ports, _number(workload.spec, "replicas"))


def _thanos_ruler(workload: CustomWorkload) -> PredictedPods:
    own = _operated(workload, "thanos-ruler") | {"thanos-ruler": workload.name}
    ports = [_port(10901, "grpc"), *_web(workload, 10902)]
    return _monitoring(workload, own, ports, _number(workload.spec, "replicas"))


def _grafana(workload: CustomWorkload) -> PredictedPods | None:
    """An external Grafana has no pods."""
    spec = workload.spec
    if isinstance(_at(spec, "external"), Mapping):
        return None
    template = _at(spec, "deployment", "spec", "template")
    written = _text(spec, "config", "server", "http_port")
    number = int(written) if written is not None and written.isdecimal() else 3000
    return PredictedPods(
        labels={"app": workload.name} | _labels(template, "metadata", "labels"),
        ports=_merged([_port(number, "grafana-http")], _declared(_list(template, "spec", "containers"))),
        replicas=_number(spec, "deployment", "spec", "replicas"),
        host_network=_at(template, "spec", "hostNetwork") is True,
        service_account=_text(template, "spec", "serviceAccountName") or f"{workload.name}-sa",
        unsettled=frozenset({_MANAGED_BY}),
    )


def _cnpg_cluster(workload: CustomWorkload) -> PredictedPods:
    labels = _labels(workload.spec, "inheritedMetadata", "labels")
    return PredictedPods(
        labels=labels | {"cnpg.io/cluster": workload.name, "cnpg.io/podRole": "instance"},
        ports=(_port(5432, "postgresql"), _port(9187, "metrics"), _port(8000, "status")),
        replicas=_number(workload.spec, "instances"),
        service_account=workload.name,
        unsettled=frozenset(
            {
                "cnpg.io/instanceName", "cnpg.io/instanceRole", "role", "postgresql",
                _NAME, _INSTANCE, _MANAGED_BY, _COMPONENT, _VERSION,
            }
        ),
    )  # fmt: skip


def _cnpg_pooler(workload: CustomWorkload) -> PredictedPods:
    template = _at(workload.spec, "template")
    own = {"cnpg.io/poolerName": workload.name, "cnpg.io/podRole": "pooler"}
    ports = [_port(5432, "pgbouncer"), _port(9127, "metrics")]
    return PredictedPods(
        labels=_labels(template, "metadata", "labels") | own,
        ports=_merged(ports, _declared(_list(template, "spec", "containers"))),
        replicas=_number(workload.spec, "instances"),
        service_account=workload.name,
        unsettled=frozenset({"cnpg.io/cluster", _NAME, _INSTANCE, _MANAGED_BY, _COMPONENT, _VERSION}),
    )


def _zalando(workload: CustomWorkload) -> PredictedPods:
    """The three labels have these names unless the operator is configured otherwise."""
    team = _text(workload.spec, "teamId")
    labels = {"application": "spilo", "cluster-name": workload.name}
    return PredictedPods(
        labels=labels | ({"team": team} if team else {}),
        ports=(_port(8008), _port(5432), _port(8080)),
        replicas=_number(workload.spec, "numberOfInstances"),
        service_account="postgres-pod",
        unsettled=frozenset({"spilo-role"}),
    )


_ELASTIC_TYPE = "common.k8s.elastic.co/type"
_ELASTIC = "elasticsearch.k8s.elastic.co"
_ELASTIC_ROLES = (
    "master", "data", "ingest", "ml", "transform", "remote_cluster_client", "voting_only", "data_content", "data_hot",
    "data_warm", "data_cold", "data_frozen",
)  # fmt: skip


def _scheme(workload: CustomWorkload) -> str:
    """How the HTTP port is called: by whether it speaks TLS, which it does by default."""
    return "http" if _at(workload.spec, "http", "tls", "selfSignedCertificate", "disabled") is True else "https"


def _elasticsearch(workload: CustomWorkload) -> PredictedPods:
    """All node sets together: only what they have in common is settled."""
    sets = [each for each in _list(workload.spec, "nodeSets") if isinstance(each, Mapping)]
    written = [_labels(each, "podTemplate", "metadata", "labels") for each in sets] or [{}]
    common = {key: text for key, text in written[0].items() if all(each.get(key) == text for each in written)}
    differing = {key for each in written for key in each} - set(common)
    if len(sets) == 1 and (name := _text(sets[0], "name")):
        common[f"{_ELASTIC}/statefulset-name"] = f"{workload.name}-es-{name}"
    else:
        differing.add(f"{_ELASTIC}/statefulset-name")
    differing |= {f"{_ELASTIC}/node-{role}" for role in _ELASTIC_ROLES} | {f"{_ELASTIC}/http-scheme"}
    version = _text(workload.spec, "version")
    return PredictedPods(
        labels=common
        | {_ELASTIC_TYPE: "elasticsearch", f"{_ELASTIC}/cluster-name": workload.name}
        | ({f"{_ELASTIC}/version": version} if version else {}),
        ports=(_port(9200, _scheme(workload)), _port(9300, "transport")),
        replicas=sum(_number(each, "count", default=0) for each in sets),
        host_network=bool(sets) and all(_at(each, "podTemplate", "spec", "hostNetwork") is True for each in sets),
        unsettled=frozenset(differing),
    )


def _kibana(workload: CustomWorkload) -> PredictedPods:
    template = _at(workload.spec, "podTemplate")
    version = _text(workload.spec, "version")
    own = {_ELASTIC_TYPE: "kibana", "kibana.k8s.elastic.co/name": workload.name}
    return PredictedPods(
        labels=_labels(template, "metadata", "labels")
        | own
        | ({"kibana.k8s.elastic.co/version": version} if version else {}),
        ports=_merged([_port(5601, _scheme(workload))], _declared(_list(template, "spec", "containers"))),
        replicas=_number(workload.spec, "count", default=0),
        host_network=_at(template, "spec", "hostNetwork") is True,
        service_account=_text(template, "spec", "serviceAccountName"),
    )


_RABBIT_PLUGINS = {
    "rabbitmq_mqtt": (1883, "mqtt"),
    "rabbitmq_web_mqtt": (15675, "web-mqtt"),
    "rabbitmq_stomp": (61613, "stomp"),
    "rabbitmq_web_stomp": (15674, "web-stomp"),
    "rabbitmq_stream": (5552, "stream"),
}


def _rabbitmq(workload: CustomWorkload) -> PredictedPods:
    """The resource's own labels go to the pods as well, those of app.kubernetes.io excepted."""
    spec = workload.spec
    secure = _text(spec, "tls", "secretName") is not None
    ports = [_port(4369, "epmd"), _port(15691, "prometheus-tls") if secure else _port(15692, "prometheus")]
    if not (secure and _at(spec, "tls", "disableNonTLSListeners") is True):
        ports += [_port(5672, "amqp"), _port(15672, "management")]
        plugins = {each for each in _list(spec, "rabbitmq", "additionalPlugins") if isinstance(each, str)}
        ports += [_port(*port) for plugin, port in _RABBIT_PLUGINS.items() if plugin in plugins]
    if secure:
        ports += [_port(5671, "amqps"), _port(15671, "management-tls")]
    own = workload.metadata.labels or {}
    override = _at(spec, "override", "statefulSet", "spec", "template")
    return PredictedPods(
        labels={key: text for key, text in own.items() if not key.startswith("app.kubernetes.io")}
        | {_NAME: workload.name, _COMPONENT: "rabbitmq"}
        | _labels(override, "metadata", "labels"),
        ports=_merged(ports, _declared(_list(override, "spec", "containers"))),
        replicas=_number(spec, "replicas"),
        host_network=_at(override, "spec", "hostNetwork") is True,
        service_account=f"{workload.name}-server",
        unsettled=frozenset({_PART_OF}),
    )


def _vmagent(workload: CustomWorkload) -> PredictedPods:
    spec = workload.spec
    own = {_NAME: "vmagent", _INSTANCE: workload.name, _COMPONENT: "monitoring", "managed-by": "vm-operator"}
    written = _text(spec, "port")
    number = int(written) if written is not None and written.isdecimal() else 8429
    shards = max(_number(spec, "shardCount"), 1)
    return PredictedPods(
        labels=_labels(spec, "podMetadata", "labels") | own,
        ports=_merged([_port(number, "http")], _declared(_list(spec, "containers"))),
        replicas=None if _at(spec, "daemonSetMode") is True else _number(spec, "replicaCount") * shards,
        host_network=_at(spec, "hostNetwork") is True,
        service_account=_text(spec, "serviceAccountName") or f"vmagent-{workload.name}",
        unsettled=frozenset({"shard-num"} if shards > 1 else ()),
    )


def _kafka_node_pool(workload: CustomWorkload) -> PredictedPods | None:
    """A pool belongs to the cluster that its label names; the listeners are written there, so they are not known."""
    cluster = (workload.metadata.labels or {}).get("strimzi.io/cluster")
    if not cluster:
        return None
    roles = _list(workload.spec, "roles")
    own = {
        "strimzi.io/cluster": cluster,
        "strimzi.io/kind": "Kafka",
        "strimzi.io/name": f"{cluster}-kafka",
        "strimzi.io/component-type": "kafka",
        "strimzi.io/pool-name": workload.name,
        "strimzi.io/broker-role": "true" if "broker" in roles else "false",
        "strimzi.io/controller-role": "true" if "controller" in roles else "false",
    }
    return PredictedPods(
        labels=_labels(workload.spec, "template", "pod", "metadata", "labels") | own,
        ports=(_port(9090, "tcp-ctrlplane"), _port(9091, "tcp-replication")),
        replicas=_number(workload.spec, "replicas"),
        service_account=f"{cluster}-kafka",
        unsettled=frozenset(
            {
                "strimzi.io/pod-name", "strimzi.io/controller", "strimzi.io/controller-name",
                _NAME, _INSTANCE, _MANAGED_BY, _PART_OF,
            }
        ),
    )  # fmt: skip


_PROMETHEUS_OPERATOR = "prometheus-operator: statefulset.go of pkg/prometheus, pkg/alertmanager and pkg/thanos"
_CNPG = "CloudNativePG: Labels and annotations; pkg/specs/pods.go"

OPERATORS = (
    Operator("monitoring.coreos.com", "Prometheus", _prometheus, _PROMETHEUS_OPERATOR),
    Operator("monitoring.coreos.com", "PrometheusAgent", _prometheus_agent, _PROMETHEUS_OPERATOR),
    Operator("monitoring.coreos.com", "Alertmanager", _alertmanager, _PROMETHEUS_OPERATOR),
    Operator("monitoring.coreos.com", "ThanosRuler", _thanos_ruler, _PROMETHEUS_OPERATOR),
    Operator(
        "grafana.integreatly.org",
        "Grafana",
        _grafana,
        "grafana-operator: controllers/reconcilers/grafana/deployment_reconciler.go",
        frozenset({"v1beta1"}),
    ),
    Operator("postgresql.cnpg.io", "Cluster", _cnpg_cluster, _CNPG),
    Operator("postgresql.cnpg.io", "Pooler", _cnpg_pooler, _CNPG),
    Operator("acid.zalan.do", "postgresql", _zalando, "Zalando Postgres operator: quickstart; operator parameters"),
    Operator(
        "elasticsearch.k8s.elastic.co",
        "Elasticsearch",
        _elasticsearch,
        "ECK: pkg/controller/elasticsearch/label/label.go",
    ),
    Operator("kibana.k8s.elastic.co", "Kibana", _kibana, "ECK: pkg/controller/kibana/label.go"),
    Operator("rabbitmq.com", "RabbitmqCluster", _rabbitmq, "RabbitMQ cluster operator: internal/metadata/label.go"),
    Operator("operator.victoriametrics.com", "VMAgent", _vmagent, "VictoriaMetrics operator: vmagent_types.go"),
    Operator("kafka.strimzi.io", "KafkaNodePool", _kafka_node_pool, "Strimzi documentation: Labels; node pools"),
)
"""The table."""

_BY_NAME = {(row.group, row.kind): row for row in OPERATORS}

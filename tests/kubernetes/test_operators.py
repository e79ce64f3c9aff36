"""The pods that operators will make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crenel.kubernetes.objects.meta import LabelSelector, Metadata
from crenel.kubernetes.objects.policies import NetworkPolicy
from crenel.kubernetes.objects.workloads import CustomWorkload
from crenel.kubernetes.operators import OPERATORS, PredictedPods, is_predictable, predict
from crenel.kubernetes.selectors import LabelIndex

MONITORING = "monitoring.coreos.com/v1"


def custom(
    api_version: str, kind: str, spec: str | dict[str, Any] = "{}", name: str = "k8s", **labels: str
) -> CustomWorkload:
    """A custom resource whose spec is written as YAML."""
    metadata = Metadata(name=name, namespace="monitoring", labels={k.replace("__", "/"): v for k, v in labels.items()})
    return CustomWorkload(api_version, kind, metadata, yaml.safe_load(spec) if isinstance(spec, str) else spec)


def pods(
    api_version: str, kind: str, spec: str | dict[str, Any] = "{}", name: str = "k8s", **labels: str
) -> PredictedPods:
    """What is foretold for it."""
    found = predict(custom(api_version, kind, spec, name, **labels))
    assert found is not None
    return found


def ports(found: PredictedPods) -> set[tuple[str | None, int, str | None]]:
    return {(port.name, port.container_port, port.protocol) for port in found.ports}


def test_prometheus() -> None:
    """A Prometheus' pods have the operator's labels, whatever podMetadata says, and the ports of both containers."""
    found = pods(
        MONITORING,
        "Prometheus",
        """
        replicas: 2
        version: v3.13.2
        serviceAccountName: prometheus-k8s
        podMetadata: {labels: {team: a, app.kubernetes.io/instance: mine}}
        """,
    )
    assert found.labels == {
        "app.kubernetes.io/name": "prometheus",
        "app.kubernetes.io/instance": "k8s",
        "app.kubernetes.io/managed-by": "prometheus-operator",
        "app.kubernetes.io/version": "3.13.2",
        "prometheus": "k8s",
        "operator.prometheus.io/name": "k8s",
        "operator.prometheus.io/shard": "0",
        "team": "a",
    }
    assert ports(found) == {("web", 9090, "TCP"), ("reloader-web", 8080, "TCP")}
    assert (found.replicas, found.service_account, found.host_network) == (2, "prometheus-k8s", False)


def test_prometheus_variants() -> None:
    """Shards multiply, names of ports can be chosen, sidecars add theirs, and localhost is not the network."""
    many = pods(MONITORING, "Prometheus", "{shards: 3, replicas: 2, portName: http-web, hostNetwork: true}")
    assert (many.replicas, many.host_network) == (6, True)
    assert "operator.prometheus.io/shard" not in many.labels
    assert "operator.prometheus.io/shard" in many.unsettled
    assert ("http-web", 9090, "TCP") in ports(many)
    assert pods(MONITORING, "Prometheus", "listenLocal: true").ports == ()
    extra = pods(MONITORING, "Prometheus", "{thanos: {}, containers: [{name: proxy, ports: [{containerPort: 9091}]}]}")
    assert {("http", 10902, "TCP"), ("grpc", 10901, "TCP"), (None, 9091, "TCP")} < ports(extra)


def test_prometheus_agent() -> None:
    """An agent is called otherwise, and may run on every node."""
    one = pods("monitoring.coreos.com/v1alpha1", "PrometheusAgent")
    assert one.labels["app.kubernetes.io/name"] == "prometheus-agent"
    assert (one.replicas, one.labels["operator.prometheus.io/shard"]) == (1, "0")
    everywhere = pods("monitoring.coreos.com/v1alpha1", "PrometheusAgent", "mode: DaemonSet")
    assert everywhere.replicas is None
    assert "operator.prometheus.io/shard" not in {*everywhere.labels, *everywhere.unsettled}


def test_alertmanager_and_ruler() -> None:
    """Alertmanagers talk to each other on TCP and UDP; rulers serve gRPC."""
    alerts = pods(MONITORING, "Alertmanager", "replicas: 3", "main")
    assert alerts.labels["alertmanager"] == "main"
    assert ports(alerts) == {
        ("web", 9093, "TCP"), ("mesh-tcp", 9094, "TCP"), ("mesh-udp", 9094, "UDP"), ("reloader-web", 8080, "TCP"),
    }  # fmt: skip
    ruler = pods(MONITORING, "ThanosRuler")
    assert ruler.labels["thanos-ruler"] == "k8s"
    assert {("grpc", 10901, "TCP"), ("web", 10902, "TCP")} < ports(ruler)


def test_kube_prometheus_policies_find_their_pods(shared: Path) -> None:
    """The policies of kube-prometheus select the pods that are foretold, and open ports that these have."""
    folder = shared / "realworld" / "kube-prometheus"
    for resource, policy, expected in (
        ("prometheus-prometheus", "prometheus-networkPolicy", {9090, 8080}),
        ("alertmanager-alertmanager", "alertmanager-networkPolicy", {9093, 8080, 9094}),
    ):
        workload = msgspec.convert(yaml.safe_load((folder / f"{resource}.yaml").read_text("utf-8")), CustomWorkload)
        found = predict(workload)
        assert found is not None
        written = yaml.safe_load((folder / f"{policy}.yaml").read_text("utf-8"))
        spec = msgspec.convert(written, NetworkPolicy).spec
        assert spec is not None
        index = LabelIndex([(0, found.labels, found.unsettled)])
        assert index.match(spec.pod_selector) == (1, 1)
        assert index.match(LabelSelector({"app.kubernetes.io/name": found.labels["app.kubernetes.io/name"]})) == (1, 1)
        opened = {port.port for rule in spec.ingress or () if rule for port in rule.ports or ()}
        assert opened == expected == {port.container_port for port in found.ports}


def test_grafana() -> None:
    """Grafana's template is merged into the operator's; an external Grafana has no pods."""
    spec = """
      config: {server: {http_port: "3001"}}
      deployment: {spec: {replicas: 2, template: {metadata: {labels: {team: a}}}}}
    """
    found = pods("grafana.integreatly.org/v1beta1", "Grafana", spec, "g")
    assert found.labels == {"app": "g", "team": "a"}
    assert (ports(found), found.replicas, found.service_account) == ({("grafana-http", 3001, "TCP")}, 2, "g-sa")
    assert predict(custom("grafana.integreatly.org/v1beta1", "Grafana", "external: {url: x}")) is None


def test_postgres() -> None:
    """CloudNativePG's and Zalando's clusters: which pod is the primary only the running cluster knows."""
    cluster = pods("postgresql.cnpg.io/v1", "Cluster", "{instances: 3, inheritedMetadata: {labels: {team: a}}}", "db")
    assert cluster.labels == {"cnpg.io/cluster": "db", "cnpg.io/podRole": "instance", "team": "a"}
    assert {"cnpg.io/instanceRole", "role"} < cluster.unsettled
    assert (cluster.replicas, cluster.service_account) == (3, "db")
    assert ("postgresql", 5432, "TCP") in ports(cluster)
    pooler = pods("postgresql.cnpg.io/v1", "Pooler", "{instances: 2, cluster: {name: db}}", "pool")
    assert pooler.labels == {"cnpg.io/poolerName": "pool", "cnpg.io/podRole": "pooler"}
    spilo = pods("acid.zalan.do/v1", "postgresql", "{teamId: acid, numberOfInstances: 2}", "acid-db")
    assert spilo.labels == {"application": "spilo", "cluster-name": "acid-db", "team": "acid"}
    assert "spilo-role" in spilo.unsettled


def test_elastic() -> None:
    """Node sets of one cluster are one group of pods: what differs between them is unsettled."""
    one = pods(
        "elasticsearch.k8s.elastic.co/v1", "Elasticsearch", "{version: 8.1.0, nodeSets: [{name: a, count: 3}]}", "es"
    )
    assert one.labels["elasticsearch.k8s.elastic.co/statefulset-name"] == "es-es-a"
    assert (one.labels["common.k8s.elastic.co/type"], one.replicas) == ("elasticsearch", 3)
    assert ports(one) == {("https", 9200, "TCP"), ("transport", 9300, "TCP")}
    two = pods(
        "elasticsearch.k8s.elastic.co/v1",
        "Elasticsearch",
        """
        nodeSets:
        - {name: a, count: 1, podTemplate: {metadata: {labels: {tier: hot, team: x}}}}
        - {name: b, count: 2, podTemplate: {metadata: {labels: {tier: cold, team: x}}}}
        """,
        "es",
    )
    assert (two.labels["team"], two.replicas) == ("x", 3)
    assert {"tier", "elasticsearch.k8s.elastic.co/statefulset-name"} < two.unsettled
    kibana = pods(
        "kibana.k8s.elastic.co/v1", "Kibana", "{count: 1, http: {tls: {selfSignedCertificate: {disabled: true}}}}"
    )
    assert (kibana.labels["kibana.k8s.elastic.co/name"], ports(kibana)) == ("k8s", {("http", 5601, "TCP")})


def test_rabbitmq() -> None:
    """TLS can take the place of the plain ports; the resource's labels reach the pods."""
    plain = pods(
        "rabbitmq.com/v1beta1", "RabbitmqCluster", "rabbitmq: {additionalPlugins: [rabbitmq_mqtt]}", "mq", team="a"
    )
    assert plain.labels == {"app.kubernetes.io/name": "mq", "app.kubernetes.io/component": "rabbitmq", "team": "a"}
    assert {("amqp", 5672, "TCP"), ("mqtt", 1883, "TCP"), ("prometheus", 15692, "TCP")} < ports(plain)
    spec = "tls: {secretName: cert, disableNonTLSListeners: true}"
    secure = ports(pods("rabbitmq.com/v1beta1", "RabbitmqCluster", spec, "mq"))
    assert ("amqps", 5671, "TCP") in secure
    assert not any(number == 5672 for _, number, _ in secure)


def test_others() -> None:
    """VMAgent and Kafka's node pools; a pool without its cluster's label has no pods."""
    agent = pods("operator.victoriametrics.com/v1beta1", "VMAgent", "{port: '8430', replicaCount: 2}", "vm")
    assert (agent.labels["managed-by"], ports(agent), agent.replicas) == ("vm-operator", {("http", 8430, "TCP")}, 2)
    pool = pods(
        "kafka.strimzi.io/v1beta2",
        "KafkaNodePool",
        "{roles: [broker], replicas: 3}",
        "a",
        **{"strimzi.io__cluster": "c"},
    )
    assert (pool.labels["strimzi.io/name"], pool.labels["strimzi.io/controller-role"]) == ("c-kafka", "false")
    assert predict(custom("kafka.strimzi.io/v1beta2", "KafkaNodePool", "{}")) is None


def test_any_pod_template() -> None:
    """A kind without a row is read through its pod template, and is nothing without one."""
    spec = """
      replicas: 4
      template:
        metadata: {labels: {app: web}}
        spec:
          hostNetwork: true
          serviceAccountName: web
          initContainers:
          - {name: migrate, ports: [{containerPort: 1}]}
          - {name: proxy, restartPolicy: Always, ports: [{name: admin, containerPort: 15000}]}
          containers: [{name: web, ports: [{name: http, containerPort: 8080}, {containerPort: 53, protocol: UDP}]}]
    """
    found = pods("argoproj.io/v1alpha1", "Rollout", spec)
    assert (found.labels, found.replicas, found.host_network, found.service_account) == ({"app": "web"}, 4, True, "web")
    assert ports(found) == {("http", 8080, "TCP"), (None, 53, "UDP"), ("admin", 15000, "TCP")}
    assert found.unsettled == {"rollouts-pod-template-hash"}
    assert predict(custom("cert-manager.io/v1", "Certificate", "secretName: x")) is None


@pytest.mark.parametrize(
    ("api_version", "kind", "expected"),
    [
        (MONITORING, "Prometheus", True),
        (MONITORING, "ServiceMonitor", False),
        ("grafana.integreatly.org/v1beta1", "Grafana", True),
        ("grafana.integreatly.org/v1alpha1", "Grafana", False),
        ("argoproj.io/v1alpha1", "Rollout", False),
        ("apps/v1", "Deployment", False),
    ],
)
def test_which_kinds(api_version: str, kind: str, expected: bool) -> None:
    """The table is asked by group and kind, and by version where a kind has changed."""
    assert is_predictable(api_version, kind) is expected


FIELDS = st.sampled_from(
    [
        *("containers", "initContainers", "ports", "containerPort", "name", "protocol", "replicas", "shards", "count"),
        *("nodeSets", "podTemplate", "podMetadata", "template", "metadata", "labels", "spec", "roles", "rabbitmq"),
        *("additionalPlugins", "tls", "config", "server", "http_port", "override", "statefulSet", "thanos"),
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(OPERATORS), st.dictionaries(FIELDS, ANYTHING, max_size=6))
def test_any_spec_is_read(row: Any, spec: dict[str, Any]) -> None:
    """No spec is too odd to be read, and every row has a source."""
    assert row.source
    predict(custom(f"{row.group}/v1", row.kind, spec, **{"strimzi.io__cluster": "c"}))
    predict(custom("example.org/v1", "Anything", spec))

"""What follows from how clusters work: names, the API server, webhooks, scraping, ways in."""

from __future__ import annotations

from typing import Any

from crenel.harden.needs import Outside
from crenel.network.addresses import AddressSet
from harden.pieces import Object, config, gathered, remarks, service, shown, workload

WEB = (workload("web", ports=[8080]), service("web", 80, 8080))


def dns(*ports: Object, name: str = "coredns", host: bool = False, namespace: str = "kube-system") -> Object:
    """The DNS of a cluster."""
    found = workload(name, namespace, labels={"k8s-app": "kube-dns"}, spec={"hostNetwork": True} if host else {})
    found["spec"]["template"]["spec"]["containers"][0]["ports"] = list(ports)
    return found


def binding(account: str, kind: str = "ClusterRole", name: str = "reader") -> Object:
    """A ClusterRoleBinding for a service account of the shop."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
        "metadata": {"name": f"{account}-b"},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}],
        "roleRef": {"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"},
    }  # fmt: skip


def test_names_are_asked_for_by_who_connects() -> None:
    """Whoever connects to something asks the DNS of this cluster, on the ports that its pods have."""
    objects = (workload("a", env={"W_URL": "http://web"}), *WEB, workload("idle"))
    assert [line for line in shown(gathered(*objects), system=True) if "DNS" in line] == [
        "shop/a -> the cluster's DNS (assumed) TCP/53", "shop/a -> the cluster's DNS (assumed) UDP/53",
    ]  # fmt: skip
    odd = dns({"containerPort": 5353, "name": "dns", "protocol": "UDP"})
    assert "shop/a -> kube-system/coredns UDP/5353" in shown(gathered(*objects, odd))


def test_a_cache_on_each_node() -> None:
    """NodeLocal DNSCache is asked at its link-local address."""
    cache = dns(name="node-local-dns", host=True)
    found = shown(gathered(workload("a", env={"W_URL": "http://web"}), *WEB, cache), system=True)
    assert "shop/a -> the cluster's DNS at 169.254.20.10 UDP/53" in found


def test_who_talks_to_the_api_server() -> None:
    """Service accounts with rights talk to the API server, at its endpoints where those are known."""
    objects = (workload("op", spec={"serviceAccountName": "op"}), workload("web"), binding("op"))
    unknown = shown(gathered(*objects), system=True)
    assert "shop/op -> the API server, wherever it is TCP/6443" in unknown
    assert not any(line.startswith("shop/web") for line in unknown)
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {
            "name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"},
        },
        "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": [{"port": 6443}],
    }  # fmt: skip
    known = gathered(*objects, endpoints)
    assert [each for each in shown(known, system=True) if "API" in each] == ["shop/op -> the API server TCP/6443"]
    target = next(need.target for need in known.needs.needs if "API" in str(need))
    assert target == Outside(AddressSet.of("10.0.0.1"), "the API server")
    said = shown(gathered(*objects, api_server=["192.0.2.1:8443"]), system=True)
    assert "shop/op -> the API server TCP/8443" in said


def test_a_role_that_asks_nothing() -> None:
    """A role for nothing but ``use`` makes nobody a client of the API server."""
    role: Object = {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "reader"},
        "rules": [{"verbs": ["use"], "apiGroups": ["policy"], "resources": ["podsecuritypolicies"]}],
    }  # fmt: skip
    found = gathered(workload("op", spec={"serviceAccountName": "op"}), binding("op"), role)
    assert shown(found, system=True) == []


def test_what_the_control_plane_calls() -> None:
    """Webhooks, conversions and aggregated APIs are called by the control plane, at the ports of the pods."""
    reference = {"namespace": "shop", "name": "hook"}
    admission = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": "v"}, "webhooks": [{"name": "a.b.c", "clientConfig": {"service": reference}}],
    }  # fmt: skip
    api = {
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.x"},
        "spec": {"service": {**reference, "port": 8443}},
    }  # fmt: skip
    ports = {"ports": [{"name": "a", "port": 443, "targetPort": 9443}, {"name": "b", "port": 8443, "targetPort": 7443}]}
    found = gathered(workload("hook"), service("hook", more=ports), admission, api)
    assert shown(found) == [
        "the control plane, wherever it is -> shop/hook TCP/7443",
        "the control plane, wherever it is -> shop/hook TCP/9443",
    ]
    lost = gathered(workload("hook"), admission)
    text = "shop/hook: validatingwebhookconfiguration v calls this Service, which is not in the input"
    assert remarks(lost) == [text]


def monitor(kind: str, spec: dict[str, Any], labels: dict[str, str] | None = None) -> Object:
    """A monitor of the Prometheus operator."""
    metadata = {"name": "m", "namespace": "shop", "labels": labels or {}}
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": kind, "metadata": metadata, "spec": spec}


def prometheus(**spec: Any) -> Object:
    """A Prometheus of the operator."""
    metadata = {"name": "k8s", "namespace": "mon"}
    return {"apiVersion": "monitoring.coreos.com/v1", "kind": "Prometheus", "metadata": metadata, "spec": spec}


def test_monitors() -> None:
    """A monitor counts where a Prometheus selects it, and its port is the pod's."""
    scraped = monitor("ServiceMonitor", {"selector": {}, "endpoints": [{"port": "main"}]}, {"team": "a"})
    everywhere: dict[str, Any] = {"serviceMonitorNamespaceSelector": {}}
    chosen = {"serviceMonitorSelector": {"matchLabels": {"team": "a"}}, **everywhere}
    assert "mon/k8s -> shop/web TCP/8080" in shown(gathered(*WEB, scraped, prometheus(**chosen)))
    for unwanted in ({"serviceMonitorSelector": {"matchLabels": {"team": "b"}}, **everywhere}, everywhere, {}):
        found = gathered(*WEB, scraped, prometheus(**unwanted))
        assert "mon/k8s -> shop/web TCP/8080" not in shown(found)
        assert any("no Prometheus of the input reads it" in line for line in remarks(found))


def test_pod_monitors_and_annotations() -> None:
    """PodMonitors and annotations lead to the pods themselves."""
    pods = monitor("PodMonitor", {"selector": {}, "podMetricsEndpoints": [{"port": "m"}]})
    web = workload("web", ports=[(9100, "m")])
    found = gathered(web, pods, prometheus(podMonitorSelector={}, podMonitorNamespaceSelector={}))
    assert "mon/k8s -> shop/web TCP/9100" in shown(found)
    noted = workload("web", ports=[8080])
    asked = {"prometheus.io/scrape": "true", "prometheus.io/port": "9102"}
    noted["spec"]["template"]["metadata"]["annotations"] = asked
    server = workload("prom", "mon", image="quay.io/prometheus/prometheus:v3")
    assert "mon/prom -> shop/web TCP/9102" in shown(gathered(noted, server))
    assert any("which the input does not have" in line for line in remarks(gathered(noted)))


def test_ways_in() -> None:
    """Load balancers and node ports are for everybody outside; backends of an Ingress for its proxy."""
    balanced = service("web", 80, 8080, more={"type": "LoadBalancer"})
    assert shown(gathered(workload("web"), balanced)) == ["outside of the cluster -> shop/web TCP/8080"]
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "shop"},
        "spec": {"ingressClassName": "nginx", "rules": [
            {"host": "a.example", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]},
    }  # fmt: skip
    nobody = gathered(*WEB, ingress)
    assert shown(nobody) == ["the proxy of ingress class nginx, wherever it runs -> shop/web TCP/8080"]
    labels = {"app.kubernetes.io/name": "ingress-nginx", "app.kubernetes.io/component": "controller"}
    found = gathered(*WEB, ingress, workload("ctrl", "ingress-nginx", labels=labels))
    assert "ingress-nginx/ctrl -> shop/web TCP/8080 ?" in shown(found)
    of_class = {
        "apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"},
        "spec": {"controller": "k8s.io/ingress-nginx"},
    }  # fmt: skip
    sure = gathered(*WEB, ingress, of_class, workload("ctrl", "ingress-nginx", labels=labels))
    assert "ingress-nginx/ctrl -> shop/web TCP/8080" in shown(sure)


def test_proxies_of_meshes() -> None:
    """A workload into which a mesh injects its proxy needs the control plane of the mesh."""
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
    labelled = {**home, "metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}}
    plane = workload("istiod", "istio-system", labels={"app": "istiod"})
    assert shown(gathered(workload("web"), labelled, plane)) == ["shop/web -> istio-system/istiod TCP/15012"]
    assert shown(gathered(workload("web"), labelled)) == ["shop/web -> istiod, wherever it runs TCP/15012"]
    assert shown(gathered(workload("web"), home, plane)) == []
    out = workload("web", labels={"app": "web", "sidecar.istio.io/inject": "false"})
    assert shown(gathered(out, labelled, plane)) == []
    noted = {**home, "metadata": {"name": "shop", "annotations": {"linkerd.io/inject": "enabled"}}}
    found = shown(gathered(workload("web"), noted))
    assert found == [
        "shop/web -> Linkerd's destination, wherever it runs TCP/8086",
        "shop/web -> Linkerd's destination, wherever it runs TCP/8090",
        "shop/web -> Linkerd's identity, wherever it runs TCP/8080",
    ]


def carried(annotation: str = "", *more: Object, port: int = 5432, **namespace: dict[str, str]) -> list[str]:
    """What web needs of db in a mesh, at ports of the proxies."""
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", **namespace}}
    database = workload("db", ports=[(port, "db")])
    if annotation:
        said = {"config.linkerd.io/opaque-ports": annotation}
        database["spec"]["template"]["metadata"]["annotations"] = said
    web = workload("web", env={"DB": f"db:{port}"})
    found = gathered(web, database, service("db", port), home, *more)
    return [each for each in shown(found) if each.startswith("shop/web -> shop/db ") and f"TCP/{port}" not in each]


def test_ports_of_proxies() -> None:
    """What a mesh carries by a port of its proxies needs that port too, between workloads of the mesh."""
    linked, ambient = {"linkerd.io/inject": "enabled"}, {"istio.io/dataplane-mode": "ambient"}
    opaque, hbone = ["shop/web -> shop/db TCP/4143"], ["shop/web -> shop/db TCP/15008"]
    assert carried(annotations=linked) == opaque
    assert carried(annotations=linked, port=8080) == []
    assert carried("8000-8100", annotations=linked, port=8080) == opaque
    assert carried("9000", annotations=linked) == []
    assert carried(annotations={}) == []
    assert carried(labels=ambient) == hbone
    assert carried(labels={"istio-injection": "enabled"}) == []
    server = {
        "apiVersion": "policy.linkerd.io/v1beta3", "kind": "Server", "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"podSelector": {"matchLabels": {"app": "db"}}, "port": "db", "proxyProtocol": "opaque"},
    }  # fmt: skip
    assert carried("", server, annotations=linked, port=8080) == opaque


def scraping(annotation: str, regex: str = "true", namespaces: str = "") -> list[Object]:
    """A Prometheus that goes by an annotation of its own."""
    text = (
        "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs:\n  - role: pod\n"
        f"{namespaces}"
        "  relabel_configs:\n  - action: keep\n"
        f"    source_labels: [__meta_kubernetes_pod_annotation_{annotation}]\n    regex: {regex}\n"
    )
    volumes = [{"name": "c", "configMap": {"name": "prom"}}]
    return [
        workload("prom", "mon", image="prom/prometheus:v3", spec={"volumes": volumes}),
        config("prom", {"prometheus.yml": text}, "mon"),
    ]


def test_annotations_that_a_prometheus_chooses() -> None:
    """A Prometheus may go by any annotation, in the namespaces that it looks at."""
    web = workload("web", ports=[8080])
    web["spec"]["template"]["metadata"]["annotations"] = {"example.org/read-me": "true"}
    read = "mon/prom -> shop/web TCP/8080"
    assert read in shown(gathered(web, *scraping("example_org_read_me")))
    own = "    namespaces:\n      own_namespace: true\n"
    named = "    namespaces:\n      names: [shop]\n"
    assert read in shown(gathered(web, *scraping("example_org_read_me", namespaces=named)))
    for other in (
        scraping("example_org_other"),
        scraping("example_org_read_me", regex="false"),
        scraping("example_org_read_me", namespaces=own),
        [*scraping("x")[:1], config("prom", {"prometheus.yml": "kubernetes_sd_configs: [\n  a: {\n"}, "mon")],
    ):
        assert read not in shown(gathered(web, *other))


def test_metrics_that_nobody_reads() -> None:
    """Ports for metrics that no Prometheus of the input reads are closed, which is said once for a namespace."""
    objects = [workload(name, ports=[(9000, "http-metrics")]) for name in ("a", "b")]
    text = "shop: metrics are read by nobody that is known, and stay closed: a TCP/9000, b TCP/9000"
    assert remarks(gathered(*objects)) == [text]

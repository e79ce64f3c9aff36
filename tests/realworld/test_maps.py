"""Real configurations through the real command: every line of their maps can be explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from command import ROOT, crenel

# Each service allows its clients on its own port, the frontend everybody; nobody limits egress, and `deny-all`
# isolates the load generator for ingress.
ONLINE_BOUTIQUE = """\
* -> 0.0.0.0/0: all
* -> default/frontend: all
0.0.0.0/0 -> default/frontend: all
default/cartservice -> default/redis-cart: TCP/6379
default/checkoutservice -> default/cartservice: TCP/7070
default/checkoutservice -> default/currencyservice: TCP/7000
default/checkoutservice -> default/emailservice: TCP/8080
default/checkoutservice -> default/paymentservice: TCP/50051
default/checkoutservice -> default/productcatalogservice: TCP/3550
default/checkoutservice -> default/shippingservice: TCP/50051
default/frontend -> default/adservice: TCP/9555
default/frontend -> default/cartservice: TCP/7070
default/frontend -> default/checkoutservice: TCP/5050
default/frontend -> default/currencyservice: TCP/7000
default/frontend -> default/productcatalogservice: TCP/3550
default/frontend -> default/recommendationservice: TCP/8080
default/frontend -> default/shippingservice: TCP/50051
default/recommendationservice -> default/productcatalogservice: TCP/3550
"""
OPEN = """\
* -> *: all
* -> 0.0.0.0/0: all
0.0.0.0/0 -> *: all
"""
# The policies of kube-prometheus limit ingress alone. Those of the adapter allow everything; the node exporter runs in
# the host network, where none applies.
KUBE_PROMETHEUS = """\
* -> 0.0.0.0/0: all
* -> monitoring/node-exporter: all
* -> monitoring/prometheus-adapter: all
0.0.0.0/0 -> monitoring/node-exporter: all
0.0.0.0/0 -> monitoring/prometheus-adapter: all
monitoring/grafana -> monitoring/k8s: TCP/9090
monitoring/k8s -> monitoring/blackbox-exporter: TCP/9115,19115
monitoring/k8s -> monitoring/grafana: TCP/3000
monitoring/k8s -> monitoring/k8s: TCP/8080,9090
monitoring/k8s -> monitoring/kube-state-metrics: TCP/8443,9443
monitoring/k8s -> monitoring/main: TCP/8080,9093
monitoring/k8s -> monitoring/prometheus-operator: TCP/8443
monitoring/main -> monitoring/main: TCP/9094 UDP/9094
monitoring/prometheus-adapter -> monitoring/k8s: TCP/9090
"""
# Metrics are open to every namespace, the server to everybody; Redis and the repository server to their clients.
ARGO_CD = """\
* -> 0.0.0.0/0: all
* -> default/argocd-application-controller: TCP/8082
* -> default/argocd-applicationset-controller: TCP/7000,8080
* -> default/argocd-notifications-controller: TCP/9001
* -> default/argocd-server: all
* except default/argocd-server -> default/argocd-dex-server: TCP/5558
0.0.0.0/0 -> default/argocd-server: all
default/argocd-application-controller -> default/argocd-redis: TCP/6379
default/argocd-application-controller -> default/argocd-repo-server: TCP/8081,8084
default/argocd-applicationset-controller -> default/argocd-repo-server: TCP/8081,8084
default/argocd-dex-server -> default/argocd-repo-server: TCP/8084
default/argocd-notifications-controller -> default/argocd-repo-server: TCP/8081,8084
default/argocd-redis -> default/argocd-repo-server: TCP/8084
default/argocd-repo-server -> default/argocd-redis: TCP/6379
default/argocd-server -> default/argocd-dex-server: TCP/5556-5558
default/argocd-server -> default/argocd-redis: TCP/6379
default/argocd-server -> default/argocd-repo-server: TCP/8081,8084
"""


def lines(path: Path) -> str:
    """The map of a folder or file, its columns apart; nothing may be said beside it."""
    ran = crenel("map", "-f", str(path))
    assert (ran.code, ran.err) == (0, "")
    head, *rows = ran.out.splitlines()
    places = head.index("DESTINATION"), head.index("TRAFFIC")
    assert head[: places[0]].strip() == "SOURCE"
    cut = [(row[: places[0]].strip(), row[places[0] : places[1]].strip(), row[places[1] :].strip()) for row in rows]
    return "".join(f"{source} -> {destination}: {traffic}\n" for source, destination, traffic in cut)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("online-boutique", ONLINE_BOUTIQUE),
        ("online-boutique/kubernetes-manifests.yaml", OPEN),
        ("kube-prometheus", KUBE_PROMETHEUS),
        ("argo-cd", ARGO_CD),
    ],
)
def test_map(shared: Path, path: str, expected: str) -> None:
    """The map has these lines and no other, nothing is said beside it, and the exit code is 0."""
    assert lines(shared / "realworld" / path) == expected


def test_difference_of_online_boutique(shared: Path) -> None:
    """Its policies only close, and each service's own policy is named among the causes of what closed."""
    home = shared / "realworld" / "online-boutique"
    ran = crenel("diff", str(home / "kubernetes-manifests.yaml"), str(home))
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.splitlines()[0].endswith("connections removed, none added")
    for name in ("deny-all", "adservice", "cartservice", "checkoutservice", "redis-cart", "shippingservice"):
        assert f"networkpolicy default/{name} " in ran.out
    assert "networkpolicy default/frontend" not in ran.out, "it allows everything, as before"


def test_shop() -> None:
    """The example without its policies is open."""
    assert lines(ROOT / "examples" / "shop" / "app") == OPEN


@pytest.mark.parametrize(
    "line",
    [
        "0.0.0.0/0 -> ingress-nginx/controller: TCP/8080,8443",
        "ingress-nginx/controller -> shop/frontend: TCP/8080",
        "shop/frontend -> shop/checkout: TCP/8080",
        "shop/checkout, shop/frontend -> shop/cart, shop/catalog: TCP/8080",
        "payments/ledger -> shop-data/postgres: TCP/5432",
        "payments/gateway -> 203.0.113.0/26: TCP/443",
        "shop/mailer -> 198.51.100.0/25: TCP/587",
        "* except kube-system/*, monitoring/* -> kube-system/coredns: TCP/53 UDP/53",
    ],
)
def test_shop_with_its_policies(line: str) -> None:
    """The example with its policies has the connections that the shop needs."""
    assert f"{line}\n" in lines(ROOT / "examples" / "shop")

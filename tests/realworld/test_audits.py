"""Real configurations audited: every finding was judged by hand, and is true."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from command import ROOT, crenel

SELECT = "NP,JV-02,SV-01,SV-03,SV-07,AU"
SERVICES = (
    "adservice", "cartservice", "checkoutservice", "currencyservice", "emailservice", "frontend", "loadgenerator",
    "paymentservice", "productcatalogservice", "recommendationservice", "redis-cart", "shippingservice",
)  # fmt: skip
# Every policy of it has the egress rule `{}`, which takes the isolation back. That of the frontend has the ingress rule
# `{}` too, although its Services lead to one port. The load balancer in front of the frontend limits nobody; whom it
# faces, its manifest does not say.
ONLINE_BOUTIQUE = [
    "NP-04 medium networkpolicy default/frontend spec.ingress[0]",
    *(f"NP-05 medium networkpolicy default/{name} spec.egress[0]" for name in SERVICES),
    "SV-03 medium service default/frontend-external spec.type",
]
# Without the policies: nothing guards the namespace, and the load balancer leads into it.
BARE = [
    "NP-01 high namespace default ",
    "JV-02 medium deployment default/frontend ",
    "SV-03 medium service default/frontend-external spec.type",
]
# The same egress rule in all policies but that of the node exporter, which runs in the host network, where no policy
# has any effect. The adapter lets everybody in on all ports.
KUBE_PROMETHEUS = [
    "NP-04 medium networkpolicy monitoring/prometheus-adapter spec.ingress[0]",
    "NP-05 medium networkpolicy monitoring/alertmanager-main spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/blackbox-exporter spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/grafana spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/kube-state-metrics spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/prometheus-adapter spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/prometheus-k8s spec.egress[0]",
    "NP-05 medium networkpolicy monitoring/prometheus-operator spec.egress[0]",
    "NP-10 medium daemonset monitoring/node-exporter spec.template.spec.hostNetwork",
]
# No policy limits egress; the server lets everybody in on all ports, where a Service leads to one.
ARGO_CD = [
    "NP-03 medium namespace default ",
    "NP-04 medium networkpolicy default/argocd-server-network-policy spec.ingress[0]",
]


def findings(path: Path, *arguments: str) -> list[str]:
    """The findings as ``CHECK SEVERITY OBJECT FIELD``, the worst first."""
    ran = crenel("audit", "-f", str(path), "-o", "json", "--select", SELECT, *arguments)
    assert ran.code in (0, 1), ran.err
    found = json.loads(ran.out)["findings"]
    assert all(each["line"] for each in found)
    return [f"{each['check']} {each['severity']} {each['object']} {each['field'] or ''}" for each in found]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("online-boutique", ONLINE_BOUTIQUE),
        ("online-boutique/kubernetes-manifests.yaml", BARE),
        ("kube-prometheus", KUBE_PROMETHEUS),
        ("argo-cd", ARGO_CD),
    ],
)
def test_findings(shared: Path, path: str, expected: list[str]) -> None:
    """These findings and no others; the pedantic see no more of them."""
    assert findings(shared / "realworld" / path) == expected
    assert findings(shared / "realworld" / path, "--persona", "pedantic") == expected


def test_the_shop_is_clean() -> None:
    """The project's own example has none of these."""
    assert findings(ROOT / "examples" / "shop") == []

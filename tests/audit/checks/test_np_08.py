"""NP-08: egress policies that forget DNS."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, inside, messages
from audit.pieces import deployment, node, policy

TWO = deployment("web") + deployment("db")
DB = "{to: [{podSelector: {matchLabels: {app: db}}}]}"
BOTH = "ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]"
KUBE_DNS = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}"
USUAL = "the cluster's DNS, which the input lacks: pods with k8s-app: kube-dns in kube-system"


def out(*rules: str) -> str:
    """The pods with an egress policy."""
    return TWO + policy("web", f"podSelector: {{matchLabels: {{app: web}}}}, egress: [{', '.join(rules)}]")


def dns(name: str = "coredns", label: str = "kube-dns", namespace: str = "kube-system", pod: str = "") -> str:
    """The DNS of a cluster, with its own labels."""
    return deployment(name, namespace, port=53, pod=pod).replace(f"app: {name}", f"k8s-app: {label}")


def test_real_command(tmp_path: Path) -> None:
    """The policy is named at its egress rules, with where names are answered."""
    assert command("NP-08", out(DB), tmp_path) == [
        f"22 medium networkpolicy shop/web: shop/web may connect to others but not to DNS ({USUAL}) on UDP/53"
    ]


@pytest.mark.parametrize(
    "text",
    [
        out(DB, f"{{to: [{{{KUBE_DNS}, podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}}}], {BOTH}}}"),
        out(DB, f"{{to: [{{namespaceSelector: {{matchLabels: {{name: kube-system}}}}}}], {BOTH}}}"),
        out(DB, f"{{{BOTH}}}"),
        out(DB, f"{{to: [{{namespaceSelector: {{}}}}], {BOTH}}}"),
        TWO + policy("deny", "podSelector: {}, policyTypes: [Egress]"),
        out("{}"),
        TWO,
    ],
    ids=["by its labels", "by a label of its namespace", "anywhere", "all namespaces", "nothing", "all", "no policy"],
)
def test_clean(text: str) -> None:
    """What reaches DNS, what may connect to nothing, and what is not limited are no findings."""
    assert messages("NP-08", text, "--persona", "pedantic") == []


def test_the_dns_of_this_cluster() -> None:
    """Where the input has the cluster's DNS, its own labels count."""
    rule = f"{{to: [{{{KUBE_DNS}, podSelector: {{matchLabels: {{k8s-app: coredns}}}}}}], {BOTH}}}"
    assert messages("NP-08", out(DB, rule) + dns(label="coredns")) == []
    (line,) = messages("NP-08", out(DB, rule) + dns())
    assert "not to DNS (the cluster's DNS) on UDP/53" in line


def test_node_local_cache() -> None:
    """Where NodeLocal DNSCache runs, a pod selector is not enough: the answer comes from a link-local address."""
    cache = deployment("node-local-dns", "kube-system", port=53, pod="hostNetwork: true, ")
    by_pod = f"{{to: [{{{KUBE_DNS}}}], {BOTH}}}"
    (line,) = messages("NP-08", out(DB, by_pod) + dns() + cache)
    assert "not to DNS (NodeLocal DNSCache at 169.254.20.10) on UDP/53" in line
    by_address = f"{{to: [{{ipBlock: {{cidr: 169.254.20.10/32}}}}], {BOTH}}}"
    assert messages("NP-08", out(DB, by_address) + dns() + cache) == []


def test_addresses_alone() -> None:
    """Who may connect to addresses alone may need no names."""
    (line,) = messages("NP-08", out("{to: [{ipBlock: {cidr: 203.0.113.7/32}}], ports: [{port: 5432}]}"))
    assert line.startswith("low networkpolicy shop/web: ")
    assert "lowered: they may connect to addresses alone" in line


def test_udp_alone() -> None:
    """That TCP is forgotten is for the pedantic."""
    text = out(DB, "{ports: [{port: 53, protocol: UDP}]}")
    assert messages("NP-08", text) == []
    assert messages("NP-08", text, "--persona", "pedantic") == [
        "low networkpolicy shop/web: shop/web may ask DNS on UDP/53 but not on TCP/53, which long answers need"
    ]


def test_fix_appends_a_rule(tmp_path: Path) -> None:
    """The diff adds one rule to the policy, for the DNS of the cluster, and the finding is gone."""
    path = tmp_path / "policy.yaml"
    path.write_text(
        "# who may be asked\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: web  # the web\n"
        "  namespace: shop\nspec:\n  podSelector: {}\n  egress:\n    - to:\n        - podSelector: {}\n"
    )
    (tmp_path / "pods.yaml").write_text(TWO)
    asked = ("-f", str(tmp_path), "--select", "NP-08", "--fix")
    ran = inside(*asked)
    assert ran.code == 1
    added = [line for line in ran.out.splitlines() if line.startswith(("+", "-"))][2:]
    assert added == [
        "+    - to:",
        "+        - namespaceSelector:",
        "+            matchLabels:",
        "+              kubernetes.io/metadata.name: kube-system",
        "+          podSelector:",
        "+            matchLabels:",
        "+              k8s-app: kube-dns",
        "+      ports:",
        "+        - protocol: UDP",
        "+          port: 53",
        "+        - protocol: TCP",
        "+          port: 53",
    ]
    assert inside(*asked, "--write").code == 1
    assert inside(*asked).code == 0
    assert path.read_text().startswith("# who may be asked\n")
    assert "name: web  # the web\n" in path.read_text()


def test_google() -> None:
    """A live cluster on GKE without DNS pods asks the node; manifests of it are taken to have the usual DNS."""
    (line,) = messages("NP-08", out(DB) + node("gce://p/z/n1"))
    assert USUAL in line

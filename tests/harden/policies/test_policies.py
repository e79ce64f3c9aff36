"""What is written: text that people can read, labels that select one workload, policies of the input that stay."""

from __future__ import annotations

from pathlib import Path

import pytest

from crenel.harden.needs.naming import Resolving
from crenel.harden.policies import files
from crenel.harden.policies.entrance import harden, hardened
from crenel.harden.policies.harden import Hardening, Wishes
from crenel.harden.policies.model import Written
from crenel.intents import read
from crenel.library import Network
from crenel.provenance import Origin
from harden.pieces import Object, load, service, workload

SHOP = (
    workload("web", env={"API_URL": "http://api"}),
    workload("api", ports=[8080], labels={"app.kubernetes.io/name": "api", "version": "v3"}),
    service("api", 80, 8080, more={"selector": {"app.kubernetes.io/name": "api"}}),
)
DENY: Object = {
    "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}  # fmt: skip


def opened(name: str = "open", **spec: object) -> Object:
    """A policy of the input that lets everybody in to the API."""
    chosen = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "api"}}, "ingress": [{}], **spec}
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": chosen}


def text(found: Hardening, path: str) -> str:
    """The text of a file."""
    return next(each.text for each in found.files if each.path == path)


def allowed(net: Network, source: str, target: str, traffic: str) -> bool:
    """Whether something is surely allowed."""
    return net.can(source, target, traffic).allowed


def test_the_text() -> None:
    """One file for a workload, with a policy for each direction, few labels and the evidence."""
    found = harden(load(*SHOP))
    assert [each.path for each in found.files] == [
        "shop/default-deny.yaml", "shop/web.yaml", "shop/api.yaml", "kustomization.yaml",
    ]  # fmt: skip
    assert text(found, "shop/api.yaml") == (
        "# Written by crenel harden. Edit the application, its intents or its flows, and run it again.\n"
        "# Who may connect to shop/api (Deployment).\n"
        "apiVersion: networking.k8s.io/v1\n"
        "kind: NetworkPolicy\n"
        "metadata:\n"
        "  name: api-ingress\n"
        "  namespace: shop\n"
        "  labels:\n"
        "    app.kubernetes.io/managed-by: crenel\n"
        "spec:\n"
        "  podSelector:\n"
        "    matchLabels:\n"
        "      app.kubernetes.io/name: api\n"
        "  policyTypes:\n"
        "    - Ingress\n"
        "  ingress:\n"
        "    - from:\n"
        '        # shop/web: variable API_URL is "http://api" (objects)\n'
        "        - podSelector:\n"
        "            matchLabels:\n"
        "              app: web\n"
        "      ports:\n"
        "        - port: 8080\n"
        "          protocol: TCP\n"
    )


def test_labels_that_look_like_something_else() -> None:
    """Values that YAML would read as numbers or truth are quoted, and text of the input cannot end a comment."""
    odd = workload("web", labels={"app": "true", "tier": "1e3"}, env={"API_URL": "http://api #\n- evil: yes"})
    net = load(odd, *SHOP[1:], workload("other", labels={"app": "true", "tier": "x"}))
    found = harden(net)
    assert 'tier: "1e3"' in text(found, "shop/web.yaml")
    assert found.proved
    assert allowed(hardened(net, found), "shop/web", "shop/api", "TCP/8080")


def test_as_few_labels_as_tell_it_apart() -> None:
    """Labels of a version are used only where no other tells workloads apart, absent ones only where those fail."""
    by_tier = load(workload("a", labels={"app": "x", "tier": "1"}), workload("b", labels={"app": "x", "tier": "2"}))
    chosen = harden(by_tier, resolving=Resolving.ALL)
    assert '      tier: "1"\n' in text(chosen, "shop/a.yaml")
    assert "app: x" not in text(chosen, "shop/a.yaml").partition("policyTypes")[0]
    by_version = harden(
        load(*(workload(v, labels={"app": "x", "version": v}) for v in ("v1", "v2"))), resolving=Resolving.ALL
    )
    assert "version: v1" in text(by_version, "shop/v1.yaml")
    part = load(workload("a", labels={"app": "x"}), workload("b", labels={"app": "x", "track": "canary"}))
    absent = text(harden(part, resolving=Resolving.ALL), "shop/a.yaml")
    assert "operator: DoesNotExist" in absent


def test_policies_of_the_input_stay() -> None:
    """What they allow is not written again; what they allow beyond the needs is told, with their names."""
    net = load(*SHOP, opened(), DENY)
    found = harden(net)
    assert [each.path for each in found.files] == ["shop/web.yaml", "kustomization.yaml"]
    assert [each.why for each in found.open] == ["networkpolicy shop/open of the input allows it"]
    assert {each.subject for each in found.kept} == {"networkpolicy shop/open", "networkpolicy shop/deny"}
    assert allowed(hardened(net, found), "192.0.2.1", "shop/api", "TCP/1")


def test_what_a_policy_of_the_input_lacks_is_added() -> None:
    """A policy that does not allow a need stays, and another one allows it."""
    closed = opened(ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}])
    net = load(*SHOP, closed)
    found = harden(net)
    assert found.proved
    assert allowed(hardened(net, found), "shop/web", "shop/api", "TCP/8080")


def test_tightening() -> None:
    """Asked to, policies of the input give way: a component deletes them, and what they opened is closed."""
    net = load(*SHOP, opened(), DENY)
    found = harden(net, Wishes(tighten=True))
    assert "name: open" in text(found, "tighten/kustomization.yaml")
    after = hardened(net, found)
    assert allowed(after, "shop/web", "shop/api", "TCP/8080")
    assert not allowed(after, "192.0.2.1", "shop/api", "TCP/1")
    again = harden(load(*SHOP, opened("api-ingress")), Wishes(tighten=True))
    assert "name: api-ingress-crenel" in text(again, "shop/api.yaml")


def test_the_cluster_s_own_namespaces() -> None:
    """kube-system is left alone, unless it is asked for."""
    net = load(*SHOP, workload("dns", "kube-system"))
    assert harden(net).namespaces == ("shop",)
    assert harden(net, Wishes(namespaces=("kube-system",))).namespaces == ("kube-system",)


def test_statements_take_needs_away() -> None:
    """What deny and isolated forbid is closed although something speaks for it, and the conflict is told."""
    declared = read([({
        "schema": "crenel/intents/v1",
        "intents": [{"name": "no", "deny": {"from": "shop/web", "to": "shop/api:8080"}}],
    }, Origin("crenel.yaml"))])  # fmt: skip
    net = load(*SHOP)
    found = harden(net, intents=declared)
    assert [(str(each.need), each.statement.title) for each in found.conflicts] == [
        ("shop/web -> shop/api TCP/8080", "no")
    ]
    after = hardened(net, found)
    assert after.can("shop/web", "shop/api", "TCP/8080").outcome.value == "denied"
    assert after.prove(declared).holds


def test_guardrails() -> None:
    """The metadata address, kube-system and other namespaces are out of reach whatever namespaces allow themselves."""
    wide = {**opened("wide"), "metadata": {"name": "wide", "namespace": "shop"}}
    wide["spec"] = {"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]}
    net = load(*SHOP, wide, workload("other", "b"), workload("dns", "kube-system", labels={"k8s-app": "kube-dns"}))
    found = harden(net, Wishes(guardrails=True))
    assert found.proved
    after = hardened(net, found)
    assert not allowed(after, "shop/web", "169.254.169.254", "TCP/80")
    assert not allowed(after, "shop/web", "kube-system/dns", "TCP/9153")
    assert allowed(after, "shop/web", "kube-system/dns", "UDP/53")
    assert not allowed(after, "b/other", "shop/api", "TCP/8080")
    assert allowed(after, "shop/web", "shop/api", "TCP/8080")


def test_egress_by_name() -> None:
    """A name outside opens every address to a NetworkPolicy, and only itself to a ClusterNetworkPolicy."""
    net = load(workload("web", env={"PAY_URL": "https://api.pay.com"}))
    wide = harden(net)
    assert wide.proved
    assert [each.why.partition(",")[0] for each in wide.open][:1] == ["a NetworkPolicy knows no names"]
    assert allowed(hardened(net, wide), "shop/web", "192.0.2.1", "TCP/443")
    named = harden(net, Wishes(names=True))
    after = hardened(net, named)
    assert not allowed(after, "shop/web", "192.0.2.1", "TCP/443")
    assert allowed(after, "shop/web", "dns:api.pay.com", "TCP/443")
    assert not named.open


def test_policies_that_are_not_understood() -> None:
    """A policy of another kind holds beside what is written, which is proved without it; it is named."""
    other = {
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy", "metadata": {"name": "c", "namespace": "shop"},
        "spec": {"endpointSelector": {}, "ingress": [{}]},
    }  # fmt: skip
    found = harden(load(*SHOP, other))
    assert found.proved
    assert [each.subject for each in found.left] == ["ciliumnetworkpolicy shop/c"]


def test_somebody_who_may_be_anywhere() -> None:
    """A target that the input lacks opens its port to everybody, which is told; the rest stays closed."""
    home = {"apiVersion": "v1", "kind": "Namespace"}
    net = load(*SHOP, {**home, "metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}})
    found = harden(net)
    assert found.proved
    assert any("nothing narrower than everybody is known" in each.why for each in found.open)
    after = hardened(net, found)
    assert allowed(after, "shop/web", "192.0.2.1", "TCP/15012")
    assert not allowed(after, "shop/web", "192.0.2.1", "TCP/15013")


def test_what_the_input_leaves_open_is_a_doubt() -> None:
    """A guardrail of the input for an address may mean pods while nobody says where those are: told, and no failure."""
    guard: Object = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2", "kind": "ClusterNetworkPolicy", "metadata": {"name": "g"},
        "spec": {
            "tier": "Admin", "priority": 1, "subject": {"namespaces": {}},
            "egress": [{"action": "Deny", "to": [{"networks": ["169.254.169.254/32"]}]}],
        },
    }  # fmt: skip
    found = harden(load(*SHOP, guard))
    assert found.proved
    assert {str(need) for need in found.proof.doubtful} >= {"shop/web -> shop/api TCP/8080"}
    assert [each.why.partition(";")[0] for each in found.left] == ["clusternetworkpolicy g may deny it"]
    closed = {**guard, "spec": {**guard["spec"], "egress": [{"action": "Deny", "to": [{"namespaces": {}}]}]}}
    assert not harden(load(*SHOP, closed)).proved


def test_folders(tmp_path: Path) -> None:
    """A folder is new, or of an earlier run: what nobody wrote by hand is replaced, and nothing else is touched."""
    found = harden(load(*SHOP))
    out = tmp_path / "out"
    assert len(files.put(out, found.files)) == 4
    assert files.put(out, found.files) == ()
    less = harden(load(*SHOP[1:]))
    files.put(out, less.files)
    assert not (out / "shop" / "web.yaml").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    (out / "shop" / "mine.yaml").write_text("a: 1\n")
    with pytest.raises(files.TakenError, match="was not written by crenel harden"):
        files.put(out, found.files)
    assert (out / "shop" / "mine.yaml").read_text() == "a: 1\n"


def test_names_that_lead_out(tmp_path: Path) -> None:
    """Names of the input never make a path that leaves the folder."""
    odd = workload("../../web", "shop", labels={"app": "web"}, env={"API_URL": "http://api"})
    found = harden(load(odd, workload("evil", "../up"), *SHOP[1:]))
    assert (found.proved, found.namespaces) == (True, ("shop",))
    assert {each.path for each in found.files} == {
        "shop/default-deny.yaml", "shop/web.yaml", "shop/api.yaml", "kustomization.yaml",
    }  # fmt: skip
    with pytest.raises(files.TakenError):
        files.put(tmp_path / "out", [Written("../up.yaml", found.files[0].text)])


def test_a_folder_that_is_a_link(tmp_path: Path) -> None:
    """Links are followed nowhere."""
    (tmp_path / "there").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "there")
    with pytest.raises(files.TakenError):
        files.check(tmp_path / "out")


def test_a_namespace_that_has_more_than_the_input() -> None:
    """Where the cluster's DNS is only assumed its namespace is not denied as a whole: the DNS goes on answering."""
    system = workload("meter", "kube-system", env={"X_URL": "http://api.shop"})
    found = harden(load(*SHOP, system), wishes=Wishes(namespaces=("kube-system",), guardrails=True))
    assert found.proved
    assert sorted(each.path for each in found.files) == [
        "guardrails/metadata.yaml", "kube-system/default-deny-meter.yaml", "kube-system/meter.yaml",
        "kustomization.yaml",
    ]  # fmt: skip
    assert "    matchLabels:\n      app: meter\n" in text(found, "kube-system/default-deny-meter.yaml")
    assert [each.what for each in found.left] == ["default-deny for all of the namespace"]
    assert {str(each.workload) for each in found.cut} == {"kube-system/meter"}

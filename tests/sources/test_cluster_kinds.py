"""The table of kinds and the manifest of rights that is shipped: the same, and enough."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from apiserver import Resource, Rights, Server, User
from apiserver.harness import Harness, names, pod, thing
from command import ROOT
from crenel.sources.cluster_kinds import CERTIFICATES, CONFIG_MAPS, DEFAULT, SECRETS, Kind

MANIFEST = ROOT / "deploy" / "rbac-readonly.yaml"
MORE = ROOT / "deploy" / "rbac-certificates.yaml"


def documents() -> dict[str, Any]:
    return {each["kind"]: each for each in yaml.safe_load_all(MANIFEST.read_text("utf-8"))}


def granted(role: dict[str, Any] | None = None) -> set[tuple[str, str, str, str]]:
    """Every right of a role, that of the manifest by default: group, resource, name (empty for all), verb."""
    found = set()
    for rule in (role or documents()["ClusterRole"])["rules"]:
        parts = rule["apiGroups"], rule["resources"], rule.get("resourceNames", [""]), rule["verbs"]
        found |= set(itertools.product(*parts))
    return found


def needed(kinds: Sequence[Kind] = DEFAULT) -> set[tuple[str, str, str, str]]:
    """Every right that a table asks for."""
    found = set()
    for kind in kinds:
        own = {name.partition("/")[2] for name in kind.names} or {""}
        found |= {(kind.group, kind.resource, name, verb) for name in own for verb in kind.verbs}
    return found


def test_the_manifest_grants_what_the_table_needs_and_nothing_else() -> None:
    """Neither a kind nor a verb more or less; no wildcard, no Secret, no verb that writes."""
    assert granted() == needed()
    assert {verb for *_, verb in granted()} == {"get", "list"}
    assert not {resource for _, resource, *_ in granted()} & {"*", "secrets"}


def test_certificates_need_no_right_to_secrets() -> None:
    """What the inventory reads by itself is a role without Secrets; the one for --secrets is bound to nobody."""
    more = [each for each in yaml.safe_load_all(MORE.read_text("utf-8")) if each]
    roles = {each["metadata"]["name"]: each for each in more if each["kind"] == "ClusterRole"}
    assert granted(roles["crenel-certificates"]) == needed(CERTIFICATES)
    listed = [kind for kind in SECRETS if not kind.names]
    assert (
        granted(roles["crenel-secrets"]) == needed(listed) == {("", "secrets", "", "get"), ("", "secrets", "", "list")}
    )
    assert {kind.fields for kind in listed} == {"type=kubernetes.io/tls"}, "no more is asked for than it says"
    assert "secrets" not in {resource for _, resource, *_ in granted(roles["crenel-certificates"])}
    bound = [each["roleRef"]["name"] for each in more if each["kind"].endswith("Binding")]
    assert bound == ["crenel-certificates"]
    assert not {kind.kind for kind in (*DEFAULT, *CERTIFICATES)} & {"Secret"}


def test_the_manifest_binds_the_role_to_its_own_account() -> None:
    """What is applied works as it is."""
    found = documents()
    binding, account = found["ClusterRoleBinding"], found["ServiceAccount"]["metadata"]
    assert binding["roleRef"]["name"] == found["ClusterRole"]["metadata"]["name"]
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": account["name"], "namespace": account["namespace"]}
    ]
    assert found["Namespace"]["metadata"]["name"] == account["namespace"]


def test_no_kind_is_in_the_table_twice() -> None:
    """A second row would read everything twice."""
    rows = [(kind.group, kind.resource) for kind in (*DEFAULT, *CERTIFICATES) if not kind.names]
    assert len(rows) == len(set(rows))
    assert len(CONFIG_MAPS) == len(set(CONFIG_MAPS))


def test_with_the_rights_of_the_manifest_every_kind_can_be_read(tmp_path: Path) -> None:
    """A cluster that serves all of them leaves nothing unreadable, and one object of each kind is there."""
    with Server() as server:
        harness, served = Harness(server, tmp_path), server.api.served
        for kind in DEFAULT:
            if not any(served.find(kind.group, version, kind.resource) for version in kind.versions):
                served.add(
                    Resource(
                        kind.group,
                        kind.versions[0],
                        kind.resource,
                        kind.kind,
                        kind.namespaced,
                        custom="." in kind.group,
                    )
                )
        for kind in (each for each in DEFAULT if each.group and not each.twin):
            version = next(each for each in kind.versions if served.find(kind.group, each, kind.resource))
            harness.put(thing(f"{kind.group}/{version}", kind.kind, "x", "shop" if kind.namespaced else ""))
        harness.put(pod("web"), thing("v1", "ConfigMap", "kube-proxy", "kube-system"))
        server.api.tokens["reader"] = User("reader", rights=Rights.of_role(documents()["ClusterRole"]))
        reading = harness.read(user={"token": "reader"})
    assert reading.unreadable == [] and reading.problems == []
    assert {each.data["kind"] for each in reading.documents} >= {each.kind for each in DEFAULT if each.group}
    assert names(reading, "ConfigMap") == ["kube-proxy"] and names(reading, "Pod") == ["web"]

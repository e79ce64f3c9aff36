"""What rights of service accounts say of connections."""

from __future__ import annotations

from typing import Any

import pytest

from harden.pieces import Object, gathered, service, shown, workload

GROUP = "rbac.authorization.k8s.io"
CONTROL_PLANE = "the control plane, wherever it is"


def rule(group: str, resource: str, *verbs: str, names: tuple[str, ...] = ()) -> Object:
    """A rule of a role."""
    named = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": [group], "resources": resource.split(","), "verbs": list(verbs), **named}


def role(account: str, *rules: Object, namespace: str = "") -> tuple[Object, Object]:
    """A role with its binding for a service account of the shop; a Role in a namespace, or else a ClusterRole."""
    kind = "Role" if namespace else "ClusterRole"
    metadata = {"name": f"{account}-role", **({"namespace": namespace} if namespace else {})}
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": "shop"}]
    given = {"kind": kind, "name": f"{account}-role", "apiGroup": GROUP}
    common = {"apiVersion": f"{GROUP}/v1", "metadata": metadata}
    return (
        {**common, "kind": kind, "rules": list(rules)},
        {**common, "kind": f"{kind}Binding", "subjects": subjects, "roleRef": given},
    )


def operator(name: str = "op", **more: Any) -> Object:
    """A workload with a service account of its own name."""
    return workload(name, spec={"serviceAccountName": name}, **more)


def test_kubelets() -> None:
    """Who may read metrics of nodes asks their kubelets; if it may go through the API server too, that is likely."""
    plain = gathered(operator(), *role("op", rule("", "nodes/metrics", "get")))
    assert "shop/op -> the nodes, wherever they are TCP/10250" in shown(plain)
    both = gathered(operator(), *role("op", rule("", "nodes/metrics,nodes/proxy", "get")))
    assert "shop/op -> the nodes, wherever they are TCP/10250 ?" in shown(both)
    everything = gathered(operator(), *role("op", rule("*", "*", "*")))
    assert not any("nodes" in line for line in shown(everything))


@pytest.mark.parametrize("name", ["probe", "http:probe:", "https:probe:main", "probe:80"])
def test_through_the_api_server(name: str) -> None:
    """A Service that a Role names for the API server's proxy is reached by the control plane."""
    allowed = role("op", rule("", "services/proxy", "get", names=(name,)), namespace="shop")
    found = gathered(operator(), workload("probe"), service("probe", 80, 8000), *allowed)
    assert f"{CONTROL_PLANE} -> shop/probe TCP/8000" in shown(found)


def test_nobody_may_use_the_proxy() -> None:
    """A Role that nobody has, or that names no Service, says nothing."""
    written, binding = role("op", rule("", "services/proxy", "get", names=("probe",)), namespace="shop")
    assert not any(CONTROL_PLANE in line for line in shown(gathered(workload("probe"), service("probe"), written)))
    written["rules"][0].pop("resourceNames")
    found = gathered(operator(), workload("probe"), service("probe"), written, binding)
    assert not any(CONTROL_PLANE in line for line in shown(found))


def two_ports(*names: str) -> Object:
    """A Service of the operator with a port for each name, from 443 on."""
    ports = [{"name": name, "port": 443 + place, "targetPort": 9443 + place} for place, name in enumerate(names)]
    return service("op-svc", app="op", more={"ports": ports})


HOOKS = rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "create", "update")


def test_who_registers_webhooks() -> None:
    """Who registers webhooks may be called for them: at the port that is called so, or else at 443."""
    named = shown(gathered(operator(), two_ports("https", "admission-wh"), *role("op", HOOKS)))
    assert [line for line in named if CONTROL_PLANE in line] == [f"{CONTROL_PLANE} -> shop/op TCP/9444 ?"]
    other = shown(gathered(operator(), two_ports("https", "metrics"), *role("op", HOOKS)))
    assert [line for line in other if CONTROL_PLANE in line] == [f"{CONTROL_PLANE} -> shop/op TCP/9443 ?"]
    reading = rule("admissionregistration.k8s.io", "validatingwebhookconfigurations", "get", "list")
    found = shown(gathered(operator(), two_ports("https"), *role("op", reading)))
    assert not any(CONTROL_PLANE in line for line in found)


def test_a_name_that_is_no_connection() -> None:
    """Who only has the name of a Service that the API server calls, without a port, does not connect to it."""
    hook = {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "m"},
        "webhooks": [{"name": "a.b.c", "clientConfig": {"service": {"namespace": "shop", "name": "op-svc"}}}],
    }  # fmt: skip
    objects = (operator(), two_ports("https"), hook)
    bare = workload("maker", args=["--host=op-svc,op-svc.shop.svc"], env={"HOOK_SVC": "op-svc"})
    assert not any(line.startswith("shop/maker") for line in shown(gathered(*objects, bare)))
    placed = workload("maker", env={"HOOK_URL": "https://op-svc"})
    assert "shop/maker -> shop/op TCP/9443" in shown(gathered(*objects, placed))

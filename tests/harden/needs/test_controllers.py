"""Controllers: custom resources, Ingresses, and pods of their own making."""

from __future__ import annotations

from harden.needs.test_rights import operator, role, rule
from harden.pieces import Object, gathered, remarks, shown, workload

GROUP = "orchard.example.org"
ACTS = rule(GROUP, "orchards,orchards/status", "get", "update", "patch")


def resource(name: str = "a", **spec: object) -> Object:
    """A custom resource of the group."""
    metadata = {"name": name, "namespace": "farm"}
    return {"apiVersion": f"{GROUP}/v1", "kind": "Orchard", "metadata": metadata, "spec": spec}


def definition(**fields: Object) -> Object:
    """The definition of the resource, with the fields of its spec."""
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": fields}}}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "orchards", "kind": "Orchard", "singular": "orchard"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": f"orchards.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version]},
    }  # fmt: skip


def test_addresses_in_custom_resources() -> None:
    """Who acts on custom resources connects to what they name by a URL; nobody else does."""
    found = gathered(operator(), workload("web"), *role("op", ACTS), resource(url="https://fruit.example.com/x"))
    assert [line for line in shown(found) if "dns:" in line] == ["shop/op -> dns:fruit.example.com TCP/443"]


def test_what_is_not_for_the_controller() -> None:
    """Hosts that are published, annotations and pods in a custom resource are no addresses for its controller."""
    published = resource(
        host="www.example.com", annotations={"runbook_url": "https://help.example.com"},
        template={"env": {"url": "https://pods.example.com"}},
    )  # fmt: skip
    assert not any("dns:" in line for line in shown(gathered(operator(), *role("op", ACTS), published)))


def test_several_controllers_of_one_role() -> None:
    """Where a role is for several, the one that the group has its name from is likely; without one all of them are."""
    objects = (resource(url="https://fruit.example.com"), *role("op", ACTS))
    first = workload("orchard-keeper", spec={"serviceAccountName": "op"})
    second = workload("mill", spec={"serviceAccountName": "op"})
    found = shown(gathered(*objects, first, second))
    assert [line for line in found if "dns:" in line] == ["shop/orchard-keeper -> dns:fruit.example.com TCP/443 ?"]
    unnamed = shown(gathered(*objects, second, workload("press", spec={"serviceAccountName": "op"})))
    assert [line for line in unnamed if "dns:" in line] == [
        "shop/mill -> dns:fruit.example.com TCP/443 ?", "shop/press -> dns:fruit.example.com TCP/443 ?",
    ]  # fmt: skip


def test_what_resources_may_name() -> None:
    """It is said that a controller may be sent elsewhere, and by which fields as far as definitions have them."""
    said = remarks(gathered(operator(), *role("op", ACTS)))
    text = f"shop/op: hosts that resources of {GROUP} name are known only where these are in the input"
    assert said == [f"{text}: others stay closed"]
    string = {"type": "string"}
    fields = definition(store={"type": "object", "properties": {"serverUrl": string}}, size=string)
    said = remarks(gathered(operator(), *role("op", ACTS), fields))
    text = f"shop/op: hosts that resources of {GROUP} name, such as orchards spec.store.serverUrl, are known only where"
    assert said == [f"{text} these are in the input: others stay closed"]
    assert remarks(gathered(operator(), *role("op", rule(GROUP, "orchards", "get", "watch")))) == []


def test_pods_that_are_made() -> None:
    """Who may make pods may make some that the input does not have."""
    said = remarks(gathered(operator(), *role("op", rule("apps", "deployments", "create"))))
    text = "shop/op: clusterrole op-role lets it make pods: what is between it and them is not known, and stays closed"
    assert said == [text]


def test_proxies_without_backends() -> None:
    """A controller of Ingresses in an input without any reaches no backend, which is said."""
    status = role("op", rule("networking.k8s.io", "ingresses/status", "update"))
    assert remarks(gathered(operator(), *status)) == [
        "shop/op: it passes requests on by Ingresses and routes: the input has none, and it reaches no backend"
    ]
    ingress: Object = {
        "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "shop"},
        "spec": {"ingressClassName": "x", "defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
    }  # fmt: skip
    assert not any("no backend" in line for line in remarks(gathered(operator(), *status, ingress)))

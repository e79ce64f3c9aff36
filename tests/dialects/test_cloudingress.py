"""Annotations of Ingresses that a load balancer of a cloud serves: whatever they hold, they are read or left out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crenel
from crenel.dialects import proxies
from crenel.dialects.cloudingress import action
from crenel.kubernetes.objects.ingress import Ingress
from crenel.kubernetes.objects.meta import Metadata
from crenel.routing.filters import Redirect, Reply

ALB, APPGW = "alb.ingress.kubernetes.io/", "appgw.ingress.kubernetes.io/"
KEYS = [
    f"{ALB}{name}"
    for name in (
        "listen-ports", "certificate-arn", "ssl-redirect", "scheme", "inbound-cidrs", "security-groups", "target-type",
        "group.name", "ip-address-type", "backend-protocol", "actions.act", "conditions.act",
    )
] + [
    "kubernetes.io/ingress.allow-http", "ingress.gcp.kubernetes.io/pre-shared-cert", f"{APPGW}ssl-redirect",
    f"{APPGW}override-frontend-port", f"{APPGW}use-private-ip", "cloud.google.com/neg",
    "cloud.google.com/app-protocols",
]  # fmt: skip
NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.sampled_from(["HTTP", "HTTPS", "web", "80"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["HTTP", "type", "forwardConfig", "targetGroups", "serviceName", "servicePort", "ingress"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
VALUES = st.text(max_size=8) | NESTED.map(json.dumps) | st.just("9" * 5000)
CLASSES = [
    "ingress.k8s.aws/alb",
    "k8s.io/ingress-gce",
    "azure/application-gateway",
    "alb.networking.azure.io/alb-controller",
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6), st.sampled_from(CLASSES))
@settings(deadline=None, max_examples=150)
def test_annotations_of_any_form(annotations: dict[str, str], controller: str) -> None:
    """Nothing that they hold is an error of the program."""
    backend = {"service": {"name": "act", "port": {"name": "use-annotation"}}}
    objects: list[dict[str, Any]] = [
        {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "c"},
         "spec": {"controller": controller}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
         "metadata": {"name": "i", "namespace": "shop", "annotations": annotations},
         "spec": {"ingressClassName": "c", "rules": [
             {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}},
        {"apiVersion": "v1", "kind": "Service",
         "metadata": {"name": "web", "namespace": "shop", "annotations": annotations},
         "spec": {"ports": [{"port": 80}]}},
    ]  # fmt: skip
    found = proxies.translate(crenel.load(objects).given.decoded)
    (cloud,) = found.cloud.values()
    assert cloud.proxy.controller == controller
    assert all(0 < listener.port < 65536 for listener in cloud.proxy.listeners)


def made(text: str) -> Ingress:
    """An Ingress with an action."""
    annotations = {f"{ALB}actions.act": text}
    return Ingress("networking.k8s.io/v1", "Ingress", Metadata(name="i", annotations=annotations))


@pytest.mark.parametrize(
    ("said", "filters", "services"),
    [
        (
            {"type": "redirect", "redirectConfig": {
                "protocol": "HTTPS", "host": "#{host}", "port": "443", "statusCode": "HTTP_301"}},
            (Redirect("https", "", 443, None, 301),), (),
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"Host": "x.example.com", "StatusCode": "HTTP_302"}},
            (Redirect("", "x.example.com", None, None, 302),), (),
        ),
        (
            {"type": "fixed-response", "fixedResponseConfig": {"statusCode": "418"}},
            (Reply("a fixed response", 418),), (),
        ),
        (
            {"type": "forward", "forwardConfig": {"targetGroups": [
                {"serviceName": "a", "servicePort": "http", "weight": 20}, {"serviceName": "b", "servicePort": "80"}]}},
            (), (("a", "http", 20), ("b", 80, 1)),
        ),
        ({"type": "elsewhere"}, (Reply(f"annotation {ALB}actions.act cannot be read", 503),), ()),
    ],
)  # fmt: skip
def test_actions(said: dict[str, Any], filters: tuple[Any, ...], services: tuple[Any, ...]) -> None:
    """What each sort makes of a request."""
    found = action(made(json.dumps(said)), "act")
    assert (found.filters, found.services) == (filters, services)


def test_an_action_with_a_target_group_of_its_own() -> None:
    """What leads out of the cluster is a note."""
    group = {"targetGroups": [{"targetGroupARN": "arn:x"}, {"serviceName": "a", "servicePort": 80}]}
    found = action(made(json.dumps({"type": "forward", "forwardConfig": group})), "act")
    assert (found.services, found.notes) == (
        (("a", 80, 1),), ("a target group outside of the cluster takes some of it",)
    )  # fmt: skip

"""TL-15: a workload of a mesh that takes connections without mutual TLS."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.asking import command, messages
from audit.checks.test_tl_13 import ISTIO
from audit.papers import config, ingress, space
from audit.pieces import DENY_INGRESS, deployment, service

MESH = space("istio-injection: enabled")
AMBIENT = space("istio.io/dataplane-mode: ambient")
TWO = deployment("web") + deployment("db", port=5432)


def peers(mode: str, name: str = "default", namespace: str = "shop", more: str = "") -> str:
    """A PeerAuthentication."""
    mtls = f"mtls: {{mode: {mode}}}" if mode else ""
    spec = ", ".join(each for each in (mtls, more) if each)
    return f"""apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
---
"""


def told(text: str, *arguments: str) -> list[str]:
    """What the check says of a text."""
    return messages("TL-15", text, *arguments)


def test_real_command(tmp_path: Path) -> None:
    """The policy is named at its mode, with everybody whom it opens."""
    assert command("TL-15", MESH + TWO + peers("PERMISSIVE"), tmp_path) == [
        (
            "26 high peerauthentication shop/default: mode PERMISSIVE: shop/web, shop/db take connections "
            "without mutual TLS"
        )
    ]


@pytest.mark.parametrize("mesh", [MESH, AMBIENT, space("istio.io/rev: stable")], ids=["sidecar", "ambient", "revision"])
def test_ways_into_the_mesh(mesh: str) -> None:
    """Labels of the namespace take workloads in; outside of the mesh a policy means nothing."""
    assert len(told(mesh + TWO + peers("PERMISSIVE"))) == 1
    assert told(TWO + peers("PERMISSIVE")) == []


WEB = "selector: {matchLabels: {app: web}}"


@pytest.mark.parametrize(
    ("policies", "who"),
    [
        (peers("STRICT"), ""),
        (peers("STRICT", namespace="istio-system"), ""),
        (peers("PERMISSIVE", namespace="istio-system") + peers("STRICT"), ""),
        (peers("STRICT") + peers("DISABLE", "web", more=WEB), "mode DISABLE: shop/web takes"),
        (peers("STRICT") + peers("UNSET", "web", more=WEB), ""),
        (peers("PERMISSIVE") + peers("STRICT", "web", more=WEB), "mode PERMISSIVE: shop/db takes"),
        (
            peers("STRICT") + peers("STRICT", "web", more=f"{WEB}, portLevelMtls: {{8080: {{mode: PERMISSIVE}}}}"),
            "mode PERMISSIVE: shop/web takes",
        ),
        (peers("STRICT") + peers("STRICT", "web", more=f"{WEB}, portLevelMtls: {{9090: {{mode: DISABLE}}}}"), ""),
        (peers("STRICT") + peers("DISABLE", "web", namespace="istio-system", more=WEB), ""),
    ],
    ids=["strict", "whole mesh", "namespace", "disable", "unset", "selector", "port", "another port", "root"],
)
def test_precedence(policies: str, who: str) -> None:
    """Workload before namespace before mesh; in the root namespace selectors mean nothing."""
    lines = told(MESH + TWO + policies)
    assert [who in line for line in lines] == ([True] if who else [])


def test_the_default() -> None:
    """Without a policy the mode is PERMISSIVE: for everybody, where the input has the settings of the mesh."""
    assert told(MESH + TWO) == []
    line = (
        "high namespace shop: no PeerAuthentication is for them, so that the mode is PERMISSIVE: shop/web, "
        "shop/db take "
        "connections without mutual TLS"
    )
    assert told(MESH + TWO, "--persona", "auditor") == [line]
    settings = config("istio", namespace="istio-system", key="mesh", text="defaultConfig: {}")
    assert told(MESH + TWO + settings) == [line]


def test_the_root_namespace() -> None:
    """It may be another than the usual one."""
    settings = config("istio", namespace="istio-system", key="mesh", text="rootNamespace: roots")
    assert told(MESH + TWO + settings + peers("STRICT", namespace="roots")) == []
    assert len(told(MESH + TWO + settings + peers("STRICT", namespace="istio-system"))) == 1


def test_reachability() -> None:
    """Lowered where nothing gets there, and where authorization asks for an identity anyway."""
    (line,) = told(MESH + TWO + peers("PERMISSIVE") + DENY_INGRESS)
    assert line.startswith("medium ")
    assert line.endswith("lowered: nothing in the input gets there")
    allowed = """apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: known, namespace: shop}
spec: {rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}
---
"""
    (line,) = told(MESH + TWO + peers("PERMISSIVE") + allowed)
    assert line.startswith("low ")
    assert line.endswith("lowered: authorization policies let in nobody without an identity")


RULE = """apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: db, namespace: shop}
spec: {host: db, trafficPolicy: {tls: {mode: DISABLE}}}
---
"""


def test_one_port_alone() -> None:
    """A port that was opened by itself is less bad than a workload; behind a load balancer clients have no proxy."""
    opened = peers("STRICT") + peers("STRICT", "web", more=f"{WEB}, portLevelMtls: {{8080: {{mode: PERMISSIVE}}}}")
    (line,) = told(MESH + TWO + opened)
    assert line.startswith("medium ")
    assert line.endswith("lowered: it says so for this port alone")
    balanced = service("web", "type: LoadBalancer, ports: [{port: 80, targetPort: 8080}]")
    assert told(MESH + TWO + opened + balanced) == []


def test_clients_in_plain_text() -> None:
    """A DestinationRule may switch TLS off for clients."""
    assert told(MESH + TWO + peers("STRICT") + RULE) == [
        "medium destinationrule shop/db: clients of the mesh send to db in plain text"
    ]
    assert told(MESH + TWO + peers("STRICT") + RULE.replace("DISABLE", "ISTIO_MUTUAL")) == []


def meshed(policy: str = "") -> str:
    """A namespace of Linkerd, with a default policy."""
    said = f', config.linkerd.io/default-inbound-policy: "{policy}"' if policy else ""
    return space("", f"linkerd.io/inject: enabled{said}")


def linkerd(kind: str, name: str, spec: str, version: str = "v1beta3") -> str:
    """A policy of Linkerd."""
    return f"""apiVersion: policy.linkerd.io/{version}
kind: {kind}
metadata: {{name: {name}, namespace: shop}}
spec: {{{spec}}}
---
"""


SERVER = linkerd("Server", "web", "podSelector: {matchLabels: {app: web}}, port: main")


def asking(*kinds: str) -> str:
    """An AuthorizationPolicy for the Server that asks for some kinds of authentication."""
    refs = ", ".join(f"{{kind: {kind}, name: a}}" for kind in kinds)
    target = "targetRef: {group: policy.linkerd.io, kind: Server, name: web}"
    return linkerd("AuthorizationPolicy", "known", f"{target}, requiredAuthenticationRefs: [{refs}]", "v1alpha1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (meshed("all-unauthenticated"), "namespace shop: the default policy is all-unauthenticated: shop/web takes"),
        (meshed("all-authenticated"), ""),
        (meshed("all-unauthenticated") + SERVER, ""),
        (meshed() + SERVER + asking("MeshTLSAuthentication"), ""),
        (meshed() + SERVER + asking("NetworkAuthentication"), "authorizationpolicy shop/known asks for no certificate"),
        (meshed() + SERVER.replace("port: main", "port: main, accessPolicy: audit"), "server shop/web lets in audit"),
        (
            meshed()
            + SERVER
            + linkerd("ServerAuthorization", "all", "server: {name: web}, client: {unauthenticated: true}"),
            "serverauthorization shop/all lets in clients without a certificate",
        ),
        (
            meshed() + config("linkerd-config", namespace="linkerd", key="values", text="proxy: {}"),
            "configmap linkerd/linkerd-config: the default policy of the mesh is all-unauthenticated",
        ),
        (meshed(), ""),
    ],
    ids=[
        "default",
        "authenticated",
        "server",
        "mesh",
        "network",
        "access",
        "server authorization",
        "of the mesh",
        "unknown",
    ],
)
def test_linkerd(text: str, words: str) -> None:
    """Who lets in clients without a certificate is named; what the control plane says has to be in the input."""
    lines = told(text + deployment("web"))
    assert [words in line for line in lines] == ([True] if words else [])


NGINX = "nginx.ingress.kubernetes.io"
VERIFY = f'"{NGINX}/auth-tls-secret": shop/clients, "{NGINX}/auth-tls-verify-client": "%s"'
OPTION = """apiVersion: traefik.io/v1alpha1
kind: TLSOption
metadata: {name: clients, namespace: shop}
spec: {clientAuth: {secretNames: [clients], clientAuthType: %s}}
---
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            ingress(annotations=VERIFY % "optional_no_ca"),
            "high ingress shop/web: it asks for certificates, and clients with any certificate, whoever signed it, ",
        ),
        (
            ingress(annotations=VERIFY % "optional"),
            "medium ingress shop/web: it asks for certificates, and clients without a certificate get through",
        ),
        (ingress(annotations=VERIFY % "on"), ""),
        (
            OPTION % "RequireAnyClientCert",
            "clients with any certificate, whoever signed it, get through (RequireAnyClientCert)",
        ),
        (OPTION % "RequireAndVerifyClientCert", ""),
        (ISTIO.replace("SIMPLE", "OPTIONAL_MUTUAL"), "clients without a certificate get through (OPTIONAL_MUTUAL)"),
        (ISTIO.replace("SIMPLE", "MUTUAL"), ""),
    ],
    ids=["no ca", "optional", "on", "traefik", "traefik verifies", "istio", "istio verifies"],
)
def test_proxies_that_do_not_insist(text: str, line: str) -> None:
    """Asking is not enough: who has no good certificate has to be turned away."""
    lines = told(text + deployment("web"))
    assert [line in each for each in lines] == ([True] if line else [])


def test_clean() -> None:
    """Strict everywhere, and no mesh at all."""
    assert told(MESH + TWO + peers("STRICT")) == []
    assert told(TWO) == []

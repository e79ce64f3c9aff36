"""Pieces of manifests, each a document that ends in a separator."""

from __future__ import annotations


def deployment(name: str, namespace: str = "shop", *, port: int | None = 8080, pod: str = "", more: str = "") -> str:
    """A Deployment whose pods are labelled ``app: NAME``; `pod` is put into the pod's spec, `more` into its port."""
    ports = f"ports: [{{name: main, containerPort: {port}{more}}}]" if port else "env: []"
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{{pod}containers: [{{name: main, image: example.org/{name}, {ports}}}]}}
---
"""


def policy(name: str, spec: str, namespace: str = "shop") -> str:
    """A NetworkPolicy; `spec` in flow style."""
    return f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
---
"""


def service(name: str, spec: str, namespace: str = "shop", annotations: str = "") -> str:
    """A Service in front of ``app: NAME``; `spec` in flow style."""
    return f"""apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}, annotations: {{{annotations}}}}}
spec: {{selector: {{app: {name}}}, {spec}}}
---
"""


DENY = policy("deny", "podSelector: {}, policyTypes: [Ingress, Egress]")
"""Closes the namespace ``shop``."""
DENY_INGRESS = policy("deny", "podSelector: {}, policyTypes: [Ingress]")


def node(provider: str = "", address: str = "10.0.1.10", public: str = "") -> str:
    """A Node; with `provider` on a cloud, with `public` it has such an address."""
    more = f", {{type: ExternalIP, address: {public}}}" if public else ""
    return f"""apiVersion: v1
kind: Node
metadata: {{name: n1}}
spec: {{podCIDRs: [10.244.0.0/24]{f', providerID: "{provider}"' if provider else ""}}}
status: {{addresses: [{{type: InternalIP, address: {address}}}{more}]}}
---
"""

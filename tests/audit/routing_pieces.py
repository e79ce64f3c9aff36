"""Pieces of manifests about proxies, each a document that ends in a separator."""

from __future__ import annotations

from audit.pieces import deployment, service

WEB = deployment("web") + service("web", "ports: [{name: http, port: 80, targetPort: 8080}]")
"""Pods with a Service in front of them."""
TLS = "tls: [{hosts: [shop.example.com], secretName: shop-tls}]"
NGINX_CLASS = """apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
"""
CONTROLLER = deployment("controller", "edge", port=80).replace("app: controller}", "app: ingress-nginx}")
"""The pods of ingress-nginx, by the label that its manifests give them, and its class."""
NGINX = NGINX_CLASS + CONTROLLER
BALANCER = service("ingress-nginx", "type: LoadBalancer, ports: [{port: 80, targetPort: 80}]", "edge")
"""The load balancer in front of it."""
FACING = ("--assume", "internet-facing=yes")


def ingress(
    name: str = "web", namespace: str = "shop", *, host: str = "shop.example.com", path: str = "/", more: str = "",
    annotations: str = "", backend: str = "{name: web, port: {number: 80}}", class_name: str = "nginx",
) -> str:  # fmt: skip
    """An Ingress with one path; `more` is a line of its spec."""
    spec = [f"ingressClassName: {class_name}"] if class_name else []
    lines = "".join(f"\n  {each}" for each in [*spec, *filter(None, [more])])
    return f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}
  namespace: {namespace}
  annotations: {{{annotations}}}
spec:{lines}
  rules:
    - host: '{host}'
      http:
        paths: [{{path: '{path}', pathType: Prefix, backend: {{service: {backend}}}}}]
---
"""


def gateway(listeners: str, more: str = "", name: str = "public", namespace: str = "edge") -> str:
    """A Gateway; `listeners` in flow style, `more` is put into its spec."""
    return f"""apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  gatewayClassName: public
  {more}
  listeners: [{listeners}]
---
"""


def route(name: str = "web", namespace: str = "shop", *, rules: str = "", hosts: str = "shop.example.com") -> str:
    """An HTTPRoute at the Gateway, to the Service unless `rules` say otherwise."""
    rules = rules or "{backendRefs: [{name: web, port: 80}]}"
    return f"""apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  parentRefs: [{{name: public, namespace: edge}}]
  hostnames: [{hosts}]
  rules: [{rules}]
---
"""


def openshift_route(spec: str, name: str = "web", namespace: str = "shop") -> str:
    """A Route of OpenShift to the Service; `spec` in flow style."""
    return f"""apiVersion: route.openshift.io/v1
kind: Route
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{to: {{kind: Service, name: web}}, {spec}}}
---
"""


def istio(kind: str, spec: str, name: str = "web", namespace: str = "shop", group: str = "networking") -> str:
    """An object of Istio; `spec` in flow style."""
    return f"""apiVersion: {group}.istio.io/v1
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
---
"""


def other(api_version: str, kind: str, spec: str, name: str = "web", namespace: str = "shop") -> str:
    """An object of any kind; `spec` in flow style."""
    return f"""apiVersion: {api_version}
kind: {kind}
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{spec}}}
---
"""


def controller(image: str, *, webhook: bool = True) -> str:
    """A controller of ingress-nginx in namespace ``edge``."""
    argument = 'args: ["--validating-webhook=:8443"], ' if webhook else ""
    return f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: controller, namespace: edge}}
spec:
  selector: {{matchLabels: {{app: controller}}}}
  template:
    metadata: {{labels: {{app: controller}}}}
    spec: {{containers: [{{name: main, image: "{image}", {argument}ports: [{{containerPort: 80}}]}}]}}
---
"""

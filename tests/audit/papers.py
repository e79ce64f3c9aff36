"""Manifests with certificates, for the checks that look into them; all are judged on one day."""

from __future__ import annotations

from audit.asking import messages
from certificates.making import AT, Issued

NOW = ("--at", f"{AT:%Y-%m-%d}")
"""The arguments that choose the day."""
HOST = "shop.example.com"
POD = """apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, image: example.org/web, ports: [{containerPort: 8080}]}]}
---
"""


def told(check: str, text: str, *arguments: str) -> list[str]:
    """What one check says of a text and a pod, on the day: ``SEVERITY OBJECT: MESSAGE``."""
    return messages(check, POD + text, *NOW, *arguments)


def block(text: str, indent: int = 4) -> str:
    """A text as a block of YAML."""
    space = " " * indent
    return "".join(f"{space}{line}\n" for line in text.splitlines())


def secret(
    name: str = "shop-tls",
    *shown: Issued,
    namespace: str = "shop",
    key: str = "",
    ca: tuple[Issued, ...] = (),
    kind: str = "kubernetes.io/tls",
    annotations: str = "",
    crt: str = "",
) -> str:
    """A Secret that shows certificates, with a key in PEM, and others as ``ca.crt``; `crt` stands for the former."""
    text = crt or "".join(each.pem for each in shown)
    parts = [("tls.crt", text)] if text else []
    parts += [("tls.key", key)] if key else []
    parts += [("ca.crt", "".join(each.pem for each in ca))] if ca else []
    held = "".join(f"  {label}: |\n{block(value)}" for label, value in parts)
    return f"""apiVersion: v1
kind: Secret
metadata: {{name: {name}, namespace: {namespace}, annotations: {{{annotations}}}}}
type: {kind}
stringData:
{held or "  other: text"}
---
"""


def ingress(host: str = HOST, name: str = "shop-tls", annotations: str = "") -> str:
    """An Ingress that shows a Secret's certificate for a host."""
    return f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {{name: web, namespace: shop, annotations: {{{annotations}}}}}
spec:
  ingressClassName: public
  tls: [{{hosts: ["{host}"], secretName: {name}}}]
  defaultBackend: {{service: {{name: web, port: {{number: 80}}}}}}
---
"""


def config(name: str, *certificates: Issued, namespace: str = "shop", key: str = "ca.crt", text: str = "") -> str:
    """A ConfigMap with a text, or with certificates."""
    content = text or "".join(each.pem for each in certificates)
    return f"""apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}, namespace: {namespace}}}
data:
  {key}: |
{block(content)}---
"""


def managed(spec: str = "", status: str = "", name: str = "shop", kind: str = "Certificate") -> str:
    """An object of cert-manager; of a Certificate the Secret is ``shop-tls``."""
    where = "" if kind.startswith("Cluster") else ", namespace: shop"
    own = "secretName: shop-tls, issuerRef: {name: internal}" if kind == "Certificate" else ""
    both = ", ".join(each for each in (own, spec) if each)
    return f"""apiVersion: cert-manager.io/v1
kind: {kind}
metadata: {{name: {name}{where}}}
spec: {{{both}}}
status: {{{status}}}
---
"""


def hook(bundle: str, more: str = "", annotations: str = "") -> str:
    """A webhook behind the Service ``shop/web``; `bundle` is base64."""
    return f"""apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {{name: web, annotations: {{{annotations}}}}}
webhooks:
  - name: web.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    {more}
    clientConfig:
      service: {{name: web, namespace: shop}}
      caBundle: "{bundle}"
---
"""


def space(labels: str = "", annotations: str = "", name: str = "shop") -> str:
    """A namespace."""
    return f"""apiVersion: v1
kind: Namespace
metadata: {{name: {name}, labels: {{{labels}}}, annotations: {{{annotations}}}}}
---
"""

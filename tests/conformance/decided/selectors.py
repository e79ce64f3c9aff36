"""Label selectors: rules 1 to 4 of SEMANTICS.md."""

from __future__ import annotations

from conformance.decided.cluster import BASE
from conformance.decisions import Decision, Object, policy


def _selector(operator: str, *values: str) -> Object:
    return {"matchExpressions": [{"key": "app", "operator": operator, **({"values": list(values)} if values else {})}]}


def _from(*peers: Object) -> Object:
    return policy("a", policyTypes=["Ingress"], ingress=[{"from": list(peers)}])


DECISIONS = [
    Decision(
        "notin-absent",
        "NotIn matches without the key (1)",
        [*BASE, policy("b", subject=_selector("NotIn", "client"))],
        "a/web",
        "b/bare",
        "TCP/80",
        "denied",
    ),
    Decision(
        "doesnotexist-absent",
        "DoesNotExist matches without the key (1)",
        [*BASE, policy("b", subject=_selector("DoesNotExist"))],
        "a/web",
        "b/bare",
        "TCP/80",
        "denied",
    ),
    Decision(
        "empty-value",
        "matchLabels with an empty value needs the key (2)",
        [*BASE, policy("b", subject={"matchLabels": {"app": ""}})],
        "a/web",
        "b/bare",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "nil-namespaces",
        "no namespaceSelector: the policy's own namespace (3)",
        [*BASE, _from({"podSelector": {}})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "null-namespaces",
        "namespaceSelector null is none (3)",
        [*BASE, _from({"podSelector": {}, "namespaceSelector": None})],
        "b/client",
        "a/web",
        "TCP/80",
        "denied",
    ),
    Decision(
        "all-namespaces",
        "an empty namespaceSelector: all namespaces (3)",
        [*BASE, _from({"namespaceSelector": {}})],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "null-pods",
        "podSelector null: all pods of those namespaces (3)",
        [*BASE, _from({"namespaceSelector": {"matchLabels": None}, "podSelector": None})],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
    Decision(
        "metadata-name",
        "every namespace has its name as a label (4)",
        [*BASE, _from({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}}})],
        "b/client",
        "a/web",
        "TCP/80",
        "allowed",
    ),
]

"""How Cilium and Calico write selectors, as far as that can be put as a Kubernetes label selector.

What cannot is left out, which makes the selector match more: for asking what a policy *could* change that is the safe
side. None stands for a selector of which nothing is left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from crenel.kubernetes.objects.meta import LabelSelector, Requirement

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def as_written(value: Any, rename: Callable[[str], str | None] = lambda key: key) -> LabelSelector | None:
    """A label selector as meta/v1 has it. `rename` turns its keys into label keys, None for what is not a label."""
    if not isinstance(value, dict):
        return None
    labels: dict[str, str] = {}
    for key, text in _items(value.get("matchLabels")):
        renamed = rename(key)
        if renamed is not None and isinstance(text, str):
            labels[renamed] = text
    expressions = [found for each in _list(value.get("matchExpressions")) if (found := _requirement(each, rename))]
    return _selector(labels, expressions)


def _selector(labels: dict[str, str], expressions: list[Requirement]) -> LabelSelector | None:
    if not labels and not expressions:
        return None
    return LabelSelector(match_labels=labels or None, match_expressions=expressions or None)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((key, text) for key, text in value.items() if isinstance(key, str))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _requirement(value: Any, rename: Callable[[str], str | None]) -> Requirement | None:
    if not isinstance(value, dict) or value.get("operator") not in _OPERATORS or not isinstance(value.get("key"), str):
        return None
    key = rename(value["key"])
    values = [text for text in _list(value.get("values")) if isinstance(text, str)]
    return Requirement(key, value["operator"], values or None) if key is not None else None


CILIUM_NAMESPACE = "io.kubernetes.pod.namespace"
"""The label by which Cilium selectors speak of namespaces."""

_CILIUM_SOURCES = ("k8s", "any")
_NOT_IN_CILIUM_IDENTITIES = re.compile(
    r"^(pod-template-generation|pod-template-hash|controller-revision-hash|etcd_node|annotation\..*"
    r"|(?!app\.kubernetes\.io/|io\.kubernetes).*kubernetes\.io/.*)$"
)
"""Labels that Cilium leaves out of identities by default, so that no selector sees them (option ``labels``)."""


def cilium_label(key: str) -> str | None:
    """The pod label behind a Cilium key: without its source ``k8s:`` or ``any:``; None for everything else."""
    source, colon, name = key.partition(":")
    if colon and source not in _CILIUM_SOURCES:
        return None
    name = name if colon else key
    if name.startswith(("io.kubernetes.", "io.cilium.", "reserved.")) or _NOT_IN_CILIUM_IDENTITIES.match(name):
        return None
    return name


def cilium(value: Any) -> LabelSelector | None:
    """The part of a Cilium endpoint selector that speaks of pod labels."""
    return as_written(value, cilium_label)


def cilium_namespace(value: Any) -> str | None:
    """The one namespace that a Cilium endpoint selector is limited to; None when it is not limited to one."""
    wanted = {CILIUM_NAMESPACE, *(f"{source}:{CILIUM_NAMESPACE}" for source in _CILIUM_SOURCES)}
    selector = as_written(value)
    for key, text in ((selector.match_labels if selector else None) or {}).items():
        if key in wanted:
            return text
    for each in (selector.match_expressions if selector else None) or []:
        if each.key in wanted and each.operator == "In" and each.values and len(each.values) == 1:
            return each.values[0]
    return None


_KEY = r"([A-Za-z0-9_./-]+)"
_TEXT = r"""(?:"([^"]*)"|'([^']*)')"""
_LIST = r"""\{\s*((?:"[^"]*"|'[^']*')(?:\s*,\s*(?:"[^"]*"|'[^']*'))*)\s*\}"""
_TERM = re.compile(
    rf"""\s*(?:(?P<all>all\(\s*\))
      |(?P<not>!\s*)?has\(\s*(?P<has>{_KEY})\s*\)
      |(?P<key>{_KEY})\s*(?:(?P<compare>==|!=)\s*(?P<text>{_TEXT})|(?P<absent>not\s+)?in\s*(?P<list>{_LIST}))
    )\s*(?:(?P<end>$)|&&)""",
    re.VERBOSE,
)
_QUOTED = re.compile(_TEXT)
_CALICO_OWN = ("projectcalico.org/", "pcns.", "pcsa.")
"""Labels that Calico adds to its endpoints itself."""


def calico(expression: Any) -> LabelSelector | None:
    """A Calico selector that is a conjunction of simple terms; any other one is not understood and matches all.

    The syntax is that of projectcalico.org/v3 NetworkPolicy ``spec.selector``; ``!=`` and ``not in`` match what has no
    such label, as ``NotIn`` does.
    """
    if not isinstance(expression, str) or not expression.strip():
        return None
    requirements: list[Requirement] = []
    at = 0
    while at < len(expression):
        found = _TERM.match(expression, at)
        if found is None:
            return None
        if (requirement := _calico_term(found)) is not None:
            requirements.append(requirement)
        at = found.end()
        if found["end"] is not None:
            return _selector({}, requirements)
    return None


def _calico_term(found: re.Match[str]) -> Requirement | None:
    key = found["has"] or found["key"]
    if key is None or key.startswith(_CALICO_OWN):
        return None
    if found["has"]:
        return Requirement(key, "DoesNotExist" if found["not"] else "Exists")
    values = [first or second for first, second in _QUOTED.findall(found["text"] or found["list"])]
    negated = found["compare"] == "!=" or found["absent"] is not None
    return Requirement(key, "NotIn" if negated else "In", values)

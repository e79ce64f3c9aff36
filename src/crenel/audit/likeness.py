"""Which workload a Service without pods probably means."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from crenel.kubernetes.decode import Decoded
from crenel.kubernetes.objects.services import Service

_MANY = 500
_LONGER = 4


@dataclass(frozen=True, slots=True)
class Labelled:
    """What makes pods, with the labels of these. `different` is the label that a Service does not have right."""

    title: str
    labels: Mapping[str, str]
    different: str = ""


def labelled(decoded: Decoded) -> Mapping[str, Sequence[Labelled]]:
    """Everything that makes pods, by its namespace; what is scaled to none too."""
    found: dict[str, list[Labelled]] = defaultdict(list)
    for namespace, each in _all(decoded):
        found[namespace].append(each)
    return found


def _all(decoded: Decoded) -> Iterator[tuple[str, Labelled]]:
    for workload in decoded.workloads:
        template = workload.spec.template if workload.spec is not None else None
        metadata = template.metadata if template is not None else None
        yield workload.namespace, Labelled(workload.title, (metadata.labels if metadata else None) or {})
    for pod in decoded.pods:
        yield pod.namespace, Labelled(pod.title, pod.labels)


def alike(service: Service, workloads: Sequence[Labelled]) -> Labelled | None:
    """The workload whose labels differ from a Service's selector by nothing, or by the spelling of one value.

    Values that differ by a number alone mean different things, and are not alike. Where a namespace has very many
    workloads, spelling is not looked at.
    """
    spelled = len(workloads) <= _MANY
    selector = (service.spec.selector if service.spec is not None else None) or {}
    for each in workloads:
        wrong = [key for key, value in selector.items() if each.labels.get(key) != value]
        if not wrong:
            return each
        if spelled and len(wrong) == 1 and _nearly(selector[wrong[0]], each.labels.get(wrong[0], "")):
            return replace(each, different=f"{wrong[0]}={each.labels[wrong[0]]}")
    return None


def _nearly(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > _LONGER or not other or re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other):
        return False
    return sorted(one) == sorted(other) or difflib.SequenceMatcher(None, one, other).ratio() >= 0.8

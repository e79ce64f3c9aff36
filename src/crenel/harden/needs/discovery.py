"""Annotations by which a Prometheus chooses whom it scrapes, other than the usual ones, from its own configuration.

Source: prometheus.io, "Configuration", kubernetes_sd_config: ``__meta_kubernetes_pod_annotation_NAME`` and its like for
Services, where every character that a label cannot have is an underscore; relabel_config with the action ``keep``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.settings import Setting, settings
from crenel.sources.refusal import Refusal
from crenel.sources.yaml_text import parse

_LABEL = re.compile(r"__meta_kubernetes_(pod|service)_annotation_(\w+)\Z")
USUAL = "prometheus_io_scrape"
"""What everybody goes by who scrapes, and is not looked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An annotation, as a label has it, of pods or of Services; in some namespaces, or in all for None."""

    of: str
    name: str
    namespaces: frozenset[str] | None

    def takes(self, namespace: str, annotations: Mapping[str, Any]) -> bool:
        """Whether something with these annotations is scraped."""
        near = self.namespaces is None or namespace in self.namespaces
        return near and any(
            re.sub(r"\W", "_", key) == self.name and str(value).lower() == "true" for key, value in annotations.items()
        )


def choices(ground: Ground, scraper: Written) -> Iterator[Choice]:
    """What a scraper goes by beside what is usual."""
    found = dict[Choice, None]()
    for setting in settings(scraper, ground):
        if isinstance(setting, Setting) and setting.loose and "kubernetes_sd_configs" in setting.value:
            for job in _jobs(_parsed(setting.value)):
                found.update(dict.fromkeys(_of_job(job, scraper.owner.namespace)))
    yield from found


def _parsed(text: str) -> Any:
    try:
        return parse(text)
    except Refusal:
        return None


def _jobs(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "kubernetes_sd_configs" in value:
            yield value
        for each in value.values():
            yield from _jobs(each)
    for each in items(value):
        yield from _jobs(each)


def _of_job(job: dict[str, Any], home: str) -> Iterator[Choice]:
    namespaces = _namespaces(job, home)
    for rule in map(mapping, items(job.get("relabel_configs"))):
        labels = items(rule.get("source_labels"))
        found = _LABEL.match(str(labels[0])) if len(labels) == 1 else None
        if found and rule.get("action") == "keep" and str(rule.get("regex")).lower() == "true" and found[2] != USUAL:
            yield Choice(found[1], found[2], namespaces)


def _namespaces(job: dict[str, Any], home: str) -> frozenset[str] | None:
    found: set[str] = set()
    for each in map(mapping, items(job.get("kubernetes_sd_configs"))):
        wanted = mapping(each.get("namespaces"))
        names = [str(name) for name in items(wanted.get("names"))]
        if wanted.get("own_namespace") is True:
            names.append(home)
        if not names:
            return None
        found |= set(names)
    return frozenset(found)

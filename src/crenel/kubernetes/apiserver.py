"""The arguments of API servers: of their static pods, or as kubeadm is told to write them.

Sources: kubernetes.io, "kube-apiserver" (command line reference) and "kubeadm Configuration (v1beta4)": ``extraArgs``
is a list of names and values there, and a table in v1beta3. The config map ``kubeadm-config`` holds the same as YAML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from crenel.kubernetes.decode import ConfigMap, Decoded, KubeadmConfiguration
from crenel.kubernetes.objects.workloads import Pod
from crenel.provenance import FieldPath
from crenel.sources.refusal import Refusal
from crenel.sources.yaml_text import parse


@dataclass(frozen=True, slots=True)
class ApiServer:
    """One API server. `arguments` are without their dashes, the last of several counts; `fields` lead to their values.

    `apart` are those whose value is a word of its own. `field` leads to what would get a further argument: a list of
    words for a pod.
    """

    thing: Pod | ConfigMap | KubeadmConfiguration
    arguments: Mapping[str, str]
    fields: Mapping[str, FieldPath]
    field: FieldPath
    apart: frozenset[str] = frozenset()

    @property
    def is_running(self) -> bool:
        """Whether it is the server's own pod, and not what one is to be made from."""
        return isinstance(self.thing, Pod)


def api_servers(decoded: Decoded) -> list[ApiServer]:
    """The API servers of the input: their pods, or else what kubeadm is told."""
    pods = [found for pod in decoded.pods if (found := _of_pod(pod)) is not None]
    return pods or [*_of_config_maps(decoded), *_of_documents(decoded)]


def _of_pod(pod: Pod) -> ApiServer | None:
    for number, container in enumerate((pod.spec.containers if pod.spec is not None else None) or ()):
        lists = {"command": container.command or [], "args": container.args or []}
        if not any(word.rpartition("/")[2] == "kube-apiserver" for words in lists.values() for word in words[:1]):
            continue
        arguments: dict[str, str] = {}
        fields: dict[str, FieldPath] = {}
        apart: set[str] = set()
        for key, words in lists.items():
            for place, name, value in flags(words):
                arguments[name], fields[name] = value, ("spec", "containers", number, key, place)
                (apart.discard if words[place].startswith("--") else apart.add)(name)
        where = "args" if container.args else "command"
        return ApiServer(pod, arguments, fields, ("spec", "containers", number, where), frozenset(apart))
    return None


def flags(words: list[str]) -> Iterator[tuple[int, str, str]]:
    """The flags among some words, each with the place of its value: ``--name=value``, or the word after ``--name``."""
    for place, word in enumerate(words):
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("--") and equals:
            yield place, name, value
        elif word.startswith("--") and place + 1 < len(words) and not words[place + 1].startswith("-"):
            yield place + 1, name, words[place + 1]


def _of_config_maps(decoded: Decoded) -> Iterator[ApiServer]:
    for config in decoded.config_maps:
        text = config.data.get("ClusterConfiguration")
        if (config.namespace, config.name) == ("kube-system", "kubeadm-config") and isinstance(text, str):
            yield ApiServer(config, dict(_extra(_parsed(text))), {}, ("data", "ClusterConfiguration"))


def _of_documents(decoded: Decoded) -> Iterator[ApiServer]:
    for each in decoded.kubeadm_configurations:
        yield ApiServer(each, dict(_extra(each.data)), {}, ("apiServer",))


def _extra(data: Any) -> Iterator[tuple[str, str]]:
    server = data.get("apiServer") if isinstance(data, dict) else None
    extra = server.get("extraArgs") if isinstance(server, dict) else None
    if isinstance(extra, dict):
        yield from ((str(name), str(value)) for name, value in extra.items())
    for each in extra if isinstance(extra, list) else ():
        if isinstance(each, dict) and "name" in each:
            yield str(each["name"]), str(each.get("value") or "")


def _parsed(text: str) -> Any:
    """The value of some YAML; None for what cannot be read."""
    try:
        return parse(text)
    except Refusal:
        return None

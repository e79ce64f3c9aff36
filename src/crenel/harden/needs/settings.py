"""The texts that containers are configured with: variables, arguments, commands, ConfigMaps, custom resources.

Of Secrets only the names of the keys are looked at, never the values. Source of the fields: k8s.io/api core/v1
(Container, EnvVar, EnvFromSource, Volume); ``$(NAME)`` in arguments stands for a variable (kubernetes.io, "Define
dependent environment variables").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.quoting import quoted
from crenel.harden.needs.sections import own_part
from crenel.harden.needs.texts import argument, pairs
from crenel.kubernetes.decode import ConfigMap
from crenel.provenance import FieldPath, Origin

_VARIABLE = re.compile(r"\$[({]([A-Za-z_][A-Za-z0-9_]*)[)}]|\$([A-Za-z_][A-Za-z0-9_]*)")
_LINK = re.compile(r"([A-Z0-9_]+)_(?:SERVICE_HOST|PORT_\d+_(?:TCP|UDP)_ADDR)\Z")
_MUCH = 262_144
"""How many characters of one value are looked at."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One value with the name of what it sets, and where it stands.

    `others` are the values beside it by name, where a port may be. `says` is how evidence calls it; `loose` says that
    it is a file that may hold anything.
    """

    key: str
    value: str
    says: str
    origin: Origin
    field: FieldPath
    others: dict[str, str]
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Hidden:
    """A value that is in a Secret: nothing but its key is known."""

    secret: str
    key: str
    says: str
    origin: Origin
    field: FieldPath


def settings(written: Written, ground: Ground) -> Iterator[Setting | Hidden]:
    """All settings of a workload."""
    maps = ground.config_maps
    if written.pod is None:
        yield from _custom(written)
        return
    for container, path in written.containers:
        yield from _of_container(container, path, written, maps, ground)
    yield from _mounted(written, maps, ground)
    if written.data.get("kind") not in (None, "Pod") and not _usual(written):
        yield from _custom(written)


def _usual(written: Written) -> bool:
    return str(written.data.get("apiVersion", "")).partition("/")[0] in ("apps", "batch", "v1", "extensions")


def _of_container(
    container: dict[str, Any], path: FieldPath, written: Written, maps: dict[tuple[str, str], ConfigMap], ground: Ground
) -> Iterator[Setting | Hidden]:
    found = list(_variables(container, path, written, maps))
    plain = _own(container, written) | {each.key: each.value for each in found if isinstance(each, Setting)}
    for each in found:
        if isinstance(each, Setting):
            text = expanded(each.value, plain, written.owner.namespace, ground)
            yield Setting(each.key, text, each.says, each.origin, each.field, plain)
        else:
            yield each
    yield from _words(container, path, written, plain, ground)


def _own(container: dict[str, Any], written: Written) -> dict[str, str]:
    """The variables that tell a pod its own name and namespace.

    HOSTNAME is its name (kubernetes.io, "Container Environment" and "Expose Pod Information to Containers Through
    Environment Variables").
    """
    known = {"metadata.name": f"{written.owner.name}-0", "metadata.namespace": written.owner.namespace}
    found = {"HOSTNAME": known["metadata.name"]}
    for each in items(container.get("env")):
        path = mapping(mapping(mapping(each).get("valueFrom")).get("fieldRef")).get("fieldPath")
        if isinstance(path, str) and path in known:
            found[str(mapping(each).get("name"))] = known[path]
    return found


def _variables(
    container: dict[str, Any], path: FieldPath, written: Written, maps: dict[tuple[str, str], ConfigMap]
) -> Iterator[Setting | Hidden]:
    home = written.owner.namespace
    for place, each in enumerate(items(container.get("envFrom"))):
        where = (*path, "envFrom", place)
        prefix = str(mapping(each).get("prefix") or "")
        name = mapping(mapping(each).get("configMapRef")).get("name")
        if (config := maps.get((home, str(name)))) is not None:
            for key, value in config.data.items():
                if isinstance(value, str):
                    says = f"variable {prefix}{key} of {config.title}"
                    yield Setting(f"{prefix}{key}", value[:_MUCH], says, config.origin, ("data", key), {})
        secret = mapping(mapping(each).get("secretRef")).get("name")
        if isinstance(secret, str):
            yield Hidden(secret, "", f"all variables of secret {home}/{secret}", written.origin, where)
    for place, each in enumerate(items(container.get("env"))):
        yield from _variable(mapping(each), (*path, "env", place), written, maps)


def _variable(
    each: dict[str, Any], where: FieldPath, written: Written, maps: dict[tuple[str, str], ConfigMap]
) -> Iterator[Setting | Hidden]:
    name, value, home = str(each.get("name") or ""), each.get("value"), written.owner.namespace
    source = mapping(each.get("valueFrom"))
    if isinstance(value, str):
        yield Setting(
            name, value[:_MUCH], f'variable {name} is "{quoted(value, name)}"', written.origin, (*where, "value"), {}
        )
    elif reference := mapping(source.get("configMapKeyRef")):
        config, key = maps.get((home, str(reference.get("name")))), str(reference.get("key"))
        held = config.data.get(key) if config is not None else None
        if config is not None and isinstance(held, str):
            says = f'variable {name} is "{quoted(held, name)}", {key} of {config.title}'
            yield Setting(name, held[:_MUCH], says, config.origin, ("data", key), {})
    elif reference := mapping(source.get("secretKeyRef")):
        secret, key = str(reference.get("name")), str(reference.get("key"))
        yield Hidden(secret, key, f"variable {name}, {key} of secret {home}/{secret}", written.origin, where)


def _words(
    container: dict[str, Any], path: FieldPath, written: Written, plain: dict[str, str], ground: Ground
) -> Iterator[Setting]:
    """Commands and arguments; a flag may have its value in the word behind it."""
    for kind in ("command", "args"):
        flag = ""
        for place, word in enumerate(items(container.get(kind))):
            if not isinstance(word, str):
                continue
            text = expanded(word[:_MUCH], plain, written.owner.namespace, ground)
            where, many = (*path, kind, place), "\n" in text or " " in text.strip()
            key, value = ("", text) if many else argument(text)
            says = f'{"argument" if kind == "args" else "command"} "{quoted(word, flag)}"'
            yield Setting(key or flag, value, says, written.origin, where, plain, loose=many)
            if many:
                yield from (Setting(k, v, says, written.origin, where, plain) for k, v, _ in pairs(text) if k != "Host")
            flag = word.lstrip("-") if word.startswith("-") and "=" not in word else ""
    yield from _hooks(container, path, written)


def _hooks(container: dict[str, Any], path: FieldPath, written: Written) -> Iterator[Setting]:
    """What the kubelet runs in the container, or asks of somebody else on its behalf."""
    for hook in ("postStart", "preStop"):
        asked = mapping(mapping(mapping(container.get("lifecycle")).get(hook)).get("exec")).get("command")
        for place, word in enumerate(items(asked)):
            if isinstance(word, str):
                where = (*path, "lifecycle", hook, "exec", "command", place)
                yield Setting("", word[:_MUCH], f"what runs at {hook}", written.origin, where, {}, loose=True)


def _mounted(written: Written, maps: dict[tuple[str, str], ConfigMap], ground: Ground) -> Iterator[Setting | Hidden]:
    """The files of ConfigMaps and Secrets that are mounted, and the keys that are chosen of them."""
    for place, volume in enumerate(items(written.spec.get("volumes"))):
        where = (*written.path, "spec", "volumes", place)
        sources = [mapping(volume), *map(mapping, items(mapping(mapping(volume).get("projected")).get("sources")))]
        for source in sources:
            yield from _files(source, where, written, maps, ground)


def _files(
    source: dict[str, Any],
    where: FieldPath,
    written: Written,
    maps: dict[tuple[str, str], ConfigMap],
    ground: Ground,
) -> Iterator[Setting | Hidden]:
    home, chosen = written.owner.namespace, mapping(source.get("configMap"))
    if (config := maps.get((home, str(chosen.get("name"))))) is not None:
        wanted = {mapping(each).get("key") for each in items(chosen.get("items"))}
        for key, text in config.data.items():
            if isinstance(text, str) and (not wanted or key in wanted):
                sharers = ground.mounting.get((home, config.name), ())
                yield from _file(config, key, own_part(text[:_MUCH], written.owner, sharers))
    secret = mapping(source.get("secret"))
    name = secret.get("secretName") or secret.get("name")
    if isinstance(name, str):
        yield Hidden(name, "", f"files of secret {home}/{name}", written.origin, where)


def _file(config: ConfigMap, key: str, text: str) -> Iterator[Setting]:
    """A file as a whole, and each of its lines that sets something; comments speak of nothing."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(("#", "//", ";")))
    others = {name: value for name, value, _ in pairs(kept)}
    field = ("data", key)
    if "\n" not in text.strip():
        yield Setting(key, text, f"{key} of {config.title}", config.origin, field, others)
        return
    yield Setting("", kept, f"{key} of {config.title}", config.origin, field, others, loose=True)
    for name, value, _ in pairs(kept):
        yield Setting(
            name, value, f'{name} in {key} of {config.title} is "{quoted(value, name)}"', config.origin, field, others
        )


def _custom(written: Written) -> Iterator[Setting]:
    """All texts of a custom resource's spec."""
    spec = written.data.get("spec")
    template = ("spec", "template")
    for path, value in _texts(spec, ("spec",)):
        if written.pod is not None and path[:2] == template:
            continue
        key = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
        if key in ("image", "expr", "regex", "description", "summary"):
            continue
        says = f'field {key} is "{quoted(value, key)}"'
        yield Setting(key, value[:_MUCH], says, written.origin, path, {}, loose="\n" in value)


def _texts(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, (*path, str(key)))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _texts(each, (*path, place))


def expanded(text: str, plain: dict[str, str], namespace: str, ground: Ground) -> str:
    """A text with its variables: those of the container, and those that say where Services are."""
    if "$" not in text:
        return text

    def put(found: re.Match[str]) -> str:
        name = found[1] or found[2]
        if name in plain:
            return plain[name]
        if (link := _LINK.match(name)) is not None:
            for home, service in ground.services:
                if home == namespace and service.upper().replace("-", "_") == link[1]:
                    return service
        return found[0]

    return _VARIABLE.sub(put, text)

"""From a host that a text mentions to what it means: a Service, a pod of one, an address, or a name outside.

Source of the forms: kubernetes.io, "DNS for Services and Pods": ``SERVICE``, ``SERVICE.NAMESPACE``,
``SERVICE.NAMESPACE.svc`` with or without the cluster's domain, and any of them behind the name of a pod.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from ipaddress import ip_address

from crenel.harden.needs.ground import Ground
from crenel.harden.needs.texts import Mention, speaks_of_host
from crenel.kubernetes.objects.services import Service

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?\Z")
_LAST = re.compile(r"([a-z]{2,24}|xn--[a-z0-9-]+)\Z")
_FILES = frozenset(
    [
        "yaml",
        "yml",
        "json",
        "conf",
        "cfg",
        "ini",
        "txt",
        "log",
        "sh",
        "py",
        "js",
        "ts",
        "go",
        "rb",
        "java",
        "jar",
        "war",
        "class",
        "xml",
        "html",
        "htm",
        "css",
        "crt",
        "key",
        "pem",
        "csr",
        "p12",
        "jks",
        "properties",
        "toml",
        "lock",
        "sock",
        "pid",
        "db",
        "sql",
        "so",
        "gz",
        "tar",
        "zip",
        "tgz",
        "md",
        "lua",
        "rules",
        "tmpl",
        "tpl",
        "cnf",
        "env",
        "local",
        "localdomain",
        "internal",
        "example",
        "invalid",
        "test",
        "enabled",
        "name",
        "path",
        "type",
        "spec",
        "data",
        "format",
        "level",
        "mode",
    ]
)
"""Last parts that files and settings have rather than names of hosts."""
_HERE = ("localhost", "localhost.localdomain", "ip6-localhost", "host.docker.internal")
METADATA = ("metadata.google.internal", "metadata")
"""Names of the metadata server of Google Cloud; others have none."""


class Meaning(enum.Enum):
    """What a host is."""

    SERVICE = "service"
    LOST = "lost"
    """By its form a Service, that the input does not have."""
    ADDRESS = "address"
    NAME = "name"
    """A name outside."""
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Meant:
    """What a mention means. `sure` is false where it is only likely; `text` is the address or the name."""

    meaning: Meaning
    service: Service | None = None
    text: str = ""
    sure: bool = True


NOTHING = Meant(Meaning.NOTHING)


def meaning(mention: Mention, namespace: str, ground: Ground) -> Meant:
    """What a mention in some namespace means."""
    host = mention.host.lower().rstrip(".")
    if host in _HERE or not host:
        return NOTHING
    if (found := _address(host, mention, ground)) is not None:
        return found
    labels = host.split(".")
    if not all(_LABEL.match(each) for each in labels):
        return NOTHING
    if len(labels) == 1:
        return _single(labels[0], mention, namespace, ground)
    return _dotted(labels, mention, namespace, ground)


def _address(host: str, mention: Mention, ground: Ground) -> Meant | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return NOTHING
    if (service := ground.service_addresses.get(str(address))) is not None:
        return Meant(Meaning.SERVICE, service)
    if mention.placed or (mention.whole and speaks_of_host(mention.key)):
        return Meant(Meaning.ADDRESS, text=str(address))
    return NOTHING


def _single(name: str, mention: Mention, namespace: str, ground: Ground) -> Meant:
    service = ground.services.get((namespace, name))
    said = speaks_of_host(mention.key)
    if service is None:
        if mention.placed and mention.port and said and not name.isdigit() and not mention.key.startswith("-"):
            return Meant(Meaning.LOST, text=f"{namespace}/{name}")
        return NOTHING
    if mention.placed:
        return Meant(Meaning.SERVICE, service)
    if not mention.whole or said is False:
        return NOTHING
    return Meant(Meaning.SERVICE, service, sure=said is True)


def _dotted(labels: list[str], mention: Mention, namespace: str, ground: Ground) -> Meant:
    if "svc" in labels[1:]:
        place = labels.index("svc", 1)
        return _of_service(labels[:place], namespace, ground, surely=True)
    found = _of_service(labels, namespace, ground, surely=False)
    if found.meaning is not Meaning.NOTHING and (mention.placed or mention.whole or len(labels) > 2):
        return found
    return _outside(labels, mention)


def _of_service(labels: list[str], namespace: str, ground: Ground, *, surely: bool) -> Meant:
    """A Service by what stands before ``svc``: SERVICE.NAMESPACE or POD.SERVICE.NAMESPACE; POD.SERVICE too."""
    tried = [(labels[-1], labels[-2])] if len(labels) >= 2 else [(namespace, labels[0])]
    if not surely and len(labels) == 2:
        tried.append((namespace, labels[1]))
    for home, name in tried:
        if (service := ground.services.get((home, name))) is not None:
            return Meant(Meaning.SERVICE, service)
    if surely and len(labels) >= 2:
        return Meant(Meaning.LOST, text=f"{labels[-1]}/{labels[-2]}")
    if not surely and len(labels) == 2 and labels[1] in ground.model.scope.population.namespaces:
        return Meant(Meaning.LOST, text=f"{labels[1]}/{labels[0]}")
    return NOTHING


def _outside(labels: list[str], mention: Mention) -> Meant:
    if ".".join(labels) in METADATA:
        return Meant(Meaning.ADDRESS, text="169.254.169.254")
    if not _LAST.match(labels[-1]) or labels[-1] in _FILES:
        return NOTHING
    if mention.placed or (mention.whole and speaks_of_host(mention.key)):
        return Meant(Meaning.NAME, text=".".join(labels))
    return NOTHING

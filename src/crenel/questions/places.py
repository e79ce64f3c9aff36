"""Reads how people write the ends of a connection: ``shop/web``, ``shop/svc/db:5432``, ``10.0.0.0/8``, ``internet``.

A workload or a pod is ``NAMESPACE/NAME``, or ``NAMESPACE/KIND/NAME`` where two kinds have the same name; a Service is
always ``NAMESPACE/svc/NAME``. A target may end in ``:PORT``, ``:PORT/PROTOCOL`` or ``:PORTNAME``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from crenel.dialects.destinations import PLATFORM
from crenel.kubernetes.objects.services import Service
from crenel.kubernetes.replacing import Key
from crenel.network.addresses import INTERNET, AddressSet, Family, address_text, parse_network
from crenel.network.network import Network
from crenel.network.traffic import PORTED, Match, parse_traffic, protocol_name, protocol_number
from crenel.questions.directory import Directory

_SERVICE_WORDS = {"svc", "service", "services"}
_SHORT_KINDS = {
    "deploy": "deployment", "sts": "statefulset", "ds": "daemonset", "rs": "replicaset", "rc": "replicationcontroller",
    "cj": "cronjob", "po": "pod",
}  # fmt: skip
_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9.+]*[A-Za-z0-9])?\Z")
_PORT = re.compile(r"(?P<port>\d+(?:-\d+)?|[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*)(?:/(?P<protocol>[A-Za-z0-9]+))?\Z")
_DNS = re.compile(r"(\*\.)?[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?(\.[a-z0-9_]([-a-z0-9_]*[a-z0-9_])?)*\.?\Z", re.IGNORECASE)


class PlaceError(ValueError):
    """The text names no place, or several. The message is one line for a person."""


class NowhereError(PlaceError):
    """The text is well written, and nothing in the input is called so."""


@dataclass(frozen=True, slots=True)
class Place:
    """One end of a question.

    `members` are endpoint indices. `service` is set when it was asked for by Service: the members are then what stands
    behind it. `traffic` is what the text asked for, None when it gave no port.
    """

    text: str
    members: tuple[int, ...]
    service: Service | None = None
    traffic: tuple[Match, ...] | None = None
    whole: bool = True
    """False when the members hold more than was asked for, such as the block around an address."""
    addresses: AddressSet | None = None
    """The addresses asked for, when it was by address."""
    pod: str = ""
    """``namespace/name`` when one pod was asked for, alone or as one of several replicas."""
    nodes: frozenset[str] | None = None
    """The node of that pod, when it is known."""


def source(text: str, directory: Directory) -> Place:
    """Read the source of a question.

    Raises:
        PlaceError: nothing, or more than one thing, is called so.
    """
    place = _place(text, directory)
    if place.service is not None:
        raise PlaceError(f"{text!r} is a Service: only a workload, a pod, a node or an address can be a source")
    if text.startswith("node/"):
        return replace(place, members=place.members[:1])
    return place


def target(text: str, directory: Directory) -> Place:
    """Read the target of a question, with its port if it has one.

    Raises:
        PlaceError: nothing, or more than one thing, is called so, or the port is impossible.
    """
    bare, traffic = split(text)
    return replace(_place(bare, directory), text=text, traffic=traffic)


def split(text: str) -> tuple[str, tuple[Match, ...] | None]:
    """Take a target apart: the place, and the traffic that its port means, None where it has none.

    Raises:
        PlaceError: the port is impossible.
    """
    bare, port = _split_port(text)
    return bare, port_matches(port, text) if port else None


def _split_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        inner, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise PlaceError(f"cannot read {text!r}: write [ADDRESS]:PORT")
        return inner, rest[1:]
    if text.lower().startswith("dns:"):
        name, _, port = text[4:].partition(":")
        return f"dns:{name}", port
    if text.count(":") > 1:
        return text, ""
    bare, _, port = text.partition(":")
    return bare, port


def port_matches(port: str, text: str) -> tuple[Match, ...]:
    """What a port means: ``5432``, ``53/UDP``, ``8000-9000`` or a name. `text` is what messages quote.

    Raises:
        PlaceError: it is none of those, or impossible.
    """
    match = _PORT.match(port)
    if match is None:
        raise PlaceError(f"cannot read the port of {text!r}: write :PORT, :PORT/PROTOCOL or :NAME")
    try:
        protocol = protocol_number(match["protocol"] or "TCP")
        if match["port"][0].isdigit() and match["port"].replace("-", "").isdigit():
            return parse_traffic(f"{protocol_name(protocol)}/{match['port']}")
    except ValueError as error:
        raise PlaceError(f"{text!r}: {error}") from None
    if protocol not in PORTED:
        raise PlaceError(f"{text!r}: {protocol_name(protocol)} has no ports")
    return (Match(None if match["protocol"] is None else protocol, name=match["port"]),)


def _is_platform(network: Network, block: int) -> bool:
    addresses = network.endpoints[block].addresses
    return addresses is not None and addresses <= PLATFORM


def addresses_of(text: str, inside: AddressSet) -> AddressSet | None:
    """The addresses that a place without a port means by itself, None for any other; `inside` are the cluster's own."""
    if text == "internet":
        return INTERNET - inside
    try:
        return AddressSet.from_range(*parse_network(text))
    except ValueError:
        return None


def _place(text: str, directory: Directory) -> Place:
    if text == "internet":
        wanted = INTERNET - directory.model.assembly.blueprint.inside
        network = directory.model.network
        blocks = [each for each in network.blocks_within(wanted) if not _is_platform(network, each)]
        return Place(text, tuple(blocks), whole=False, addresses=wanted)
    if text.lower().startswith("dns:"):
        return _name(text, directory)
    try:
        family, first, last = parse_network(text)
    except ValueError:
        return _object(text, directory)
    return _addresses(text, AddressSet.from_range(family, first, last), directory)


def _name(text: str, directory: Directory) -> Place:
    name = text[4:]
    if not _DNS.match(name) or len(name) > 253:
        raise PlaceError(f"{text!r}: not a DNS name")
    return Place(text, (directory.model.network.admit_name(name),))


def _addresses(text: str, wanted: AddressSet, directory: Directory) -> Place:
    """Who has these addresses: a Service, pods and nodes that do, and the blocks outside for what is left."""
    family = wanted.families()[0]
    first = wanted.first(family)
    if wanted.size() == 1 and first is not None:
        return _address(text, (family, first), wanted, directory)
    inside = sorted({index for (each, value), index in directory.by_address.items() if wanted.contains(each, value)})
    taken = AddressSet()
    for index in inside:
        taken |= directory.model.network.endpoints[index].addresses or AddressSet()
    blocks = directory.model.network.blocks_within(wanted - taken)
    return Place(text, (*inside, *blocks), whole=False, addresses=wanted)


def _address(text: str, value: tuple[Family, int], wanted: AddressSet, directory: Directory) -> Place:
    if (service := directory.services_at.get(value)) is not None:
        return Place(text, (), service=service)
    known = directory.by_address.get(value)
    members = (known,) if known is not None else directory.model.network.blocks_within(wanted)
    found = Place(text, tuple(members), whole=False, addresses=wanted)
    home = directory.pod_at.get(address_text(*value))
    return _pod(found, *home, directory) if home is not None else found


def _object(text: str, directory: Directory) -> Place:
    parts = text.split("/")
    if not all(_NAME.match(part) for part in parts) or len(parts) not in (2, 3):
        raise PlaceError(
            f"cannot read {text!r}: write NAMESPACE/NAME, NAMESPACE/svc/NAME, node/NAME, an address, a CIDR, "
            "internet or dns:NAME"
        )
    if len(parts) == 2 and parts[0] == "node":
        return _node(parts[1], text, directory)
    if len(parts) == 3 and parts[1].lower() in _SERVICE_WORDS:
        return _service(parts[0], parts[2], text, directory)
    kind = _SHORT_KINDS.get(parts[1].lower(), parts[1].lower()) if len(parts) == 3 else ""
    return _workload(parts[0], kind, parts[-1], text, directory)


def _node(name: str, text: str, directory: Directory) -> Place:
    found = directory.nodes.get(name)
    if not found:
        raise NowhereError(f"no node {name!r} in the input")
    return Place(text, tuple(found))


def _workload(namespace: str, kind: str, name: str, text: str, directory: Directory) -> Place:
    called = directory.workloads.get((namespace, name), {})
    if kind:
        called = {each: found for each, found in called.items() if each == kind}
    if len(called) > 1:
        options = ", ".join(f"{namespace}/{each}/{name}" for each in sorted(called))
        raise PlaceError(f"{text!r} is several workloads: say which of {options}")
    if called:
        found = Place(text, tuple(next(iter(called.values()))))
        return _pod(found, namespace, name, directory) if "pod" in called else found
    if kind in ("", "pod") and (pods := directory.pods.get((namespace, name))):
        return _pod(Place(text, tuple(pods)), namespace, name, directory)
    raise NowhereError(f"no workload or pod {text!r} in the input{_hint(namespace, name, directory)}")


def _pod(place: Place, namespace: str, name: str, directory: Directory) -> Place:
    """The place as one pod of what it names."""
    if (namespace, name) not in directory.pod_nodes:
        return place
    node = directory.pod_nodes[namespace, name]
    return replace(place, pod=f"{namespace}/{name}", nodes=frozenset({node}) if node else None)


def _hint(namespace: str, name: str, directory: Directory) -> str:
    if any(
        service.namespace == namespace and service.name == name for service in directory.model.given.decoded.services
    ):
        return f" (a Service is written {namespace}/svc/{name})"
    elsewhere = sorted(
        {f"{group.namespace}/{name}" for group in directory.model.scope.groups.values() if group.workload == name}
    )
    if elsewhere:
        return f" (did you mean {' or '.join(elsewhere[:3])}?)"
    if namespace not in directory.model.scope.population.namespaces:
        return f" (there is no namespace {namespace!r})"
    return ""


def _service(namespace: str, name: str, text: str, directory: Directory) -> Place:
    for service in directory.model.given.decoded.services:
        if service.namespace == namespace and service.name == name:
            return Place(text, (), service=service)
    raise NowhereError(f"no Service {namespace}/{name} in the input")


def object_key(text: str) -> Key:
    """Read how an object is named: ``KIND/NAMESPACE/NAME``, or ``KIND/NAME`` for what is cluster-wide.

    Raises:
        PlaceError: it is written otherwise.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise PlaceError(f"cannot read {text!r}: write KIND/NAMESPACE/NAME, or KIND/NAME for what is cluster-wide")
    return parts[0].lower(), parts[1] if len(parts) == 3 else "", parts[-1]

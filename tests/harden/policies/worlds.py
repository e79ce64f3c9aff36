"""Random clusters in which something is needed, as Kubernetes objects and intents, and what follows by simple means.

Clusters are those of `properties.clusters`; here Services, the cluster's DNS and statements are added. Who is meant by
what is worked out with loops and the selectors of `reference`, which share nothing with the library.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import strategies as st

from properties.admin_policies import admin_policies
from properties.clusters import Population, populations
from properties.network_policies import network_policies
from properties.pieces import KEYS, PROTOCOLS, VALUES
from reference.cluster import Cluster, Pod
from reference.selectors import selects

Object = dict[str, Any]

RANGES = ("10.0.0.0/8", "fd00::/16")
"""Where pods have their addresses."""
OUTSIDE = ("203.0.113.0/24", "203.0.113.128/25", "198.51.100.7/32", "2001:db8::/32")
SAMPLES = ("203.0.113.1", "203.0.113.200", "198.51.100.7", "192.0.2.1", "2001:db8::1", "2001:4860::1")
"""Of each of them, and of nobody's."""
ASKED = (("TCP", 80), ("TCP", 81), ("TCP", 8080), ("UDP", 53), ("UDP", 80), ("SCTP", 80), ("TCP", 9005), ("TCP", 7777))
_PORTS = ("80", "81", "8080/TCP", "53/UDP", "80/UDP", "80/SCTP", "9000-9010", "79-81/UDP")
PER_POD = ("statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "pod-template-hash")
_DNS = ("kube-system", "coredns")
_labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), min_size=1, max_size=2)


@dataclass(frozen=True)
class Need:
    """One need, or ban: the names of pods, or a block of addresses, and what it is with; `ports` are first and last."""

    source: frozenset[str] | str
    target: frozenset[str] | str
    protocol: str = ""
    """Empty: all traffic."""
    ports: tuple[int, int] = (0, 0)
    holes: tuple[str, ...] = ()
    """Addresses of its block that are forbidden."""

    def means(self, address: str, block: str) -> bool:
        """Whether an address is in a block of it, and not forbidden."""
        return within(address, block) and not any(within(address, each) for each in self.holes)

    def covers(self, protocol: str, port: int) -> bool:
        """Whether a packet is of its traffic."""
        return not self.protocol or (self.protocol == protocol and self.ports[0] <= port <= self.ports[1])


@dataclass(frozen=True)
class World:
    """A cluster, the statements about it, and the policies that it has already."""

    population: Population
    services: list[Object]
    policies: list[Object]
    statements: list[Object]
    served: bool
    """Whether the input has the cluster's DNS."""
    cluster: Cluster = field(compare=False)

    @property
    def objects(self) -> list[Object]:
        """The input."""
        return [*_grounds(self.population, self.served), *self.services, *self.policies]

    def owner(self, name: str) -> frozenset[str]:
        """The pods of the workload of one: needs are of workloads."""
        for ends in self.population.endpoints.values():
            if name in ends and len(ends) > 1:
                return frozenset(ends)
        return frozenset([name])

    def alike(self, name: str) -> frozenset[str]:
        """The pods that no policy can tell from one: of the same workload, or with the same labels."""
        pod = self.cluster.pods[name]
        return self.owner(name) | {
            other
            for other, each in self.cluster.pods.items()
            if not each.host_network and each.namespace == pod.namespace and _plain(each) == _plain(pod)
        }

    def needs(self) -> Iterator[Need]:
        """What ``allow`` asks for and nothing forbids; of blocks of addresses only a part may be forbidden."""
        bans = list(self._bans())
        for each in self.statements:
            for need in self._parts(each["allow"]) if "allow" in each else ():
                met = [ban for ban in bans if _meet(need.source, ban.source) and _meet(need.target, ban.target)]
                blocks = [end for ban in met for end in (ban.source, ban.target) if isinstance(end, str)]
                if len(blocks) == len(met):
                    yield replace(need, holes=tuple(blocks))

    def forbids(self, source: str, target: str) -> bool:
        """Whether a statement forbids that one pod reaches another."""
        ends = self.owner(source), self.owner(target)
        return any(_meet(ends[0], ban.source) and _meet(ends[1], ban.target) for ban in self._bans())

    def _bans(self) -> Iterator[Need]:
        for each in self.statements:
            if "deny" in each:
                yield from self._parts(each["deny"])

    def _parts(self, statement: Object) -> Iterator[Need]:
        for source in self._ends(statement["from"]):
            for target, protocol, ports in self._targets(statement["to"]):
                yield Need(source, target, protocol, ports)

    def _ends(self, end: Object | str) -> Iterator[frozenset[str] | str]:
        if isinstance(end, str) and end in OUTSIDE:
            yield end
        else:
            yield from dict.fromkeys(self.owner(name) for name in self._pods(end))

    def _pods(self, end: Object | str) -> list[str]:
        if isinstance(end, str) and end in self.population.endpoints:
            return self.population.endpoints[end]
        if isinstance(end, str):
            return [name for name, pod in self.cluster.pods.items() if end in ("*", f"{pod.namespace}/*")]
        return [name for name, pod in self.cluster.pods.items() if self._selected(end, pod)]

    def _selected(self, end: Object, pod: Pod) -> bool:
        return (
            pod.namespace == end.get("namespace", pod.namespace)
            and selects(_selector(end.get("labels")), pod.labels)
            and selects(_selector(end.get("namespaceLabels")), self.cluster.namespaces[pod.namespace])
        )

    def _targets(self, end: Object | str) -> Iterator[tuple[frozenset[str] | str, str, tuple[int, int]]]:
        """The ends with their traffic: a named port is what each pod calls so, a Service's what it leads to."""
        place: Object | str = end.get("of", end) if isinstance(end, dict) else end
        if isinstance(place, str) and "/svc/" in place:
            yield from self._served(place)
            return
        wanted = end.get("ports", [""]) if isinstance(end, dict) else [""]
        for each in self._ends(place):
            for port in wanted:
                for protocol, ports in self._traffic(each, port):
                    yield each, protocol, ports

    def _traffic(self, end: frozenset[str] | str, port: str) -> Iterator[tuple[str, tuple[int, int]]]:
        number, _, protocol = port.partition("/")  # a name is of any protocol
        if not port:
            yield "", (0, 0)
        elif number[0].isdigit():
            first, _, last = number.partition("-")
            yield protocol or "TCP", (int(first), int(last or first))
        elif not isinstance(end, str):
            for name, its, value in {each for pod in end for each in self.cluster.pods[pod].ports}:
                if name == number and its == (protocol or its):
                    yield its, (value, value)

    def _served(self, place: str) -> Iterator[tuple[frozenset[str] | str, str, tuple[int, int]]]:
        """The pods behind a Service, at their ports; one without an address translates none."""
        (spec,) = [each["spec"] for each in self.services if _place(each) == place.rpartition(":")[0]]
        (port,) = spec["ports"]
        target = port["port"] if spec.get("clusterIP") == "None" else port["targetPort"]
        namespace = place.partition("/")[0]
        for name, pod in self.cluster.pods.items():
            if pod.namespace == namespace and selects({"matchLabels": spec["selector"]}, pod.labels):
                for number in _led(target, port["protocol"], pod):
                    yield self.owner(name), port["protocol"], (number, number)


def _led(target: int | str, protocol: str, pod: Pod) -> list[int]:
    if isinstance(target, int):
        return [target]
    return [number for name, its, number in pod.ports if (name, its) == (target, protocol)]


def _place(service: Object) -> str:
    return f"{service['metadata']['namespace']}/svc/{service['metadata']['name']}"


def _selector(given: Object | None) -> Object | None:
    return given if given is None or "matchExpressions" in given else {"matchLabels": given}


def _plain(pod: Pod) -> dict[str, str]:
    return {key: value for key, value in pod.labels.items() if key not in PER_POD}


def _meet(one: frozenset[str] | str, other: frozenset[str] | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str) and _overlap(one, other)
    return bool(one & other)


def _overlap(one: str, other: str) -> bool:
    mine, its = ipaddress.ip_network(one), ipaddress.ip_network(other)
    return mine.version == its.version and mine.overlaps(its)


def within(address: str, block: str) -> bool:
    """Whether an address is in a block."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(block)


def _grounds(population: Population, served: bool) -> list[Object]:
    return [*population.objects, *(_resolver() if served else ())]


def _resolver() -> list[Object]:
    """The usual DNS of a cluster."""
    own = {"k8s-app": "kube-dns"}
    ports = [{"containerPort": 53, "protocol": each} for each in ("UDP", "TCP")]
    template = {"metadata": {"labels": own}, "spec": {"containers": [{"name": "c", "image": "dns", "ports": ports}]}}
    metadata = {"namespace": _DNS[0], "name": _DNS[1]}
    spec = {"replicas": 1, "selector": {"matchLabels": own}, "template": template}
    service = {
        "selector": own,
        "ports": [{"name": each, "port": 53, "protocol": each.upper()} for each in ("udp", "tcp")],
    }
    return [
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "name": "kube-dns"}, "spec": service},
    ]


@st.composite
def _services(draw: st.DrawFn, population: Population, number: int) -> Object:
    chosen = draw(_labels)
    port = {
        "name": "main",
        "protocol": draw(st.sampled_from(PROTOCOLS)),
        "port": draw(st.sampled_from((80, 443))),
        "targetPort": draw(st.sampled_from((80, 8080, "http", "dns"))),
    }
    metadata = {"namespace": draw(st.sampled_from(population.namespaces)), "name": f"s{number}"}
    spec: Object = {"selector": chosen, "ports": [port]}
    if draw(st.booleans()):
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


@st.composite
def _ends(draw: st.DrawFn, population: Population) -> Object | str:
    """Workloads by name, namespace or labels, or addresses outside."""
    named = sorted(each for each in population.endpoints if not each.startswith("node/"))
    kinds = ["namespace", "labels", "outside", "everybody"]
    match draw(st.sampled_from(["named"] * 8 * bool(named) + kinds)):
        case "named":
            return draw(st.sampled_from(named))
        case "namespace":
            return {"namespace": draw(st.sampled_from(population.namespaces))}
        case "labels":
            return draw(_selections(population.namespaces))
        case "outside":
            return draw(st.sampled_from(OUTSIDE))
        case _:
            return draw(st.sampled_from(("*", *(f"{each}/*" for each in population.namespaces))))


@st.composite
def _selections(draw: st.DrawFn, namespaces: Sequence[str]) -> Object:
    found: Object = {"labels": draw(_labels)}
    if draw(st.booleans()):
        operator = draw(st.sampled_from(("Exists", "DoesNotExist")))
        found["labels"] = {"matchExpressions": [{"key": "tier", "operator": operator}]}
    if draw(st.booleans()):
        found["namespace"] = draw(st.sampled_from(namespaces))
    elif draw(st.booleans()):
        found["namespaceLabels"] = draw(_labels)
    return found


@st.composite
def _statements(draw: st.DrawFn, population: Population, services: list[Object]) -> Object:
    source = draw(_ends(population))
    if draw(st.integers(0, 4)) == 0:
        target = draw(_ends(population))
        return {"deny": {"from": source, "to": target}}
    if draw(st.booleans()) and services:
        chosen = draw(st.sampled_from(services))
        (port,) = chosen["spec"]["ports"]
        return {"allow": {"from": source, "to": f"{_place(chosen)}:{port['port']}/{port['protocol']}"}}
    target = draw(_ends(population))
    numbers: st.SearchStrategy[list[str]] = st.lists(
        st.sampled_from((*_PORTS, "http", "dns/UDP")), max_size=2, unique=True
    )
    ports = draw(numbers)
    if isinstance(target, str) and target in OUTSIDE:
        ports = [each for each in ports if each[0].isdigit()]
    if ports:
        target = {"of": target, "ports": ports} if isinstance(target, str) else {**target, "ports": ports}
    return {"allow": {"from": source, "to": target}}


def _denying(namespace: str) -> Object:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": namespace, "name": "default-deny"},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    }


@st.composite
def _existing(draw: st.DrawFn, population: Population) -> list[Object]:
    found = draw(st.lists(network_policies(population.namespaces), min_size=1, max_size=2))
    found += [_denying(each) for each in draw(st.lists(st.sampled_from(population.namespaces), unique=True))]
    found += draw(st.one_of(st.just([]), admin_policies(certain=True)))
    for number, each in enumerate(found):
        if each["kind"] != "BaselineAdminNetworkPolicy":
            each["metadata"] = {**each["metadata"], "name": f"p{number}"}
    return found


@st.composite
def worlds(draw: st.DrawFn, *, existing: bool = False) -> World:
    """A world; with policies of its own where `existing`."""
    population = draw(populations())
    services = [draw(_services(population, number)) for number in range(draw(st.integers(0, 2)))]
    statements = draw(st.lists(_statements(population, services), max_size=5))
    policies = draw(_existing(population)) if existing else []
    served = draw(st.booleans())
    cluster = Cluster.of(_grounds(population, served), pod_cidrs=RANGES)
    return World(population, services, policies, statements, served, cluster)

"""Policies of the mesh in use that let in whom the needs name, and nobody else: written on request.

Sources: Istio reference, Authorization Policy (ports are those of the workload; ``principals`` need mutual TLS, an
ALLOW policy closes all that it does not allow) and Health Checking of Istio Services (probes are led to the agent);
Ambient: use a waypoint proxy (what passes one has its identity). Linkerd reference, Authorization Policy (a Server for
each port, the admission of overlapping ones is refused; probes by HTTP are let in) and Proxy Configuration, values of
the chart (``opaquePorts``; ``proxyProtocol`` takes the place of the annotation).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from crenel.audit.linkerd import DEFAULT, OPEN, SKIP, Linkerd, skipped
from crenel.audit.peers import Istio, tcp_ports
from crenel.audit.workloads import Workload
from crenel.dialects import gatewayapi
from crenel.dialects import istio as istio_gateways
from crenel.dialects.istioauthorization import DOMAIN
from crenel.dialects.istiopeers import DISABLE, SIDECAR, led_past
from crenel.dialects.linkerdpolicies import GROUP
from crenel.editing.patches import Set
from crenel.harden.needs.ground import MANAGED_BY, MANAGER
from crenel.harden.needs.meshes import Opaque
from crenel.harden.needs.model import Pods
from crenel.harden.services.context import Context
from crenel.harden.services.model import Change, NewObject, Promise
from crenel.harden.services.writing import made
from crenel.harden.tls.admitting import Admitted
from crenel.harden.tls.callers import (
    ALL_PROBES,
    Caller,
    Callers,
    Unit,
    accounts_of,
    by_port,
    evidence,
    networks_of,
    union_of,
)
from crenel.kubernetes.mesh import trust_domain
from crenel.kubernetes.objects.policies import ForeignPolicy
from crenel.network.addresses import AddressSet
from crenel.provenance import NOWHERE

_FEW = 3
_REWRITE = "sidecar.istio.io/rewriteAppHTTPProbers"
_WAYPOINT = "istio.io/use-waypoint"
_MUTUAL = ("ISTIO_MUTUAL", None)
_OF_PROXY = (4140, 4143, 4190, 4191)
"""The ports of Linkerd's own proxy, which live pods declare beside those of the application."""


def changes(context: Context) -> Iterator[Change]:
    """One change for each workload whose policies do not let in just those who need it."""
    if context.wishes.mesh_policies:
        yield from _Istio(context).changes()
        yield from _Linkerd(context).changes()


@dataclass(frozen=True)
class _Looked:
    """What policies that are there say of a unit: who is kept out, and who is let in beside."""

    missing: tuple[str, ...]
    excess: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{_few(self.missing)} kept out, and needed"] if self.missing else []
        parts += [f"{_few(self.excess)} let in, and not needed"] if self.excess else []
        return "; ".join(parts)


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"{', '.join(names[:_FEW])}{more}"


def _looked(admitted: Admitted, unit: Unit, ports: Sequence[int] | None = None) -> _Looked:
    missing = [
        f"{caller.words} to {workload.name} TCP/{port}"
        for workload, port, caller, _, _ in admitted.missing(unit)
        if ports is None or port in ports
    ]
    return _Looked(tuple(dict.fromkeys(missing)), tuple(dict.fromkeys(admitted.excess(unit, ports))))


class _Mesh:
    """What the writers for both meshes share."""

    _unknown = ""
    """What the policies of the mesh can say of clients without a certificate beside their address."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._subject = context.subject
        decoded = context.subject.decoded
        self._taken = {(each.kind, each.namespace, each.name) for each in decoded.foreign_policies}
        self._taken |= {(each.kind, each.namespace, each.name) for each in decoded.settings}

    def _free(self, kind: str, namespace: str, name: str) -> str:
        """A name that nobody has."""
        number, found = 2, name
        while (kind, namespace, found) in self._taken:
            number, found = number + 1, f"{name}-{number}"
        self._taken.add((kind, namespace, found))
        return found

    def _keep(self, unit: Unit, why: str) -> None:
        origins = [each.origin for each in self._subject.workloads if str(unit.pods[0]) == each.own_name]
        self._context.keep(f"mesh policies of {unit}", why, (origins or [NOWHERE])[0])

    def _notes(self, unit: Unit, callers: Callers) -> Iterator[str]:
        if len(unit.pods) > 1:
            yield f"no label tells {unit} apart: who may come to one may come to all"
        for words in dict.fromkeys(each.words for each in unit.tolerated):
            yield f"{words} is let in as well: no label keeps the policy of a workload that it comes to from these pods"
        for caller in unit.callers:
            others = [each for each in callers.namesakes(caller) if not _is_called(unit, str(each), caller)]
            if others:
                one = "; ".join(f"{each[0]}/{each[1]}" for each in sorted(caller.accounts))
                yield (f"{_few(list(map(str, others)))} let in as well: {caller.words} has the same service account "
                       f"{one}")  # fmt: skip
        for caller in unit.callers:
            if caller.networks and caller.strangers:
                yield (f"{caller.words} shows no certificate: whoever {self._unknown}comes from {caller.networks} is "
                       "let in as well")  # fmt: skip

    def _change(self, unit: Unit, new: Sequence[NewObject], notes: Sequence[str], *, linkerd: bool) -> Change:
        thing = new[0].thing
        names = list(dict.fromkeys(each.words for each in unit.callers))
        who = f"{_few(names)}, and nobody else" if names else "nobody"
        promise = Promise(identified=frozenset({unit.namespace}), admits=(unit,), linkerd=linkerd)
        reason = f"who may come to {unit} is not said in the mesh"
        return Change("authorization", f"{unit}: the mesh lets in {who}", thing, (), (), reason,
                      new=tuple(new), promise=promise, notes=tuple(dict.fromkeys(notes)))  # fmt: skip


def _is_called(unit: Unit, name: str, caller: Caller) -> bool:
    """Whether somebody is meant to come to the same ports, too."""
    return any(each.words == name and (each.ports is None or each.ports == caller.ports) for each in unit.callers)


class _Istio(_Mesh):
    _unknown = "shows none and "

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._istio = Istio(context.subject)
        self._callers = Callers(context, lambda each: bool(self._istio.inside(each)), self._ports)

    def _ports(self, workload: Workload) -> Sequence[int]:
        return tcp_ports(self._subject, workload)

    def _is_plain(self, workload: Workload, port: int | None) -> bool:
        return self._istio.mode(workload, port).value == DISABLE

    def changes(self) -> Iterator[Change]:
        """One AuthorizationPolicy for each unit."""
        admitted = Admitted(self._context, self._istio, closes=True)
        for unit in self._units():
            found = _looked(admitted, unit)
            if not found.missing and not found.excess:
                continue
            there = [each for each in self._allowing(unit) if each.spec.get("rules")]
            if there and found.missing:
                names = _few([each.title for each in there])
                yield self._made(unit).asking(f"{names}: {found}; may they come?")
            elif self._allowing(unit) and not found.missing:
                self._keep(unit, f"{_few([each.title for each in self._allowing(unit)])}: {found}")
            else:
                yield self._made(unit)

    def _units(self) -> Iterator[Unit]:
        """The units that can be told from others, with the kubelet where it comes itself."""
        found = [self._probed(each) for each in self._callers.units(self._is_plain) if each.ports or each.callers]
        found = [each for each in found if not self._is_hindered(each)]
        planned = {pods for unit in found for pods in unit.pods}
        beside = {unit.pods: self._beside(unit) for unit in found}
        for unit in found:
            if strange := [each for each in beside[unit.pods] if each not in planned]:
                self._keep(unit, f"no label tells it apart from {_few(list(map(str, strange)))}")
            else:
                wider = [each for each in found if set(unit.pods) & set(beside[each.pods])]
                yield replace(unit, tolerated=tuple(caller for each in wider for caller in each.callers))

    def _probed(self, unit: Unit) -> Unit:
        """With the kubelet, where probes are not led to the agent of the sidecar."""
        said = {self._said(pods, _REWRITE) for pods in unit.pods}
        return replace(unit, callers=(*unit.callers, *self._callers.kubelet(unit, ALL_PROBES))) \
            if "false" in said else unit  # fmt: skip

    def _said(self, pods: Pods, key: str) -> str:
        written = self._callers.written(pods)
        return str(written.annotations.get(key, "")) if written is not None else ""

    def _is_hindered(self, unit: Unit) -> bool:
        """Whether nothing can be written for a unit; it is said why."""
        workloads = [each for pods in unit.pods for each in self._callers.workloads[pods]]
        if any(each.index in self._gateways for each in workloads):
            return True
        why = ""
        if not unit.choice.labels:
            why = "it has no labels that a policy could select it by"
        elif any(self._waypoint(each) for each in workloads):
            why = f"it is reached by a waypoint ({_WAYPOINT}), whose identity its clients have: write them for that"
        elif rule := self._disabling.get(unit.namespace) or self._disabling.get(""):
            why = f"{rule} has clients send without the certificate of the mesh"
        for port in unit.ports:
            for each in workloads:
                pod = self._istio.pods.get(each.index)
                past = led_past(pod.annotations, port) if pod and self._istio.inside(each) == SIDECAR else ""
                if past:
                    self._context.keep(f"{each.name} TCP/{port}", f"{past} leads it past the proxy", each.origin)
        if why:
            self._keep(unit, why)
        return bool(why)

    def _waypoint(self, workload: Workload) -> bool:
        spaces = {each.name: each.labels for each in self._subject.decoded.namespaces}
        services = [each for each in self._subject.decoded.services if each.namespace == workload.namespace]
        labels = [workload.group.labels, spaces.get(workload.namespace, {}),
                  *(each.metadata.labels or {} for each in services)]  # fmt: skip
        return any(each.get(_WAYPOINT, "none") != "none" for each in labels)

    @cached_property
    def _gateways(self) -> frozenset[int]:
        """The pods of gateways, where routes decide who comes."""
        kinds = (istio_gateways.KIND, gatewayapi.gateways.KIND)
        return frozenset(index for each in self._subject.proxies if each.proxy.kind in kinds for index in each.pods)

    @cached_property
    def _disabling(self) -> Mapping[str, str]:
        """DestinationRules by which clients show another certificate or none, by the namespace of the target.

        The namespace is empty for a host that may be anywhere.
        """
        found: dict[str, str] = {}
        for each in self._subject.decoded.settings:
            if each.kind == "DestinationRule" and any(mode not in _MUTUAL for mode in _modes(each.spec)):
                host = str(each.spec.get("host"))
                parts = host.split(".")
                near = each.namespace if len(parts) == 1 else parts[1]
                found[near if "*" not in (host, near) and "*" not in host[:1] else ""] = each.title
        return found

    def _beside(self, unit: Unit) -> list[Pods]:
        """The workloads of the mesh that its policy would select too: it can only say which labels are there."""
        labels = unit.choice.labels.items()
        return [
            pods
            for pods, parts in self._callers.workloads.items()
            if pods.namespace == unit.namespace and pods not in unit.pods and pods in self._callers.members
            and any(labels <= each.group.labels.items() for each in parts)
        ]  # fmt: skip

    def _allowing(self, unit: Unit) -> list[ForeignPolicy]:
        """The policies that are there and let somebody in, or are meant to close."""
        workloads = [each for pods in unit.pods for each in self._callers.workloads[pods]]
        found = {each.title: each for one in workloads for each in self._istio.authorizations(one)}
        return [each for each in found.values() if each.spec.get("action") in (None, "ALLOW")]

    def _made(self, unit: Unit) -> Change:
        name = self._free("AuthorizationPolicy", unit.namespace, unit.pods[0].name)
        rules = list(self._rules(unit))
        spec: dict[str, Any] = {"selector": {"matchLabels": dict(unit.choice.labels)}, "action": "ALLOW"}
        spec |= {"rules": rules} if rules else {}
        data = {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
                "metadata": _metadata(name, unit.namespace), "spec": spec}  # fmt: skip
        new = made(data, [f"Who may connect to {unit}, in the mesh.", *evidence(unit.callers)])
        return self._change(unit, [new], list(self._notes(unit, self._callers)), linkerd=False)

    def _rules(self, unit: Unit) -> Iterator[dict[str, Any]]:
        """One rule for all ports that the same clients come to."""
        alike: dict[str, tuple[list[dict[str, Any]] | None, list[str]]] = {}
        for port, callers in sorted(by_port(unit).items(), key=lambda each: each[0] or 0):
            sources = self._sources(callers)
            ports = alike.setdefault(repr(sources), (sources, []))[1]
            ports += [str(port)] if port is not None else ["any"]
        for sources, ports in alike.values():
            rule: dict[str, Any] = {"from": [{"source": each} for each in sources]} if sources is not None else {}
            yield rule if "any" in ports else {**rule, "to": [{"operation": {"ports": ports}}]}

    def _sources(self, callers: Sequence[Caller]) -> list[dict[str, Any]] | None:
        """Who comes; None for everybody."""
        anybody, strangers = union_of(callers, strangers=False), union_of(callers, strangers=True)
        if self._is_all(anybody):
            return None
        domain = trust_domain(self._subject.decoded) or DOMAIN
        found: list[dict[str, Any]] = []
        if accounts := accounts_of(callers):
            found.append({"principals": [f"{domain}/ns/{space}/sa/{name}" for space, name in accounts]})
        if strangers:
            found.append({"notPrincipals": ["*"], **({} if self._is_all(strangers) else _blocks(strangers))})
        if anybody:
            found.append(_blocks(anybody))
        return found

    def _is_all(self, addresses: AddressSet) -> bool:
        return AddressSet.everything(*self._subject.network.blueprint.families) <= addresses


def _blocks(addresses: AddressSet) -> dict[str, Any]:
    cidrs, holes = addresses.written()
    return {"ipBlocks": cidrs, **({"notIpBlocks": holes} if holes else {})}


def _modes(spec: Mapping[str, Any]) -> Iterator[object]:
    """The modes of TLS that a DestinationRule names anywhere."""
    for key, value in spec.items():
        if key == "tls" and isinstance(value, dict):
            yield value.get("mode")
        else:
            for each in value if isinstance(value, list) else [value]:
                yield from _modes(each) if isinstance(each, dict) else ()


def _metadata(name: str, namespace: str) -> dict[str, Any]:
    return {"name": name, "namespace": namespace, "labels": {MANAGED_BY: MANAGER}}


class _Linkerd(_Mesh):
    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._linkerd = Linkerd(context.subject)
        self._callers = Callers(context, self._linkerd.inside, self._ports)

    def _ports(self, workload: Workload) -> Sequence[int]:
        """The ports that count: those that the pods declare."""
        return sorted({port for _, protocol, port in workload.group.ports
                       if protocol == "TCP" and port not in _OF_PROXY})  # fmt: skip

    def changes(self) -> Iterator[Change]:
        """The Servers of each unit, and who is let in to them."""
        admitted = Admitted(self._context, self._linkerd, closes=False)
        units = list(self._units())
        yield from self._defaults(units)
        for unit in units:
            ports = [port for port in unit.ports if not self._is_skipped(unit, port)]
            there = [port for port in ports if self._servers(unit, port)]
            if there and (found := _looked(admitted, replace(unit, ports=tuple(there)), there)) != _Looked((), ()):
                titles = [each.title for port in there for each in self._servers(unit, port)]
                self._keep(unit, f"{_few(list(dict.fromkeys(titles)))}: {found}")
            new = [each for port in ports if port not in there for each in self._objects(unit, port)]
            if new:
                written = tuple(port for port in ports if port not in there)
                told = replace(unit, ports=written, callers=tuple(_narrowed(unit, written)))
                yield self._change(told, new, list(self._notes(told, self._callers)), linkerd=True)

    def _defaults(self, units: Sequence[Unit]) -> Iterator[Change]:
        """The default policy of namespaces all declared ports of which have Servers: it is left with the others."""
        for space in self._subject.decoded.namespaces:
            pods = {pods for pods in self._callers.members if pods.namespace == space.name}
            parts = [each for one in pods for each in self._callers.workloads[one] if self._linkerd.inside(each)]
            served = all(self._linkerd.servers(each, port) for each in parts for port in self._ports(each))
            mine = [each for each in units if each.namespace == space.name]
            known = {one for each in mine for one in each.pods} == pods
            bare = any(caller.networks and not set(caller.ports or (0,)) <= set(each.ports)
                       for each in mine for caller in each.callers)  # fmt: skip
            thing = self._context.thing(space.origin)
            if not (parts and served and known) or bare or thing is None:
                continue
            if any(self._linkerd.default(each) in OPEN for each in parts):
                field = ("metadata", "annotations", DEFAULT)
                yield Change(
                    "mtls", f"{thing.title}: other ports for clients with a certificate alone (all-authenticated)",
                    thing, field, (Set(field, "all-authenticated"),), "ports without a Server take whoever comes",
                    notes=("pods have to be restarted: their proxies read it when they begin",),
                )  # fmt: skip

    def _units(self) -> Iterator[Unit]:
        """The units that can be told from others, with the kubelet where it is not let in by itself."""
        for unit in self._callers.units(lambda _workload, _port: False):
            strange = [each for each in unit.choice.shared if each not in unit.pods and each in self._callers.members]
            if strange or not (unit.choice.labels or unit.choice.absent):
                names = _few(list(map(str, strange)))
                self._keep(unit, f"no label tells it apart from {names}" if strange else "it has no labels")
                continue
            for caller in unit.callers:
                if missing := sorted(set(caller.ports or ()) - set(unit.ports)):
                    ports = _few([f"TCP/{each}" for each in missing])
                    self._keep(unit, f"{caller.words} comes to {ports}, which its pods do not declare: the default "
                                     "policy decides there")  # fmt: skip
            yield replace(unit, callers=(*unit.callers, *self._callers.kubelet(unit, ("grpc",))))

    def _workloads(self, unit: Unit) -> list[Workload]:
        return [each for pods in unit.pods for each in self._callers.workloads[pods]]

    def _servers(self, unit: Unit, port: int) -> list[ForeignPolicy]:
        return [server for each in self._workloads(unit) for server in self._linkerd.servers(each, port)]

    def _is_skipped(self, unit: Unit, port: int) -> bool:
        for each in self._workloads(unit):
            found = self._linkerd.said(each, SKIP)
            if found is not None and skipped(found[0], port):
                self._context.keep(f"{each.name} TCP/{port}", f"{SKIP} leads it past the proxy", found[1].origin,
                                   found[2])  # fmt: skip
                return True
        return False

    def _objects(self, unit: Unit, port: int) -> Iterator[NewObject]:
        """A Server, and for each sort of client an authentication and the authorization that asks for it."""
        here = [each for each in unit.callers if each.at(port)]
        stem = f"{unit.pods[0].name}-{port}"
        version = self._version
        server = self._free("Server", unit.namespace, stem)
        opaque = {"proxyProtocol": "opaque"} if self._is_opaque(unit, port) else {}
        closed = {"accessPolicy": "deny"} if version.endswith("/v1beta3") else {}
        spec = {"podSelector": unit.choice.data, "port": port, **opaque, **closed}
        yield _new(version, "Server", server, unit, spec, [f"{unit} TCP/{port}: closed to all who are not let in."])
        shown, bare = [each for each in here if each.accounts], [each for each in here if each.networks]
        if shown:
            refs = [{"kind": "ServiceAccount", "name": name, "namespace": space} for space, name in accounts_of(shown)]
            spec = {"identityRefs": refs}
            yield from self._granted("MeshTLSAuthentication", stem, server, unit, spec, evidence(shown))
        if bare:
            networks = union_of(bare, strangers=True) | union_of(bare, strangers=False)
            spec = {"networks": networks_of(networks)}
            yield from self._granted("NetworkAuthentication", f"{stem}-networks", server, unit, spec, evidence(bare))

    def _granted(
        self, kind: str, stem: str, server: str, unit: Unit, spec: dict[str, Any], who: Sequence[str]
    ) -> Iterator[NewObject]:
        name = self._free(kind, unit.namespace, stem)
        yield _new(f"{GROUP}/v1alpha1", kind, name, unit, spec, [f"Who may connect to {unit}, in the mesh.", *who])
        target = {"targetRef": {"group": GROUP, "kind": "Server", "name": server},
                  "requiredAuthenticationRefs": [{"group": GROUP, "kind": kind, "name": name}]}  # fmt: skip
        grant = self._free("AuthorizationPolicy", unit.namespace, stem)
        yield _new(f"{GROUP}/v1alpha1", "AuthorizationPolicy", grant, unit, target, [f"Lets them in to {server}."])

    @cached_property
    def _version(self) -> str:
        """The version of Servers: that of the input, where it has any."""
        found = [each.api_version for each in self._subject.decoded.foreign_policies
                 if each.kind == "Server" and each.api_version.partition("/")[0] == GROUP]  # fmt: skip
        return found[0] if found else f"{GROUP}/v1beta3"

    def _is_opaque(self, unit: Unit, port: int) -> bool:
        """Whether the proxy takes a port as it is, so that its Server has to say so."""
        return any(self._opaque.at(each, port) for each in unit.pods)

    @cached_property
    def _opaque(self) -> Opaque:
        return Opaque(self._context.reached.ground)


def _narrowed(unit: Unit, ports: Sequence[int]) -> Iterator[Caller]:
    """The callers of some ports, with these alone."""
    for each in unit.callers:
        left = tuple(port for port in ports if each.at(port))
        if left:
            yield replace(each, ports=left)


def _new(version: str, kind: str, name: str, unit: Unit, spec: dict[str, Any], why: Sequence[str]) -> NewObject:
    data = {"apiVersion": version, "kind": kind, "metadata": _metadata(name, unit.namespace), "spec": spec}
    return made(data, list(why))

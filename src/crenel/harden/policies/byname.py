"""The text of policies that open egress by DNS name, in the words of each kind.

Source of the rules: the definition of CiliumNetworkPolicy (cilium.io/v2) and Cilium's documentation, "Layer 3
Policies" and "Layer 7 Policies"; GKE's documentation, "Control Pod egress traffic using FQDN network policies".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from crenel.dialects.cni import ciliumpolicy, fqdnpolicy
from crenel.dialects.cni.selectors import CILIUM_NAMESPACE
from crenel.harden.needs.ground import MANAGED_BY, MANAGER, Ground
from crenel.harden.needs.model import Named, Need, Pods, Traffic, traffic_text
from crenel.harden.policies import guardrails
from crenel.harden.policies.draft import stem
from crenel.harden.policies.labels import Choice
from crenel.harden.policies.model import Written
from crenel.harden.policies.names import Kind, Naming
from crenel.harden.policies.text import MARK
from crenel.harden.policies.yaml import Noted, written
from crenel.network.traffic import LAST_PORT, protocol_name

_LONGEST = 253


def files(ground: Ground, naming: Naming) -> Iterator[Written]:
    """One file for each workload that reaches names."""
    return _Writer(ground, naming).files()


class _Writer:
    def __init__(self, ground: Ground, naming: Naming) -> None:
        self._ground = ground
        self._naming = naming
        self._taken = {(each.namespace, each.kind, each.name) for each in ground.decoded.foreign_policies}

    def files(self) -> Iterator[Written]:
        for pods in sorted(self._naming.names):
            name = f"{stem(self._ground, pods)[: _LONGEST - len('-names-crenel')]}-names"
            yield Written(f"{pods.namespace}/{name}.yaml", f"{MARK}\n{self._document(pods, name)}")

    def _document(self, pods: Pods, name: str) -> str:
        egress = self._by_traffic(self._naming.names[pods])
        if self._naming.kind is Kind.CLUSTER:
            return guardrails.by_name(name, pods, self._naming.choices[pods], egress)
        if self._naming.kind is Kind.GKE:
            rules = [_google(traffic, names) for traffic, names in egress.items()]
            return self._object(fqdnpolicy.KIND, pods, name, "podSelector", rules)
        rules = [*self._resolving(pods), *(_cilium(traffic, names) for traffic, names in egress.items())]
        return self._object(ciliumpolicy.KIND, pods, name, "endpointSelector", rules)

    def _object(self, api: tuple[str, str], pods: Pods, name: str, selector: str, egress: Sequence[Noted]) -> str:
        version, kind = api
        free = f"{name}-crenel" if (pods.namespace, kind, name) in self._taken else name
        metadata = {"name": free, "namespace": pods.namespace, "labels": {MANAGED_BY: MANAGER}}
        spec = {selector: self._naming.choices[pods].data, "egress": egress}
        says = (f"The names outside that {pods} connects to.",)
        return written({"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}, says)

    def _by_traffic(self, needs: Iterable[Need]) -> dict[tuple[Traffic, ...], dict[str, tuple[str, ...]]]:
        """The names of some needs with why, those with the same traffic together."""
        wanted: dict[str, list[Need]] = defaultdict(list)
        for need in needs:
            if isinstance(need.target, Named):
                wanted[need.target.name].append(need)
        found: dict[tuple[Traffic, ...], dict[str, tuple[str, ...]]] = defaultdict(dict)
        for name in sorted(wanted):
            found[_all(each.traffic for each in wanted[name])][name] = tuple(self._why(wanted[name]))
        return found

    def _why(self, needs: Iterable[Need]) -> Iterator[str]:
        """The evidence of needs, each line once."""
        lines: dict[str, None] = {}
        for need in needs:
            prefix = "guess, to be confirmed: " if need.guessed else ""
            for each in need.evidence:
                place = f" ({self._ground.short(each.place)})" if each.place else ""
                lines[f"{prefix}{each.text}{place}"] = None
        yield from lines

    def _resolving(self, pods: Pods) -> Iterator[Noted]:
        """The rules for DNS, all of whose answers are read: Cilium knows the addresses of names by them."""
        by_target: dict[Pods, list[Need]] = defaultdict(list)
        for need in self._naming.resolving[pods]:
            if isinstance(need.target, Pods):
                by_target[need.target].append(need)
        for target, needs in by_target.items():
            peer = _endpoints(target, self._naming.choices[target])
            ports = _ports(_all(each.traffic for each in needs))
            rules = {"dns": [{"matchPattern": ciliumpolicy.ALL_NAMES}]}
            why = (f"{target}: {'; '.join(self._why(needs))}; Cilium reads the answers",)
            yield Noted({"toEndpoints": [peer], "toPorts": [{**each, "rules": rules} for each in ports]}, why)


def _all(traffic: Iterable[Traffic]) -> tuple[Traffic, ...]:
    """All of some traffic; everything, where that is among it."""
    found = set(traffic)
    return (None,) if None in found else tuple(sorted(found, key=traffic_text))


def _endpoints(pods: Pods, choice: Choice) -> dict[str, Any]:
    """Pods of any namespace, as Cilium selects them."""
    labels = {f"k8s:{CILIUM_NAMESPACE}": pods.namespace} | {f"k8s:{key}": each for key, each in choice.labels.items()}
    absent = [{"key": f"k8s:{key}", "operator": "DoesNotExist"} for key in choice.absent]
    return {"matchLabels": labels, **({"matchExpressions": absent} if absent else {})}


def _cilium(traffic: tuple[Traffic, ...], names: Mapping[str, tuple[str, ...]]) -> Noted:
    ports = _ports(traffic)
    listed = [_pattern(each, ciliumpolicy.MANY, "matchName", "matchPattern") for each in names]
    return Noted({"toFQDNs": listed, **({"toPorts": ports} if ports else {})}, _whys(names))


def _google(traffic: tuple[Traffic, ...], names: Mapping[str, tuple[str, ...]]) -> Noted:
    listed = [_pattern(each, "*.", "name", "pattern") for each in names]
    ports = [
        {"port": int(port["port"]), "protocol": port["protocol"]} for each in _ports(traffic) for port in each["ports"]
    ]
    return Noted({"matches": listed, **({"ports": ports} if ports else {})}, _whys(names))


def _whys(names: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(f"{name}: {each}" for name, lines in names.items() for each in lines)


def _pattern(name: str, asterisk: str, plain: str, pattern: str) -> dict[str, str]:
    if name.startswith("*."):
        return {pattern: asterisk + name.removeprefix("*.")}
    return {plain: name}


def _ports(traffic: tuple[Traffic, ...]) -> list[dict[str, Any]]:
    """Ports as Cilium has them, no more in one list than it takes; none for all traffic."""
    listed = [_port(each) for each in traffic if each is not None]
    most = ciliumpolicy.MOST_PORTS
    return [{"ports": listed[start : start + most]} for start in range(0, len(listed), most)]


def _port(traffic: Traffic) -> dict[str, Any]:
    assert traffic is not None
    first, last = traffic.ports or (1, LAST_PORT)
    span = {"port": str(first), "endPort": last} if last != first else {"port": str(first)}
    return {**span, "protocol": protocol_name(traffic.protocol or 0)}

"""Needs that the manifests show: whom the settings of a workload refer to."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from crenel.harden.needs import controllers, controlplane, peers, rings
from crenel.harden.needs.asking import beside, match_of, usual_ports, written_ports
from crenel.harden.needs.clients import asked_ports
from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.model import (
    Basket,
    Evidence,
    EvidenceKind,
    Named,
    Outside,
    Pods,
    Traffic,
    traffic_text,
)
from crenel.harden.needs.names import Meaning, Meant, meaning
from crenel.harden.needs.settings import Hidden, Setting, settings
from crenel.harden.needs.sharing import Sharing
from crenel.harden.needs.texts import (
    Mention,
    is_apart,
    is_published,
    known_hosts,
    mentions,
    quoted_names,
    speaks_of_host,
    words_of,
)
from crenel.kubernetes.objects.services import Service
from crenel.network.traffic import TCP, UDP, Match
from crenel.provenance import FieldPath, field_text

_PEERS = ("StatefulSet", "DaemonSet")
_APART = frozenset({"annotations", "labels", "template", "containers", "env", "values"})
"""Parts of custom resources that are for pods and people rather than for who acts on them."""
_NAMING = ("kube-system/kube-dns", "kube-system/coredns", "kube-system/rke2-coredns-rke2-coredns")
API_SERVER = ("default", "kubernetes")


class References:
    """Reads the settings of all workloads."""

    def __init__(self, ground: Ground, basket: Basket, api_server: list[Pods]) -> None:
        self._ground = ground
        self._basket = basket
        self._api_server = api_server
        self._settings = [(each, list(settings(each, ground))) for each in ground.written.values()]
        self._sharing = Sharing(ground, self._settings)
        self._placed: set[tuple[Pods, str, str]] = set()
        """Who has a Service with its port."""
        self._bare: list[tuple[Written, Service, Evidence]] = []
        self._unsure: list[tuple[Pods, str, Setting]] = []

    def find(self) -> None:
        """Add what is found to the basket; who speaks of the API server to the list."""
        for written, found in self._settings:
            for setting in found:
                if isinstance(setting, Hidden):
                    self._hidden(written, setting)
                else:
                    self._setting(written, setting)
            if written.pod is None:
                self._objects(written, written.data.get("spec"), ("spec",))
        self._resources()
        self._hosts_alone()
        self._names_left()

    @cached_property
    def _called(self) -> set[tuple[str, str]]:
        return set(controlplane.called(self._ground))

    def _resources(self) -> None:
        """Addresses in custom resources, for who acts on them."""
        whole = {each.origin for each in self._ground.written.values()}
        for written, sure in controllers.resources(self._ground):
            for setting in settings(written, self._ground) if written.origin not in whole else ():
                if isinstance(setting, Setting) and not _APART & set(setting.field):
                    for mention in mentions(setting.value, setting.key):
                        if mention.scheme and speaks_of_host(setting.key):
                            self._mention(written, setting, mention, sure=sure)

    def _objects(self, written: Written, value: Any, field: FieldPath) -> None:
        """References of custom resources: mappings with the name of a Service and a port, by number or name."""
        for key, each in value.items() if isinstance(value, dict) else enumerate(items(value)):
            self._objects(written, each, (*field, key))
        found = mapping(value)
        home = str(found.get("namespace") or written.owner.namespace)
        service = self._ground.services.get((home, str(found.get("name"))))
        if service is None or "port" not in found:
            return
        ports = (service.spec.ports if service.spec else None) or []
        asked = tuple(match_of(port) for port in ports if found["port"] in (port.port, port.name, str(port.port)))
        evidence = Evidence(EvidenceKind.REFERENCE, f"its field {field_text(field)}", written.origin, field)
        for target, traffic in self._ground.behind(service, asked) if asked else ():
            if target != written.owner:
                self._basket.add(written.owner, target, [traffic], evidence)

    def _hidden(self, written: Written, hidden: Hidden) -> None:
        if hidden.key and speaks_of_host(hidden.key) is True:
            text = f"{hidden.says}: its value is not read, so that it is not known where it leads"
            self._basket.remark(str(written.owner), text, hidden.origin, hidden.field)

    def _setting(self, written: Written, setting: Setting) -> None:
        if is_apart(setting.key):
            return
        if setting.loose:
            self._quoted(written, setting)
            self._keys(written, setting)
        for mention in mentions(setting.value, setting.key):
            if setting.loose and not mention.placed and "." not in mention.host:
                continue
            self._mention(written, setting, mention)

    def _quoted(self, written: Written, setting: Setting) -> None:
        """Names of Services in quotes in a program: of more than one word, which stand there for nothing else."""
        evidence = Evidence(EvidenceKind.GUESS, f"{setting.says} names it", setting.origin, setting.field)
        for name in quoted_names(setting.value):
            service = self._ground.services.get((written.owner.namespace, name))
            if service is not None:
                self._service(written, setting, Mention(name, None), service, evidence)

    def _keys(self, written: Written, setting: Setting) -> None:
        """The hosts that a file of SSH has keys of."""
        hosts = ", ".join(known_hosts(setting.value))
        if hosts:
            text = f"{setting.says} has the keys of {hosts}: it is not known whether they are connected to"
            self._basket.remark(str(written.owner), f"{text}; they stay closed", setting.origin, setting.field)

    def _mention(self, written: Written, setting: Setting, mention: Mention, *, sure: bool = True) -> None:
        found = meaning(mention, written.owner.namespace, self._ground)
        kind = EvidenceKind.REFERENCE if sure and found.sure else EvidenceKind.GUESS
        evidence = Evidence(kind, setting.says, setting.origin, setting.field)
        match found.meaning:
            case Meaning.SERVICE if found.service is not None:
                if mention.placed or (found.service.namespace, found.service.name) not in self._called:
                    self._service(written, setting, mention, found.service, evidence)
                    rings.own(self._ground, self._basket, written.owner, found.service, evidence)
            case Meaning.LOST:
                self._lost(written, setting, found)
            case Meaning.ADDRESS:
                self._address(written, setting, mention, found, evidence)
            case Meaning.NAME if is_published(setting.key):
                text = f"{setting.says}: it is taken for the application's own name outside, and stays closed"
                self._basket.remark(str(written.owner), text, setting.origin, setting.field)
            case Meaning.NAME if _is_endpoint(setting, mention):
                text = f"{setting.says}: no port is written, and endpoints have that of HTTPS as a rule"
                guess = Evidence(EvidenceKind.GUESS, text, setting.origin, setting.field)
                self._name(written, setting, replace(mention, port=443), found, guess)
            case Meaning.NAME:
                self._name(written, setting, mention, found, evidence)
            case _:
                pass

    def _lost(self, written: Written, setting: Setting, found: Meant) -> None:
        if found.text.split("/") == list(API_SERVER):
            self._api_server.append(written.owner)
            return
        if found.text in _NAMING:
            return  # the cluster's DNS, which manifests hardly have
        text = f"{setting.says}: the input has no Service {found.text}, so that this stays closed"
        self._basket.remark(str(written.owner), text, setting.origin, setting.field)

    def _service(
        self, written: Written, setting: Setting, mention: Mention, service: Service, evidence: Evidence
    ) -> None:
        owner, targets = written.owner, self._ground.pods_behind(service)
        if (service.namespace, service.name) == API_SERVER:
            self._api_server.append(owner)
        elif self._sharing.is_anothers(owner, setting, mention, service):
            return
        elif asked := written_ports(setting, mention, service):
            if not self._use(written, service, asked, evidence) and targets:
                text = f"{setting.says}: {service.title} has no port {', '.join(map(traffic_text, asked))}"
                self._basket.remark(str(owner), f"{text}, so that this stays closed", setting.origin, setting.field)
            elif set(asked) & set(asked_ports(service)):
                self._placed.add((owner, service.namespace, service.name))
        else:
            self._bare.append((written, service, evidence))

    def _hosts_alone(self) -> None:
        """Hosts without a port say nothing more where the same workload has the Service with its port as well."""
        for written, service, evidence in self._bare:
            if (written.owner, service.namespace, service.name) not in self._placed:
                itself = written.owner in self._ground.pods_behind(service)
                asked = None if itself else usual_ports(service, self._ground)
                self._use(written, service, asked, evidence, alone=True)

    def _use(
        self,
        written: Written,
        service: Service,
        asked: tuple[Match, ...] | None,
        evidence: Evidence,
        *,
        alone: bool = False,
    ) -> bool:
        """Add the needs of whom a Service leads to; whether there is anybody. `alone`: its ports are not written."""
        owner, found = written.owner, list(self._ground.behind(service, asked))
        for target, traffic in found:
            if target != owner:
                self._basket.add(owner, target, [traffic], evidence)
            elif (owner.kind in _PEERS or written.pod is None) and not peers.alone(self._ground, owner):
                own = peers.shared_ports(self._ground, owner) if alone else []
                self._basket.add(owner, owner, own or [traffic], evidence)
        return bool(found)

    def _address(self, written: Written, setting: Setting, mention: Mention, found: Meant, evidence: Evidence) -> None:
        target = self._ground.at_address(found.text)
        number = mention.port or next(iter(beside(setting)), None) or mention.default_port
        if number is None and isinstance(target, Outside):
            if found.text != "169.254.169.254":
                text = f"{setting.says}: by which port {found.text} is reached is not known"
                self._basket.remark(str(written.owner), text, setting.origin, setting.field)
                return
            number = 80
        if target != written.owner and number is not None:
            self._basket.add(written.owner, target, [_numbered(mention, number)], evidence)

    def _name(self, written: Written, setting: Setting, mention: Mention, found: Meant, evidence: Evidence) -> None:
        """A name outside. Of files only what has a port or a scheme other than a web page's is taken for a need."""
        if self._is_own(found.text):
            return
        number = mention.port or next(iter(beside(setting)), None) or mention.default_port
        described = setting.loose or (mention.scheme in ("http", "https") and speaks_of_host(setting.key) is not True)
        if number is None or (described and mention.port is None):
            self._unsure.append((written.owner, found.text, setting))
            return
        self._basket.add(written.owner, Named(found.text), [_numbered(mention, number)], evidence)

    def _names_left(self) -> None:
        """Names that nothing makes a need."""
        known = {(source, target) for source, target, _ in self._basket.found}
        for owner, name, setting in self._unsure:
            if (owner, Named(name)) not in known:
                text = f"{setting.says}: it is not known whether {name} is connected to; it stays closed"
                self._basket.remark(str(owner), text, setting.origin, setting.field)

    def _is_own(self, name: str) -> bool:
        """Whether a name is one that the application itself is published under."""
        hosts = {
            rule.host for each in self._ground.decoded.ingresses for rule in ((each.spec and each.spec.rules) or ())
        }
        return name in hosts


def _is_endpoint(setting: Setting, mention: Mention) -> bool:
    """Whether it is the endpoint of a service outside, without a port and without a scheme."""
    return not setting.loose and not mention.placed and words_of(setting.key)[-1:] == ["endpoint"]


def _numbered(mention: Mention, number: int) -> Traffic:
    return Match(UDP if mention.datagram else TCP, (number, number))

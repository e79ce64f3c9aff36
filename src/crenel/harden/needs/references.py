"""Needs that the manifests show: whom the settings of a workload refer to."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import Any

from crenel.harden.needs import controllers, controlplane, rings
from crenel.harden.needs.ground import Ground, Written, items, mapping
from crenel.harden.needs.model import Basket, Evidence, EvidenceKind, Named, Outside, Pods, Traffic
from crenel.harden.needs.names import Meaning, Meant, meaning
from crenel.harden.needs.settings import Hidden, Setting, settings
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
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.traffic import TCP, UDP, Match, protocol_number
from crenel.provenance import FieldPath, field_text

_PORT = re.compile(r"\d{1,5}\Z")
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

    def find(self) -> None:
        """Add what is found to the basket; who speaks of the API server to the list."""
        for written in self._ground.written.values():
            for setting in settings(written, self._ground):
                if isinstance(setting, Hidden):
                    self._hidden(written, setting)
                else:
                    self._setting(written, setting)
            if written.pod is None:
                self._objects(written, written.data.get("spec"), ("spec",))
        self._resources()

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
        asked = tuple(_match(port) for port in ports if found["port"] in (port.port, port.name, str(port.port)))
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
        if (service.namespace, service.name) == API_SERVER:
            self._api_server.append(written.owner)
            return
        asked = self._asked(setting, mention, service)
        for target, traffic in self._ground.behind(service, asked):
            if target != written.owner or written.owner.kind in _PEERS or written.pod is None:
                self._basket.add(written.owner, target, [traffic], evidence)

    def _asked(self, setting: Setting, mention: Mention, service: Service) -> tuple[Match, ...] | None:
        """The ports of a Service that are meant; None for all that it has."""
        ports = (service.spec.ports if service.spec else None) or []
        headless = service.spec is not None and service.spec.cluster_ip == "None"
        number = mention.port or _beside(setting) or None
        if number is not None:
            of = [port for port in ports if port.port == number and _fits(port, mention)]
            if of or not (headless or not ports):
                return tuple(map(_match, of)) or (Match(TCP, (number, number)),)
            return (Match(UDP if mention.datagram else TCP, (number, number)),)
        for wanted in (mention.default_port, None):
            of = [port for port in ports if wanted is not None and port.port == wanted]
            if of:
                return tuple(map(_match, of))
        named = [port for port in ports if mention.scheme and port.name == mention.scheme]
        if named:
            return tuple(map(_match, named))
        return tuple(map(_match, ports)) or None

    def _address(self, written: Written, setting: Setting, mention: Mention, found: Meant, evidence: Evidence) -> None:
        target = self._ground.at_address(found.text)
        number = mention.port or _beside(setting) or mention.default_port
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
        number = mention.port or _beside(setting) or mention.default_port
        described = setting.loose or (mention.scheme in ("http", "https") and speaks_of_host(setting.key) is not True)
        if number is None or (described and mention.port is None):
            text = f"{setting.says}: it is not known whether {found.text} is connected to; it stays closed"
            self._basket.remark(str(written.owner), text, setting.origin, setting.field)
            return
        self._basket.add(written.owner, Named(found.text), [_numbered(mention, number)], evidence)

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


def _match(port: ServicePort) -> Match:
    return Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))


def _fits(port: ServicePort, mention: Mention) -> bool:
    return not mention.datagram or port.protocol == "UDP"


def _beside(setting: Setting) -> int | None:
    """The port in the setting beside that of a host: ``DB_PORT`` for ``DB_HOST``."""
    if not setting.key or not setting.others:
        return None
    stem = _stem(setting.key)
    for name, value in setting.others.items():
        if words_of(name)[-1:] == ["port"] and words_of(name)[:-1] == stem and _PORT.match(value.strip()):
            return int(value) or None
    return None


def _stem(key: str) -> list[str]:
    words = words_of(key)
    return words[:-1] if len(words) > 1 else []

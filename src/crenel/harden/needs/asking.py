"""By which ports of a Service a setting asks for it: what is written, what stands beside it, or what it is for."""

from __future__ import annotations

import re

from crenel.harden.needs.clients import asked_ports
from crenel.harden.needs.ground import Ground
from crenel.harden.needs.model import Pods
from crenel.harden.needs.programs import client_ports
from crenel.harden.needs.settings import Setting
from crenel.harden.needs.texts import HOST_WORDS, Mention, words_of
from crenel.kubernetes.objects.services import Service, ServicePort
from crenel.network.traffic import TCP, UDP, Match, protocol_number

_PORT = re.compile(r"\d{1,5}\Z")


def written_ports(setting: Setting, mention: Mention, service: Service) -> tuple[Match, ...]:
    """The ports that a setting says, or the one that its scheme stands for; empty where it says none.

    One that the Service does not have is returned as well where the text itself has it.
    """
    ports = (service.spec.ports if service.spec else None) or []
    headless = service.spec is not None and service.spec.cluster_ip == "None"
    if mention.port is not None:
        of = [port for port in ports if port.port == mention.port and _fits(port, mention)]
        return tuple(map(match_of, of)) or (Match(UDP if mention.datagram else TCP, (mention.port, mention.port)),)
    near = beside(setting)
    of = [port for port in ports if port.port in near]
    if near and not of and (headless or not ports):
        return tuple(Match(TCP, (number, number)) for number in near)
    if not of:
        of = [port for port in ports if port.port == mention.default_port and mention.default_port is not None]
    if not of:
        of = [port for port in ports if mention.scheme and port.name == mention.scheme]
    return tuple(map(match_of, of))


def usual_ports(service: Service, ground: Ground) -> tuple[Match, ...] | None:
    """The ports that are meant where only the host is known: by which clients come, and not those for metrics.

    None for all that there are.
    """
    asked = tuple(asked_ports(service))
    usual = tuple(each for each in asked if _is_usual(service, each, ground))
    return usual or asked or None


def _is_usual(service: Service, asked: Match, ground: Ground) -> bool:
    ends = list(ground.behind(service, (asked,)))
    return any(
        isinstance(end, Pods) and traffic and traffic.ports and traffic.ports[0] in client_ports(ground, end)
        for end, traffic in ends
    )


def beside(setting: Setting) -> tuple[int, ...]:
    """The ports in the settings beside that of a host: ``DB_PORT`` for ``DB_HOST``; ``X_PORT_GRPC`` for ``X_HOST``."""
    if not setting.key or not setting.others:
        return ()
    stem = _stem(setting.key)
    named = [(words_of(name), value.strip()) for name, value in setting.others.items()]
    exact = [value for words, value in named if words == [*stem, "port"]]
    more = [value for words, value in named if stem and words[: len(stem)] == stem and "port" in words[len(stem) :]]
    return tuple(dict.fromkeys(int(value) for value in exact or more if _PORT.match(value) and 0 < int(value) <= 65535))


def _stem(key: str) -> list[str]:
    """The words before that for a host: of ``DB_HOST`` the first; all of ``REDIS``; none of ``HOST``."""
    words = words_of(key)
    return words[:-1] if len(words) > 1 or words[0] in HOST_WORDS else words


def match_of(port: ServicePort) -> Match:
    """A port of a Service as traffic to it."""
    return Match(protocol_number(port.protocol or "TCP"), (port.port, port.port))


def _fits(port: ServicePort, mention: Mention) -> bool:
    return not mention.datagram or port.protocol == "UDP"

"""The versions and suites of TLS that configuration offers, wherever it says so.

Sources: ingress-nginx and HAProxy Ingress, ConfigMap (ssl-protocols, ssl-ciphers); AWS, security policies of
Application and Network Load Balancers; Istio, ServerTLSSettings; Traefik, TLS options; Kubernetes, command line of the
components and KubeletConfiguration; nginx, ngx_http_ssl_module; HAProxy, ssl-min-ver; Envoy, TlsParameters. Names of
suites: OpenSSL's and IANA's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from crenel.audit.finding import Thing
from crenel.audit.subject import Subject
from crenel.kubernetes.apiserver import api_servers, flags
from crenel.kubernetes.decode import ConfigMap
from crenel.kubernetes.kubelet import KEY, kubelet_configuration
from crenel.provenance import FieldPath

_OLD = re.compile(r"(SSLv[23]|TLSv?1([._][01])?|VersionTLS1[01]|VersionSSL30|TLSV1_[01]|TLSv1_[01])\Z", re.IGNORECASE)
_WEAK = re.compile(r"NULL|ADH|AECDH|_anon_|\bEXP|EXPORT|RC4|3DES|DES-CBC|DES_CBC|MD5|\bLOW\Z", re.IGNORECASE)
_STATIC = re.compile(
    r"(TLS_RSA_WITH_|(AES|CAMELLIA|ARIA)(128|256)-|AES_(128|256)_(CBC|GCM)_|kRSA\Z|RSA\+)", re.IGNORECASE
)
"""Suites whose keys are sent under the server's own: OpenSSL names the exchange first where there is another."""
_AWS_GOOD = re.compile(r"TLS-?1-2|TLS13-1-[23]|FS-1-2")
_AWS = ("alb.ingress.kubernetes.io/ssl-policy", "service.beta.kubernetes.io/aws-load-balancer-ssl-negotiation-policy")
_SUITES = ("nginx.ingress.kubernetes.io/ssl-ciphers", "haproxy-ingress.github.io/ssl-ciphers")
_PROTOCOLS = ("nginx.ingress.kubernetes.io/ssl-protocols",)
_NGINX = re.compile(r"^\s*ssl_protocols\s+([^;#]+);", re.MULTILINE)
_HAPROXY = re.compile(r"^[^#\n]*\b(?:ssl-min-ver\s+|force-)(SSLv3|TLSv1\.[01]|tlsv1[01]|sslv3)\b", re.MULTILINE)
_ENVOY = re.compile(r"\"?tls_minimum_protocol_version\"?\s*:\s*\"?(TLSv1_[01])\b")
_TEXTS = re.compile(r"^\s*(?:ssl_ciphers|ssl-default-bind-ciphers)\s+[\"']?([^;\"'\n]+)", re.MULTILINE)
_LARGEST = 1 << 20
_SPELLED = {"tlsv1": "TLSv1.0", "tlsv10": "TLSv1.0", "tlsv11": "TLSv1.1"}


@dataclass(frozen=True)
class Offer:
    """What one setting offers. `mended` is the value without what is old, where it is a list in a text."""

    thing: Thing
    field: FieldPath
    name: str
    old: Sequence[str] = ()
    weak: Sequence[str] = ()
    plain: Sequence[str] = ()
    """Suites without forward secrecy."""
    mended: str | None = None


def offers(subject: Subject) -> Iterator[Offer]:
    """All settings of the input."""
    for config in subject.decoded.config_maps:
        yield from _of_config(config)
    yield from _of_annotations(subject)
    yield from _of_istio(subject)
    yield from _of_traefik(subject)
    yield from _of_arguments(subject)


def _versions(text: str) -> list[str]:
    """The old ones among some versions."""
    return [each for each in re.split(r"[\s,;:]+", text) if _OLD.match(each)]


def _suites(thing: Thing, field: FieldPath, name: str, words: Sequence[str]) -> Offer:
    offered = [each.strip() for each in words if each.strip() and each.strip()[0] not in "!-"]
    weak = [each for each in offered if _WEAK.search(each)]
    plain = [each for each in offered if each not in weak and _STATIC.match(each)]
    return Offer(thing, field, name, weak=weak, plain=plain)


def _listed(thing: Thing, field: FieldPath, name: str, text: str) -> Offer:
    """A list of versions in a text, which can be written without the old ones."""
    old = _versions(text)
    left = [each for each in text.split() if each not in old]
    return Offer(thing, field, name, old, mended=" ".join(left) if old and left else None)


def _of_config(config: ConfigMap) -> Iterator[Offer]:
    for key, value in config.data.items():
        field: FieldPath = ("data", str(key))
        if not isinstance(value, str) or len(value) > _LARGEST:
            continue
        if key == "ssl-protocols":
            yield _listed(config, field, key, value)
        elif key in ("ssl-ciphers", "ssl-cipher-suites"):
            yield _suites(config, field, key, value.split(":"))
        elif key == KEY and (kubelet := kubelet_configuration(config)):
            yield Offer(config, field, "the kubelet", _versions(str(kubelet.get("tlsMinVersion") or "")))
            yield _suites(config, field, "the kubelet", _texts(kubelet.get("tlsCipherSuites")))
        elif "ssl" in value or "tls_" in value:
            yield from _of_text(config, field, str(key), value)


def _of_text(config: ConfigMap, field: FieldPath, key: str, text: str) -> Iterator[Offer]:
    """Configuration of nginx, HAProxy or Envoy."""
    old = [each for found in _NGINX.findall(text) for each in _versions(found)]
    old += [_SPELLED.get(each.lower(), each) for each in (*_HAPROXY.findall(text), *_ENVOY.findall(text))]
    if old:
        yield Offer(config, field, key, list(dict.fromkeys(old)))
    for found in _TEXTS.findall(text):
        yield _suites(config, field, key, found.split(":"))


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _of_annotations(subject: Subject) -> Iterator[Offer]:
    for thing in (*subject.decoded.ingresses, *subject.decoded.services):
        for key, value in (thing.metadata.annotations or {}).items():
            field: FieldPath = ("metadata", "annotations", key)
            if key in _AWS and not _AWS_GOOD.search(str(value)) and str(value).startswith("ELBSecurityPolicy-"):
                yield Offer(thing, field, f"policy {value}", ["TLS 1.0 or 1.1"])
            elif key in _PROTOCOLS:
                yield _listed(thing, field, key, str(value))
            elif key in _SUITES:
                yield _suites(thing, field, key, str(value).split(":"))


def _of_istio(subject: Subject) -> Iterator[Offer]:
    for gateway in subject.decoded.istio_gateways:
        for place, server in enumerate((gateway.spec.servers if gateway.spec else None) or ()):
            if server.tls is not None:
                field: FieldPath = ("spec", "servers", place, "tls")
                name = f"server {server.name or server.port.name or server.port.number}"
                yield Offer(
                    gateway, (*field, "minProtocolVersion"), name, _versions(server.tls.min_protocol_version or "")
                )
                yield _suites(gateway, (*field, "cipherSuites"), name, server.tls.cipher_suites or [])


def _of_traefik(subject: Subject) -> Iterator[Offer]:
    for setting in subject.decoded.settings:
        if setting.kind == "TLSOption":
            least = setting.spec.get("minVersion")
            yield Offer(setting, ("spec", "minVersion"), "it", _versions(least if isinstance(least, str) else ""))
            yield _suites(setting, ("spec", "cipherSuites"), "it", _texts(setting.spec.get("cipherSuites")))


def _of_arguments(subject: Subject) -> Iterator[Offer]:
    for template in subject.templates:
        for place, container in enumerate(template.spec.containers or ()):
            for part, words in (("command", container.command or []), ("args", container.args or [])):
                for number, name, value in flags(words):
                    field = (*template.path, "containers", place, part, number)
                    yield from _of_argument(template.thing, field, name, value)
    for server in api_servers(subject.decoded):
        if not server.is_running:
            for name, value in server.arguments.items():
                yield from _of_argument(server.thing, server.fields.get(name, server.field), name, value)


def _of_argument(thing: Thing, field: FieldPath, name: str, value: str) -> Iterator[Offer]:
    if name == "tls-min-version":
        yield Offer(thing, field, f"--{name}", _versions(value))
    elif name in ("tls-cipher-suites", "cipher-suites"):
        yield _suites(thing, field, f"--{name}", value.split(","))

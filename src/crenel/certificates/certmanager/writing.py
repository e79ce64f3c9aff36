"""Certificates and Issuers as YAML for `kubectl apply`. Every name is quoted: none can become anything but a text.

Source of the fields: cert-manager/cert-manager pkg/apis/certmanager/v1 (CertificateSpec, IssuerSpec), and its
validation: a duration of an hour at least, a renewal five minutes before the end at least.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

from crenel.certificates.authority.identity import is_name
from crenel.certificates.certmanager.needs import Need
from crenel.certificates.inventory.certmanager import issuer_kind
from crenel.certificates.inventory.model import Inventory, SecretName
from crenel.certificates.material.names import normal
from crenel.provenance import Problem, Severity

Skeleton: TypeAlias = Literal["ca", "self-signed", "acme"]
"""The kinds of issuers that can be begun."""

SHORTEST, NEAREST = timedelta(hours=1), timedelta(minutes=5)
"""The shortest life, and the shortest time before its end, that cert-manager takes."""

_LONGEST_NAME = 253
_PRODUCTION = "https://acme-v02.api.letsencrypt.org/directory"


@dataclass(frozen=True, slots=True)
class Style:
    """What all Certificates have in common."""

    issuer: str
    cluster: bool = False
    """Whether the issuer is a ClusterIssuer."""
    duration: timedelta = timedelta(days=90)
    renew_before: timedelta = timedelta(days=30)
    skeleton: Skeleton | None = None
    mail: str = ""
    """For the skeleton of an ACME issuer."""

    @property
    def kind(self) -> str:
        """The kind of the issuer."""
        return "ClusterIssuer" if self.cluster else "Issuer"


@dataclass(frozen=True, slots=True)
class Written:
    """One object."""

    kind: str
    namespace: str
    """Empty for a ClusterIssuer."""
    name: str
    text: str
    """Its YAML."""
    need: Need | None = None
    """What a Certificate is for."""
    hosts: tuple[str, ...] = ()
    """The names that a Certificate has."""


def write(needs: Iterable[Need], inventory: Inventory, style: Style) -> tuple[list[Written], list[Problem]]:
    """Write a Certificate for each need, and issuers that are missing where a skeleton is asked for.

    The problems say what could not be written (WARNING), and what to look after (NOTICE).
    """
    found: list[Written] = []
    problems: list[Problem] = []
    taken = set(inventory.certificates)
    for need in needs:
        public = _is_public(inventory, style, need.secret[0])
        hosts, complaints = _hosts(need, public=public)
        problems += complaints
        if hosts:
            name = _free(need.secret, taken)
            text = _certificate(name, need, hosts, style, public=public)
            found.append(Written("Certificate", name[0], name[1], text, need, tuple(hosts)))
    issuers, notes = _issuers(sorted({each.namespace for each in found}), inventory, style)
    return [*issuers, *found], [*problems, *notes]


def together(objects: Iterable[Written]) -> str:
    """All of them as one file."""
    return "---\n".join(each.text for each in objects)


def _free(secret: SecretName, taken: set[SecretName]) -> SecretName:
    """A name for a Certificate: that of its Secret, or one that is not taken."""
    number, found = 2, secret
    while found in taken:
        number, found = number + 1, (secret[0], f"{secret[1][: _LONGEST_NAME - 8]}-{number}")
    taken.add(found)
    return found


def _is_public(inventory: Inventory, style: Style, namespace: str) -> bool:
    """Whether the issuer is one that speaks ACME, as far as that is known."""
    known = inventory.issuers.get((style.kind, "" if style.cluster else namespace, style.issuer))
    return issuer_kind(known) == "ACME" if known is not None else style.skeleton == "acme"


def _hosts(need: Need, *, public: bool) -> tuple[list[str], list[Problem]]:
    """The names that can be written, and why others cannot."""
    title = f"secret {need.secret[0]}/{need.secret[1]}"
    if not all(map(is_name, need.secret)):
        return [], [Problem("no Certificate is written: its name is none", object=title, severity=Severity.WARNING)]
    found: list[str] = []
    problems: list[Problem] = []
    for host in need.hosts:
        text = host if _is_address(host) else normal(host)
        if reason := _refusal(text, public=public):
            problems.append(Problem(f"{host}: {reason}", object=title, severity=Severity.WARNING))
        elif text not in found:
            found.append(text)
    if public and any(each.startswith("*.") for each in found):
        words = "a wildcard needs an issuer that solves dns01"
        problems.append(Problem(words, object=title, severity=Severity.NOTICE))
    return found, problems


def _refusal(host: str, *, public: bool) -> str:
    if not _is_address(host) and not is_name(host.removeprefix("*.")):
        return "this is no name that a certificate can have"
    if public and (host.rpartition(".")[2] in ("svc", "local") or ".svc." in host or "." not in host):
        return "an ACME issuer does not sign for names of the cluster"
    return ""


def _certificate(name: SecretName, need: Need, hosts: Sequence[str], style: Style, *, public: bool) -> str:
    addresses = [host for host in hosts if _is_address(host)]
    names = [host for host in hosts if host not in addresses]
    usages = ["digital signature", "server auth", *(["client auth"] if need.inside and not public else [])]
    lines = [
        f"# {_comment(need)}",
        *_head("Certificate", name),
        "spec:",
        f"  secretName: {_text(need.secret[1])}",
        *_list("dnsNames", names),
        *_list("ipAddresses", addresses),
        "  issuerRef:",
        "    group: cert-manager.io",
        f"    kind: {style.kind}",
        f"    name: {_text(style.issuer)}",
        f"  duration: {_length(style.duration)}",
        f"  renewBefore: {_length(style.renew_before)}",
        "  privateKey:",
        "    algorithm: ECDSA",
        "    size: 256",
        "    rotationPolicy: Always",
        *_list("usages", usages),
    ]
    return "\n".join([*lines, ""])


def _comment(need: Need) -> str:
    """Why it is written, for people; nothing of it can break the line."""
    text = f"for {', '.join(need.users)}: {need.why}"
    return "".join(each if each.isprintable() else " " for each in text)


def _issuers(namespaces: Sequence[str], inventory: Inventory, style: Style) -> tuple[list[Written], list[Problem]]:
    """The issuers that the Certificates name and the input lacks: begun where that was asked for, or named."""
    found: list[Written] = []
    problems: list[Problem] = []
    for namespace in [""] if style.cluster and namespaces else namespaces:
        if (style.kind, namespace, style.issuer) in inventory.issuers:
            continue
        title = f"{style.kind.lower()} {namespace}/{style.issuer}" if namespace else f"clusterissuer {style.issuer}"
        if style.skeleton is None:
            problems.append(Problem("it is not in the input", object=title, severity=Severity.NOTICE))
            continue
        found.append(Written(style.kind, namespace, style.issuer, _issuer(namespace, style)))
        if style.cluster and style.skeleton != "acme":
            words = "every namespace can have it sign: an approver's policy has to say for what"
            problems.append(Problem(words, object=title, severity=Severity.NOTICE))
        if style.skeleton == "ca":
            where = namespace or "cert-manager"
            words = f"it signs with the CA in the Secret {where}/{style.issuer}-ca, which is for you to make"
            problems.append(Problem(words, object=title, severity=Severity.NOTICE))
    return found, problems


def _issuer(namespace: str, style: Style) -> str:
    lines = [*_head(style.kind, (namespace, style.issuer)), "spec:"]
    if style.skeleton == "ca":
        lines += ["  ca:", f"    secretName: {_text(f'{style.issuer}-ca')}"]
    elif style.skeleton == "self-signed":
        lines += ["  selfSigned: {}"]
    else:
        lines += ["  acme:", f"    server: {_text(_PRODUCTION)}"]
        lines += [f"    email: {_text(style.mail)}"] if style.mail else []
        lines += ["    privateKeySecretRef:", f"      name: {_text(f'{style.issuer}-account')}"]
        lines += ["    solvers:", "    - http01:", "        ingress: {}"]
    return "\n".join([*lines, ""])


def _head(kind: str, name: SecretName) -> Iterator[str]:
    yield from ("apiVersion: cert-manager.io/v1", f"kind: {kind}", "metadata:", f"  name: {_text(name[1])}")
    if name[0]:
        yield f"  namespace: {_text(name[0])}"


def _list(key: str, values: Sequence[str]) -> list[str]:
    return [f"  {key}:", *(f"  - {_text(each)}" for each in values)] if values else []


def _text(value: str) -> str:
    """A text, whatever it looks like."""
    return json.dumps(value)


def _length(length: timedelta) -> str:
    """A length of time as Go writes it."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    return f"{minutes // 60}h{minutes % 60}m{seconds}s"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True

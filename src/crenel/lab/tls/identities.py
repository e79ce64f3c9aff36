"""Certificates for the workloads of a twin, by a CA that lives in memory as long as the lab does.

It is made of the same parts as `crenel certs ca`: a root, an intermediate with name constraints, leaves with the SPIFFE
ID of the ServiceAccount and the names of the Services. No key is written to a disk: OpenSSL reads them from files that
are memory, memfd_create(2).
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crenel.certificates.authority import building
from crenel.certificates.authority.building import Issuer
from crenel.certificates.authority.filekeys import encoded
from crenel.certificates.authority.identity import Identity
from crenel.certificates.authority.keys import generate
from crenel.certificates.authority.policy import Policy
from crenel.certificates.authority.workloads import workloads
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.probing import strangers, talking
from crenel.certificates.probing.mutual import (
    EXPIRED,
    FORGED,
    HTTP1,
    HTTP2,
    NONE,
    NOTHING,
    RIGHT,
    STRANGER,
    Contexts,
)
from crenel.dialects.model import Model
from crenel.kubernetes.population import Group

TRUST_DOMAIN = "cluster.local"
"""What Istio takes where nothing else is set (Istio reference, Global Mesh Options: ``trustDomain``)."""
_LIFE = timedelta(days=1)
_LAB = timedelta(days=365)
"""Longer than a lab stays up."""
_RENEWED = 0.5
"""The fraction of its life after which a certificate is renewed, when it is next looked at."""
_PAST = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Papers:
    """The certificates of one workload, its own first, with its key."""

    identity: Identity
    chain: bytes
    key: bytes
    certificate: Certificate
    expired: tuple[bytes, bytes]
    """A chain that has expired, and its key."""


class Identities:
    """The CA of a twin and what it has issued; whoever is new to it gets a certificate by `cover`."""

    def __init__(self) -> None:
        self._now = _now()
        self._policy = Policy(trust_domain=TRUST_DOMAIN, leaf=_LIFE, intermediate=_LAB, root=_LAB)
        root, below = generate(self._policy.key), generate(self._policy.key)
        signed = building.root(self._policy, "lab root", root, self._now)
        between = building.intermediate(
            self._policy, "lab intermediate", below.public_key(), Issuer(signed, root), self._now
        )
        self._issuer = Issuer(between, below)
        self._intermediate = Certificate.of(between).pem.encode()
        self.root = Certificate.of(signed)
        """What all workloads trust."""
        self._papers: dict[str, Papers] = {}
        self._contexts: dict[str, Contexts] = {}
        self._nobodys = {NONE: self._verifying(None), STRANGER: strangers.context(None, HTTP1)}

    def cover(self, model: Model) -> list[str]:
        """Issue to all workloads of a model that lack one. Returns why some get none, a line each."""
        found, problems = workloads(model.scope, model.given.decoded, self._policy)
        self._now = _now()
        for each in found:
            known = self._papers.get(each.name)
            if known is None or known.identity != each.identity or known.certificate.used(self._now) > _RENEWED:
                self._papers[each.name] = self._issued(each.identity)
                self._contexts.pop(each.name, None)
        for name in self._papers.keys() - {each.name for each in found}:
            del self._papers[name]
        return [f"{each.object}: {each.message}" for each in problems]

    def of(self, group: Group) -> tuple[str, Papers] | None:
        """The name and certificates of a pod's workload; None where it gets none."""
        for name in (f"{group.namespace}/{group.kind.lower()}/{group.workload}", f"{group.namespace}/{group.workload}"):
            if (papers := self._papers.get(name)) is not None:
                return name, papers
        return None

    def server(self, papers: Papers, *, demands: bool) -> ssl.SSLContext:
        """How a workload serves; whether it demands certificates of its clients."""
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.num_tickets = 0
        with _files(papers.chain, papers.key) as files:
            made.load_cert_chain(*files)
        if demands:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(cadata=self.root.pem)
        return made

    def clients(self, name: str) -> Contexts:
        """How a workload asks: with its own certificate, and with everything else that it could come with."""
        if (made := self._contexts.get(name)) is None:
            papers = self._papers[name]
            kinds = {
                **self._nobodys,
                FORGED: strangers.context(papers.certificate, HTTP1),
                EXPIRED: _clients(papers.expired),
                RIGHT: self._verifying((papers.chain, papers.key)),
            }
            made = {(kind, alpn): each for kind, each in kinds.items() for alpn in (HTTP1, HTTP2, NOTHING)}
            self._contexts[name] = made
        return made

    def _verifying(self, pair: tuple[bytes, bytes] | None) -> ssl.SSLContext:
        """As a workload that means it asks: the server's chain is verified; whose it is, is looked at elsewhere."""
        made = _clients(pair)
        made.verify_mode = ssl.CERT_REQUIRED
        made.load_verify_locations(cadata=self.root.pem)
        return made

    def _issued(self, identity: Identity) -> Papers:
        certificate, chain, key = self._leaf(identity, self._now, _LIFE)
        _, old, other = self._leaf(identity, self._now - _PAST, _PAST / 2)
        return Papers(identity, chain, key, certificate, (old, other))

    def _leaf(self, identity: Identity, when: datetime, life: timedelta) -> tuple[Certificate, bytes, bytes]:
        key = generate(self._policy.key)
        made = Certificate.of(building.leaf(self._policy, identity, key.public_key(), self._issuer, when, life))
        return made, made.pem.encode() + self._intermediate, encoded(key)


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _clients(pair: tuple[bytes, bytes] | None) -> ssl.SSLContext:
    if pair is None:
        return talking.context(None, HTTP1)
    with _files(*pair) as files:
        return talking.context(files, HTTP1)


@contextmanager
def _files(*contents: bytes) -> Iterator[tuple[Path, Path]]:
    """A chain and its key under paths that lead to memory; the memory is gone with the block."""
    held: list[int] = []
    try:
        for data in contents:
            held.append(os.memfd_create("crenel", os.MFD_CLOEXEC))
            os.write(held[-1], data)
        first, second = (Path(f"/proc/self/fd/{each}") for each in held)
        yield first, second
    finally:
        for each in held:
            os.close(each)

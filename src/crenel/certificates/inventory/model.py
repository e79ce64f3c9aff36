"""What an inventory is made of. Nothing here imports the library for certificates."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as fresh
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crenel.provenance import NOWHERE, FieldPath, Origin, Problem

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate
    from crenel.certificates.material.chains import Broken, Chain
    from crenel.certificates.material.key import Key

SecretName = tuple[str, str]
"""Namespace and name."""
SOON = 2 / 3
"""The part of its life after which a certificate should have been renewed: when cert-manager does."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object of the input, or a file, that certificates are in or that uses them."""

    kind: str
    name: str
    namespace: str = ""
    origin: Origin = NOWHERE

    @property
    def title(self) -> str:
        """How reports write it: ``secret shop/web``."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


class Use(enum.Enum):
    """What certificates in one place are there for."""

    PAIR = "pair"
    """To be shown: a leaf or a CA with what signed it, mostly with its private key."""
    BUNDLE = "bundle"
    """To be trusted."""
    KEY = "key"
    """A private key without a certificate."""


class State(enum.Enum):
    """Whether a renewal works."""

    WORKING = "working"
    UNKNOWN = "unknown"
    """The input does not say: a manifest without a status."""
    OVERDUE = "overdue"
    """It should have happened."""
    FAILING = "failing"
    """Whoever renews says so."""
    NOBODY = "nobody"
    """Nobody in the input renews it."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """Who renews something, and whether that works."""

    state: State
    by: str = ""
    """``certificate shop/web``, ``istiod``; empty for nobody."""
    how: str = ""
    """``ACME``, ``CA``, ``self-signed``, ``Vault``, ``mesh`` ...; empty where it is not known."""
    reason: str = ""
    """Why it does not work, or why that is not known."""


NOBODY = Renewal(State.NOBODY)


@dataclass(frozen=True, slots=True)
class Serving:
    """Something that refers to a Secret in order to show its certificate."""

    place: Place
    secret: SecretName
    field: FieldPath = ()
    hosts: tuple[str, ...] = ()
    """The names that clients ask for; empty where it does not say."""
    mounted: bool = False
    """A pod has it in a volume: what it does with it is not known."""
    client: bool = False
    """It is shown to servers, not to clients."""
    granted: bool = True
    """Whether it may refer there: false for another namespace without a ReferenceGrant."""


@dataclass
class Entry:
    """The certificates of one text: a data key of a Secret, a caBundle, a file."""

    place: Place
    field: FieldPath
    label: str
    """What the text is called: ``tls.crt``."""
    use: Use
    certificates: tuple[Certificate, ...] = ()
    """In the order of the text: of a pair what is shown first, of a bundle what is trusted."""
    key: Key | None = None
    """What is known of the private key that goes with it."""
    key_field: FieldPath = ()
    private: bool = False
    """Whether a private key lies in the text or beside it."""
    problems: tuple[Problem, ...] = ()
    """What could not be read."""
    secret: SecretName | None = None
    served: list[Serving] = fresh(default_factory=list)
    trusted: list[str] = fresh(default_factory=list)
    """Of a pair, the titles of the bundles that hold somebody who signed it; of a bundle, who trusts it."""
    renewal: Renewal = NOBODY
    chain: Chain | Broken | None = None
    """Of a pair, whether it verifies under the certificates of authorities in the input; None where none is known."""

    @property
    def leaf(self) -> Certificate | None:
        """The certificate that is shown first."""
        return self.certificates[0] if self.certificates and self.use is Use.PAIR else None

    @property
    def matches(self) -> bool | None:
        """Whether key and certificate belong together; None where one of them is missing."""
        return None if self.leaf is None or self.key is None else self.leaf.spki == self.key.fingerprint

    @property
    def title(self) -> str:
        """Where it is, for people: ``secret shop/web tls.crt``."""
        return f"{self.place.title} {self.label}".rstrip()


@dataclass
class SecretFacts:
    """What is known of a Secret beside its values."""

    place: Place
    type: str = ""
    keys: frozenset[str] = frozenset()
    annotations: Mapping[str, str] = fresh(default_factory=dict)
    labels: Mapping[str, str] = fresh(default_factory=dict)
    owners: tuple[str, ...] = ()
    """Kinds and names of its owners: ``Certificate web``."""
    entries: list[Entry] = fresh(default_factory=list)
    held: bool = True
    """Whether its values were in the input; false for one whose values were left out."""

    def entry(self, label: str) -> Entry | None:
        """The entry of a data key."""
        return next((each for each in self.entries if each.label == label), None)

    @property
    def pair(self) -> Entry | None:
        """The certificate that is shown to clients: that of ``tls.crt``, or else the first pair."""
        pairs = [each for each in self.entries if each.use is Use.PAIR]
        return self.entry("tls.crt") or next(iter(pairs), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Where the API server calls somebody over TLS: a webhook, an aggregated API, a conversion."""

    place: Place
    field: FieldPath
    """Leads to the caBundle."""
    name: str
    """The webhook's name; empty where the object has one alone."""
    service: SecretName | None
    """The Service that is called; None for a URL."""
    host: str
    """The name that its certificate has to cover."""
    bundle: Entry | None
    """None without a caBundle: then the roots of the system count."""
    fails: bool
    """Whether nothing goes on without an answer: failurePolicy Fail, an API, a conversion."""
    unverified: bool = False
    """An APIService with insecureSkipTLSVerify."""
    injected: str = ""
    """What fills in the caBundle: ``cert-manager``, ``openshift``; empty for nobody."""
    source: SecretName | None = None
    """The Certificate or Secret that cert-manager takes the caBundle from."""
    source_is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Managed:
    """A Certificate, Issuer, ClusterIssuer or CertificateRequest of cert-manager, or a Bundle of trust-manager."""

    place: Place
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    annotations: Mapping[str, str]


@dataclass
class Inventory:
    """All of it, at one moment."""

    at: datetime
    entries: list[Entry] = fresh(default_factory=list)
    secrets: dict[SecretName, SecretFacts] = fresh(default_factory=dict)
    serving: list[Serving] = fresh(default_factory=list)
    callers: list[Caller] = fresh(default_factory=list)
    certificates: dict[SecretName, Managed] = fresh(default_factory=dict)
    """Certificates of cert-manager."""
    issuers: dict[tuple[str, str, str], Managed] = fresh(default_factory=dict)
    """Issuers and ClusterIssuers by kind, namespace (empty for the latter) and name."""
    requests: list[Managed] = fresh(default_factory=list)
    sources: dict[str, Managed] = fresh(default_factory=dict)
    """Bundles of trust-manager, by name: they are cluster-wide."""
    problems: list[Problem] = fresh(default_factory=list)
    """What could not be read, of all entries, and of texts that hold no certificate at all."""
    missing: str = ""
    """Why nothing was read: the extra is not installed; empty otherwise."""

    @cached_property
    def pairs(self) -> Sequence[Entry]:
        """The entries that are shown."""
        return [each for each in self.entries if each.use is Use.PAIR and each.certificates]

    @cached_property
    def bundles(self) -> Sequence[Entry]:
        """The entries that are trusted."""
        return [each for each in self.entries if each.use is Use.BUNDLE]

    @cached_property
    def writers(self) -> Mapping[SecretName, Managed]:
        """The Certificates of cert-manager by the Secrets that they are written to."""
        return {
            (each.place.namespace, str(each.spec.get("secretName"))): each
            for each in reversed(self.certificates.values())
        }

    def injecting(self, caller: Caller) -> SecretFacts | None:
        """The Secret that a caBundle is taken from, where it and the Certificate that leads to it are in the input."""
        name = caller.source
        if name is not None and not caller.source_is_secret:
            certificate = self.certificates.get(name)
            name = (name[0], str(certificate.spec.get("secretName"))) if certificate is not None else None
        return self.secrets.get(name) if name is not None else None

    def issuer_of(self, certificate: Managed) -> tuple[str, Managed | None]:
        """How people write the issuer that a Certificate names, and the issuer where it is in the input."""
        from crenel.certificates.inventory.certmanager import issuer_key  # noqa: PLC0415 - the one looks at the other

        kind, namespace, name = issuer_key(certificate.spec, certificate.place.namespace)
        return Place(kind.lower(), name, namespace).title, self.issuers.get((kind, namespace, name))

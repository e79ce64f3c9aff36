"""Secrets: what of them are certificates and keys. The values are decoded, read and forgotten here.

Source of the names: kubernetes.io/tls (``tls.crt``, ``tls.key``, and ``ca.crt`` of cert-manager); Istio's ``cacerts``
and ``istio-ca-secret`` (``ca-cert.pem``, ``ca-key.pem``, ``cert-chain.pem``, ``root-cert.pem``); Linkerd's
``linkerd-identity-issuer`` (``crt.pem``, ``key.pem``). Whatever is called otherwise is paired by its fingerprint.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crenel.certificates.inventory import raw
from crenel.certificates.inventory.model import Entry, Place, SecretFacts, Use
from crenel.certificates.material import pem
from crenel.certificates.material.pem import Material
from crenel.provenance import FieldPath, Origin, Problem

TLS = "kubernetes.io/tls"
_SKIPPED = ("kubernetes.io/service-account-token", "helm.sh/release.v1", "kubernetes.io/dockerconfigjson",
            "kubernetes.io/dockercfg", "bootstrap.kubernetes.io/token")  # fmt: skip
"""Types whose values are never looked at; the certificate in a token's Secret is the cluster's, the same in each."""
_WORDS = re.compile(r"cert-chain|chain|certificate|cert|crt|key|pem|private|public|der|[^a-z0-9]+")
_PEM = b"-----BEGIN "


@dataclass(frozen=True, slots=True)
class Text:
    """One value that holds PEM or DER, by its name."""

    label: str
    field: FieldPath
    material: Material

    @property
    def stem(self) -> str:
        """What names of a certificate and its key have in common: ``tls``, ``ca``, or nothing."""
        return _WORDS.sub("", self.label.lower())


def read(data: Mapping[str, Any], origin: Origin, namespace: str) -> SecretFacts:
    """Read a Secret object into what may be known of it."""
    place = Place("secret", raw.text(data, "metadata", "name"), namespace, origin)
    kind = raw.text(data, "type")
    held = {each: raw.table(data, each) for each in ("data", "stringData")}
    facts = SecretFacts(
        place, kind, frozenset(str(key) for values in held.values() for key in values),
        _strings(raw.table(data, "metadata", "annotations")), _strings(raw.table(data, "metadata", "labels")),
        tuple(f"{raw.text(each, 'kind')} {raw.text(each, 'name')}"
              for _, each in raw.items(data, "metadata", "ownerReferences")),
        held=any(held.values()),
    )  # fmt: skip
    if kind not in _SKIPPED:
        texts = list(_texts(held, kind, place))
        facts.entries = [entry for entry, _ in entries(texts, place, (namespace, place.name))]
    return facts


def _strings(found: Mapping[str, Any]) -> Mapping[str, str]:
    return {key: each for key, each in found.items() if isinstance(each, str)}


def _texts(held: Mapping[str, Mapping[str, Any]], kind: str, place: Place) -> Iterator[Text]:
    """The values that are PEM; of the type for TLS those that have to be, whatever they hold.

    A value of stringData takes the place of one in data, as the API has it.
    """
    for part, values in held.items():
        for label, value in values.items():
            if part == "data" and label in held["stringData"]:
                continue
            must = kind == TLS and label in ("tls.crt", "tls.key")
            field = (part, str(label))
            content = raw.decoded(value) if part == "data" else _encoded(value)
            if content is None and must:
                words = "too large, or not base64" if part == "data" else "not a text"
                yield Text(str(label), field, Material(problems=(Problem(words, place.origin, field, place.title),)))
            elif content is not None and (must or _PEM in content[: pem.LARGEST]):
                yield Text(str(label), field, pem.read(content, place.origin, field, place.title))


def _encoded(value: Any) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else None


def of_text(content: bytes, place: Place, field: FieldPath, label: str, *, trusted: bool = False) -> Iterator[Entry]:
    """The entries of one text that stands alone: a file, a value of a ConfigMap, a caBundle.

    With `trusted` it is a bundle, whatever it holds.
    """
    text = Text(label, field, pem.read(content, place.origin, field, place.title))
    if trusted:
        yield _bundle(text, place, None)
    else:
        yield from (entry for entry, _ in entries([text], place, None))


def entries(texts: Sequence[Text], place: Place, secret: tuple[str, str] | None) -> Iterator[tuple[Entry, Text]]:
    """Pair the certificates of some texts with their keys; each entry comes with the text that it is of."""
    keys = [each for each in texts if each.material.keys or _is_key(each)]
    paired = _paired([each for each in texts if _certs(each) or (each.material.problems and not _is_key(each))], keys)
    for text, key in paired:
        if key is None and _is_bundle(text):
            yield _bundle(text, place, secret), text
        else:
            yield _pair(text, key, place, secret), text
    taken = {id(key) for _, key in paired}
    for each in keys:
        if id(each) not in taken and not _certs(each):
            yield _key(each, place, secret), each


def _paired(texts: list[Text], keys: list[Text]) -> list[tuple[Text, Text | None]]:
    """Each text with its key: the one with its fingerprint, or else the one of its name that fits no other."""
    fitting = [next((key for key in keys if _fits(text, key)), None) for text in texts]
    free = [key for key in keys if all(key is not each for each in fitting)]
    return [
        (text, found or (text if text in free else next((key for key in free if key.stem == text.stem), None)))
        for text, found in zip(texts, fitting, strict=True)
    ]


def _fits(text: Text, key: Text) -> bool:
    first = text.material.certificates[:1]
    return bool(first) and any(each.fingerprint == first[0].spki for each in key.material.keys)


def _certs(text: Text) -> bool:
    return bool(text.material.certificates)


def _is_key(text: Text) -> bool:
    """Whether a text without certificates holds a private key, or was meant to by its name."""
    named = bool(text.material.problems) and "key" in text.label.lower()
    return not _certs(text) and (text.material.has_private_key or named)


def _is_bundle(text: Text) -> bool:
    return _certs(text) and all(each.is_ca for each in text.material.certificates) and not text.material.has_private_key


def _pair(text: Text, key: Text | None, place: Place, secret: tuple[str, str] | None) -> Entry:
    material = text.material
    problems = material.problems + (key.material.problems if key is not None and key is not text else ())
    chosen = None
    if key is not None and key.material.keys:
        own = material.certificates[0].spki if material.certificates else ""
        chosen = next((each for each in key.material.keys if each.fingerprint == own), key.material.keys[0])
    return Entry(
        place, text.field, text.label, Use.PAIR, material.certificates, chosen, key.field if key else (),
        (key or text).material.has_private_key, problems, secret,
    )  # fmt: skip


def _bundle(text: Text, place: Place, secret: tuple[str, str] | None) -> Entry:
    material = text.material
    return Entry(
        place, text.field, text.label, Use.BUNDLE, material.certificates, private=material.has_private_key,
        problems=material.problems, secret=secret,
    )  # fmt: skip


def _key(text: Text, place: Place, secret: tuple[str, str] | None) -> Entry:
    found = text.material.keys
    return Entry(
        place, text.field, text.label, Use.KEY, (), found[0] if found else None, text.field,
        private=text.material.has_private_key, problems=text.material.problems, secret=secret,
    )  # fmt: skip

"""What an authority may do: ``ca.toml`` in its folder, written once and then the operator's to edit."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

from crenel.certificates.authority import durable, durations
from crenel.certificates.authority.errors import AuthorityError
from crenel.certificates.authority.keys import KeyKind
from crenel.network.addresses import AddressSet

FILE = "ca.toml"

_LARGEST = 1 << 20
_DOMAIN = re.compile(r"[a-z0-9._-]{1,255}")
_SUFFIX = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
_URL = re.compile(r"https?://[!-~]{1,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Names that certificates may have, kinds of keys, and lengths of time."""

    trust_domain: str
    cluster_domain: str = "cluster.local"
    namespaces: tuple[str, ...] = ("*",)
    """Namespaces whose ServiceAccounts get certificates; ``*`` is all of them."""
    dns: tuple[str, ...] = ("svc", "svc.cluster.local")
    """DNS names that certificates may have: these, and all below them."""
    wildcards: bool = False
    """Whether names that begin with ``*.`` may be asked for; those of headless Services come without asking."""
    ip: tuple[str, ...] = ()
    """CIDRs with the addresses that certificates may have."""
    key: KeyKind = KeyKind.P256
    root: timedelta = timedelta(days=730)
    """How long a root lives."""
    intermediate: timedelta = timedelta(days=14)
    leaf: timedelta = timedelta(hours=24)
    renew_at: float = 0.5
    """The fraction of its own life after which a certificate is renewed."""
    jitter: float = 0.1
    """How much earlier or later than that, as a fraction of the life, so that not all are renewed at once."""
    seed: str = ""
    """Makes the jitter of each name always the same; without it chance decides for each certificate."""
    backdate: timedelta = timedelta(minutes=5)
    """How long before it is made a certificate begins, for clocks that are slow."""
    reload: timedelta = timedelta(minutes=10)
    """How long users of files may take to notice new ones."""
    crl: timedelta = timedelta(hours=24)
    """How long a revocation list of an intermediate holds; it is renewed after half of that."""
    crl_url: str = ""
    """Where certificates say that the list of their issuer is (``http://...``); empty for nowhere."""

    def __post_init__(self) -> None:
        for complaint in _complaints(self):
            raise AuthorityError(complaint)

    def text(self) -> str:
        """The policy as TOML."""
        lines = (f"{each.name} = {_written(getattr(self, each.name))}" for each in fields(self))
        return "# What this authority may do; `crenel certs ca` reads it each time.\n" + "\n".join(lines) + "\n"


def read(folder: Path) -> Policy:
    """Read the policy of an authority.

    Raises:
        AuthorityError: it is missing, or something in it makes no sense.
    """
    path = folder / FILE
    try:
        return parse(tomllib.loads(durable.read(path, _LARGEST).decode("utf-8")))
    except FileNotFoundError:
        raise AuthorityError(f"{folder} is no authority: it has no {FILE}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, AuthorityError) as error:
        raise AuthorityError(f"{path}: {str(error).removeprefix(f'{path}: ')}") from None


def parse(table: Mapping[str, Any]) -> Policy:
    """Make a policy of a table; lengths of time are texts.

    Raises:
        AuthorityError: something in it makes no sense.
    """
    known = {each.name: str(each.type) for each in fields(Policy)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise AuthorityError(f"a policy has no {name!r}; it has {', '.join(known)}")
        try:
            values[name] = _READERS[known[name]](value)
        except (TypeError, ValueError) as error:
            raise AuthorityError(f"{name}: {error}") from None
    if "trust_domain" not in values:
        raise AuthorityError("trust_domain is missing")
    if "dns" not in values and "cluster_domain" in values:
        values["dns"] = ("svc", f"svc.{values['cluster_domain']}")
    return Policy(**values)


def value_of(name: str, text: str) -> object:
    """What a text means for one line of a policy: lists are separated by commas.

    Raises:
        AuthorityError: a policy has no such line, or it makes no sense there.
    """
    kind = {each.name: str(each.type) for each in fields(Policy)}.get(name)
    try:
        if kind == "tuple[str, ...]":
            return tuple(filter(None, (part.strip() for part in text.split(","))))
        if kind == "bool":
            return {"true": True, "false": False}[text]
        return float(text) if kind == "float" else text
    except (KeyError, ValueError):
        raise AuthorityError(f"{name}: {text!r} makes no sense there") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no list of texts")
    return tuple(map(_text, value))


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return float(value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _kind(value: object) -> KeyKind:
    try:
        return KeyKind(value)
    except ValueError:
        raise ValueError(f"{value!r} is none of {', '.join(each.value for each in KeyKind)}") from None


_READERS: dict[str, Callable[[Any], Any]] = {
    "str": _text,
    "tuple[str, ...]": _texts,
    "float": _fraction,
    "bool": _switch,
    "KeyKind": _kind,
    "timedelta": lambda value: durations.parse(_text(value)),
}


def _written(value: object) -> str:
    if isinstance(value, timedelta):
        return f'"{durations.text(value)}"'
    if isinstance(value, KeyKind):
        return f'"{value.value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_written, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(value: str) -> str:
    """A TOML basic string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(each if each.isprintable() else f"\\U{ord(each):08X}" for each in escaped) + '"'


def _complaints(policy: Policy) -> list[str]:
    """What makes no sense."""
    found = []
    if not _DOMAIN.fullmatch(policy.trust_domain):
        found.append(f"trust_domain: {policy.trust_domain!r} is no trust domain, such as example.org")
    for name, suffixes in (("cluster_domain", (policy.cluster_domain,)), ("dns", policy.dns)):
        found += [f"{name}: {each!r} is no DNS name" for each in suffixes if not _SUFFIX.fullmatch(each)]
    for each in policy.ip:
        try:
            AddressSet.of(each)
        except ValueError:
            found.append(f"ip: {each!r} is no CIDR")
    if policy.crl_url and not _URL.fullmatch(policy.crl_url):
        found.append(f"crl_url: {policy.crl_url!r} is no address of a web page")
    return found + _lengths(policy)


def _lengths(policy: Policy) -> list[str]:
    found = []
    if not timedelta() < policy.leaf <= policy.intermediate <= policy.root:
        found.append("a leaf lives, and not longer than an intermediate, and that not longer than a root")
    if policy.jitter < 0 or not 0 < policy.renew_at - policy.jitter <= policy.renew_at + policy.jitter < 1:
        found.append("renew_at and jitter: renewal has to be between the beginning and the end of a life")
    if policy.crl <= timedelta():
        found.append("crl: a list holds for some time")
    if policy.backdate > timedelta(days=1):
        found.append("backdate: clocks are not slow by more than a day")
    return found

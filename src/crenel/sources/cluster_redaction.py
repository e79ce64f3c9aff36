"""Secret values that people write where they do not belong, replaced in an object before it is saved.

Kubernetes keeps secrets in Secrets, which are never read. What is left are literal values in pods, annotations and
configuration. What is replaced, by name and by shape:

- the value of an environment variable, or of any ``{name, value}`` pair such as an HTTP header, whose name has a secret
  word in it (password, token, key, credential ...); of one that ends in FILE, HOST, NAME and the like nothing but what
  has the shape of a secret, and of one that ends in URL everything behind the host;
- in every text: the login in a URL, JSON web tokens, PEM private keys (in base64 too), ``Bearer ...`` and the access
  keys of clouds;
- in commands, arguments, annotations, environment values and config maps: ``password=...``, ``--token ...``;
- fields that can hold nothing else: ``password``, ``bearerToken``, ``clientSecret`` ...

A secret that looks like none of these is not found. Labels, selectors and names are never touched.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import Any

HIDDEN = "REDACTED"
"""What stands in the place of a secret."""

_WORDS = (
    "password|passwd|passphrase|pwd|pass|secret|secrets|token|tokens|key|keys|apikey|accesskey|secretkey|privatekey|credential|"
    "credentials|creds|authorization|cookie|cookies|jwt|bearer|dsn|salt|signature|webhook|connectionstring|pat"
)
_WORD = re.compile(rf"(?:^|[^a-z])(?:{_WORDS})(?:$|[^a-z])|password|passwd|secret|token|credential|apikey|privatekey")
_HARMLESS = re.compile(
    r"(?:^|[^a-z])(?:file|files|filename|path|paths|dir|directory|mount|name|names|namespace|host|hosts|hostname|port|ports|"
    r"addr|address|server|servers|service|issuer|ttl|expiry|expiration|duration|seconds|enabled|type|kind|algorithm|length|"
    r"size|provider|arn|region|ref|id|url|urls|uri|endpoint|endpoints)$|(?:auth|ca|tls)-secret$"
)
_ADDRESS = re.compile(r"(?:^|[^a-z])(?:url|urls|uri|endpoint|dsn|webhook)$|webhook")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_FIELDS = frozenset({
    "accessKey", "accessToken", "apiKey", "apiToken", "authToken", "bearerToken", "clientSecret", "passphrase",
    "passwd", "password", "privateKey", "refreshToken", "secretAccessKey", "secretKey", "sharedSecret", "token",
})  # fmt: skip
_SELECTING = frozenset({"labels", "matchExpressions", "matchLabels", "nodeSelector", "selector"})
_NO_SECRETS = frozenset({"", "true", "false", "yes", "no", "none", "null", "0", "1"})
_REFERENCE = re.compile(r"\$\([\w.-]+\)|\$\{?\w+\}?")
"""A variable that Kubernetes or a shell replaces."""

_LOGIN = re.compile(
    r"(?P<scheme>\b[A-Za-z][A-Za-z0-9+.-]*://)"
    r"(?:[^\s/'\":]*:(?!\d+/)(?:(?!://)[^\s'\"])+|[^\s/'\"]+)@"
)
_SHAPES = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:ghp|gho|ghs|ghr|github_pat|glpat|xox[abprs]|sk_live|rk_live|npm|hvs)[_-][A-Za-z0-9_-]{16,}",
    re.DOTALL,
)
_ENCODED = re.compile(r"LS0tLS1CRUdJTi(?:[A-Za-z0-9+/]|\r?\n)+={0,2}")
"""PEM in base64: what begins with ``-----BEGIN``."""
_SUSPECT = re.compile(r"://|PRIVATE KEY|LS0tLS1CRUdJTi|eyJ|AKIA|ASIA|[A-Za-z]{2}[_-][A-Za-z0-9_-]{16}|(?:earer|asic) ")
_BEARER = re.compile(r"\b(?P<scheme>[Bb]earer|[Bb]asic) [A-Za-z0-9+/_=.~-]{8,}")
_ASSIGNED = re.compile(
    r"(?P<name>-{0,2}[A-Za-z][\w.-]*)(?P<quote>[\"']?)(?P<between>[ \t]*[=:][ \t]*)(?!//)"
    r"(?P<value>\"[^\"]*\"|'[^']*'|[^\s&;,\"']+)"
)
_FLAG = re.compile(r"(?P<name>--?[A-Za-z][\w.-]*)(?P<between> +)(?P<value>[^\s-][^\s]*)")
_REST = re.compile(r"(?P<kept>[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]*)[^\s]*")


def redact(item: dict[str, Any]) -> dict[str, Any]:
    """A copy of an object without secret values; the object itself is left as it is."""
    copy = {key: _value(value) for key, value in item.items() if key not in ("metadata", "data", "binaryData")}
    copy["metadata"] = _metadata(item.get("metadata") or {})
    if "data" in item:
        copy["data"] = _texts(item["data"])
    return {key: copy[key] for key in item if key in copy}


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    """Annotations are free text, everything else in metadata is names."""
    if not metadata.get("annotations"):
        return metadata
    return metadata | {"annotations": _texts(metadata["annotations"])}


def _texts(table: Any) -> Any:
    """The values of a table of texts, such as the data of a config map."""
    if not isinstance(table, dict):
        return _value(table)
    return {name: _named(name, text) if isinstance(text, str) else _value(text) for name, text in table.items()}


def _value(value: Any) -> Any:
    """Any part of an object."""
    if isinstance(value, str):
        return _shaped(value)
    if isinstance(value, list):
        return [_value(each) for each in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _field(key, each) for key, each in value.items()}
    if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):
        copy["value"] = _named(value["name"], value["value"])
    return copy


def _field(key: str, value: Any) -> Any:
    if key in _SELECTING:
        return value
    if key == "annotations":
        return _texts(value)
    if key in _SECRET_FIELDS and isinstance(value, str) and value:
        return HIDDEN
    if key in ("args", "command") and isinstance(value, list):
        return _arguments(value)
    return _value(value)


def _arguments(arguments: list[Any]) -> list[Any]:
    """The words of a command line; the value of a flag may be the next word."""
    copy: list[Any] = []
    flag = ""
    for each in arguments:
        if not isinstance(each, str):
            copy.append(each)
        elif flag and not each.startswith("-"):
            copy.append(_named(flag, each))
        else:
            copy.append(_spoken(each))
        flag = each if isinstance(each, str) and re.fullmatch(r"--?[\w.-]+", each) else ""
    return copy


def _named(name: str, text: str) -> str:
    """A text that has a name, such as an environment variable."""
    words = _words(name)
    if not _WORD.search(words) or _harmless(text):
        return _spoken(text)
    if _ADDRESS.search(words) and "://" in text:
        return _REST.sub(lambda found: f"{_shaped(found['kept'])}/{HIDDEN}", text)
    if _ADDRESS.search(words) and "@" in text:
        return f"{HIDDEN}@{text.rpartition('@')[2]}"
    return _spoken(text) if _HARMLESS.search(words) else HIDDEN


def _spoken(text: str) -> str:
    """A text in which secrets may be assigned to names."""
    text = _shaped(text)
    text = _ASSIGNED.sub(_assigned, text)
    return _FLAG.sub(_assigned, text)


def _assigned(found: re.Match[str]) -> str:
    words, value = _words(found["name"]), found["value"]
    quote = value[0] if value[0] in "\"'" else ""
    before = found[0][: found.start("value") - found.start()]
    if not _WORD.search(words):
        return before + _ASSIGNED.sub(_assigned, value)
    if _HARMLESS.search(words) or _harmless(value.strip(quote)):
        return found[0]
    return f"{before}{quote}{HIDDEN}{quote}"


def _words(name: str) -> str:
    """``dbPassword`` as ``db_password``."""
    return _CAMEL.sub("_", name).lower().strip("- ")


def _harmless(text: str) -> bool:
    """Whether a value tells nothing: a switch, a reference, a path of a URL, the beginning of a structure."""
    return text in _NO_SECRETS or bool(_REFERENCE.fullmatch(text)) or text.startswith(("//", "[", "{"))


@functools.lru_cache(maxsize=1 << 14)
def _shaped(text: str) -> str:
    """A text without what has the shape of a secret; most texts have none, and most are there many times."""
    if not _SUSPECT.search(text):
        return text
    text = _LOGIN.sub(rf"\g<scheme>{HIDDEN}@", text)
    text = _SHAPES.sub(HIDDEN, text)
    text = _ENCODED.sub(lambda found: HIDDEN if _is_key(found[0]) else found[0], text)
    return _BEARER.sub(rf"\g<scheme> {HIDDEN}", text)


def _is_key(encoded: str) -> bool:
    """Whether there is a private key in some PEM in base64; certificates stay."""
    text = "".join(encoded.split()).rstrip("=")
    return b"PRIVATE KEY" in base64.b64decode(text[: len(text) // 4 * 4])

"""The syntax of names and labels.

Source: apimachinery pkg/api/validate/content/{dns,kube,errors}.go and pkg/util/validation/validation.go. Every
function returns the reasons against a text, empty when there are none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TypeAlias

Reasons: TypeAlias = tuple[str, ...]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"

_IS_LABEL = re.compile(_LABEL).fullmatch
_IS_SUBDOMAIN = re.compile(_SUBDOMAIN).fullmatch
_IS_KEY = re.compile(_KEY).fullmatch
_IS_VALUE = re.compile(_VALUE).fullmatch
_IS_PORT_NAME = re.compile("(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*").fullmatch


def _pattern(message: str, pattern: str, *examples: str) -> str:
    given = " or ".join(f"'{example}', " for example in examples)
    return f"{message} (e.g. {given}regex used for validation is '{pattern}')"


def _length(text: str, most: int) -> Reasons:
    return (f"must be no more than {most} bytes",) if len(text.encode(errors="replace")) > most else ()


@lru_cache(maxsize=65536)
def dns_label(text: str) -> Reasons:
    """A lowercase RFC 1123 label: the name of a namespace, a Service or a Service's port."""
    reasons = _length(text, 63)
    if _IS_LABEL(text) is None:
        if _IS_SUBDOMAIN(text) is not None:
            return (*reasons, "must not contain dots")
        words = (
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
            "and must start and end with an alphanumeric character"
        )
        return (*reasons, _pattern(words, _LABEL, "my-name", "123-abc"))
    return reasons


def dns_subdomain(text: str) -> Reasons:
    """A lowercase RFC 1123 subdomain: the name of most objects."""
    right = _IS_SUBDOMAIN(text) is not None
    if right and len(text) <= 253:
        return ()
    reasons = _length(text, 253)
    if not right:
        words = (
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
            "and must start and end with an alphanumeric character"
        )
        return (*reasons, _pattern(words, _SUBDOMAIN, "example.com"))
    return reasons


def path_segment(text: str) -> Reasons:
    """A name that may be one part of a path, as roles have (pkg/api/validation/path, IsValidPathSegmentName)."""
    if text in (".", ".."):
        return (f"may not be '{text}'",)
    return tuple(f"may not contain '{each}'" for each in "/%" if each in text)


@lru_cache(maxsize=65536)
def label_key(text: str) -> Reasons:
    """A label's key: an optional prefix, which is a DNS subdomain, and a name."""
    words = "must consist of alphanumeric characters, '-', '_' or '.'"
    words += ", and must start and end with an alphanumeric character"
    syntax = _pattern(words, _KEY, "MyName", "my.name", "123-abc")
    prefix, slash, name = text.rpartition("/")
    if "/" in prefix:
        return (
            f"a valid label key {syntax} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
        )
    reasons: Reasons = ()
    if slash:
        reasons = tuple(f"prefix part {reason}" for reason in dns_subdomain(prefix)) if prefix else _EMPTY_PREFIX
    if not name:
        reasons += ("name part must be non-empty",)
    reasons += tuple(f"name part {reason}" for reason in _length(name, 63))
    return reasons if _IS_KEY(name) else (*reasons, f"name part {syntax}")


_EMPTY_PREFIX: Reasons = ("prefix part must be non-empty",)


def label_value(text: str) -> Reasons:
    """A label's value; it may be empty."""
    if _is_value(text):
        return ()
    reasons = _length(text, 63)
    if _IS_VALUE(text) is None:
        words = (
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
            "and must start and end with an alphanumeric character"
        )
        return (*reasons, _pattern(words, _VALUE, "MyValue", "my_value", "12345"))
    return reasons


def _is_value(text: str) -> bool:
    return len(text) <= 63 and _IS_VALUE(text) is not None


@lru_cache(maxsize=65536)
def label(item: tuple[str, str]) -> bool:
    """Whether a label's key and value are both right; the quick way."""
    return not label_key(item[0]) and _is_value(item[1])


@lru_cache(maxsize=4096)
def port_name(text: str) -> Reasons:
    """The name of a container's port (IANA_SVC_NAME, RFC 6335, in lower case)."""
    if len(text) <= 15 and _IS_PORT_NAME(text):
        return ()
    reasons = list(_length(text, 15))
    if re.fullmatch("[-a-z0-9]+", text) is None:
        reasons.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if re.search("[a-z]", text) is None:
        reasons.append("must contain at least one letter (a-z)")
    if "--" in text:
        reasons.append("must not contain consecutive hyphens")
    if text.startswith("-") or text.endswith("-"):
        reasons.append("must not begin or end with a hyphen")
    return tuple(reasons)

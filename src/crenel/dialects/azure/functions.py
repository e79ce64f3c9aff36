"""The functions of templates whose value does not depend on a deployment ("ARM template functions")."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Any

_LONGEST = 100_000
"""Characters or elements of a value; what is longer is not worked out."""
_PLACEHOLDER = re.compile(r"\{(\d{1,3})(?::[^}]*)?\}")


def call(name: str, arguments: list[Any]) -> Any:
    """The value of a call with arguments that are all known.

    Raises:
        LookupError, TypeError, ValueError, ArithmeticError, AttributeError: there is no such function, or not for
            these arguments.
    """
    value = _FUNCTIONS[name](*arguments)
    if isinstance(value, str | list | dict) and len(value) > _LONGEST:
        raise ValueError("too long")
    return value


def as_text(value: Any) -> str:
    """A value as part of a text."""
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, str | int):
        return str(value)
    raise TypeError("no text")


def _concat(*parts: Any) -> Any:
    if all(isinstance(part, list) for part in parts):
        return [each for part in parts for each in part]
    return "".join(map(as_text, parts))


def _format(pattern: str, *parts: Any) -> str:
    return _PLACEHOLDER.sub(lambda match: as_text(parts[int(match[1])]), pattern)


def _equals(one: Any, other: Any) -> bool:
    return bool(type(one) is type(other) and one == other)


def _union(*parts: Any) -> Any:
    if all(isinstance(part, dict) for part in parts):
        return {key: value for part in parts for key, value in part.items()}
    found: list[Any] = []
    for part in parts:
        found += [each for each in part if each not in found]
    return found


def _coalesce(*parts: Any) -> Any:
    return next((part for part in parts if part is not None), None)


def _object(*parts: Any) -> dict[str, Any]:
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _contains(container: Any, wanted: Any) -> bool:
    return wanted in container


def _cidr_subnet(network: str, length: int, index: int) -> str:
    parsed = ipaddress.ip_network(network, strict=False)
    width = parsed.max_prefixlen
    if not parsed.prefixlen <= length <= width or not 0 <= index < 1 << length - parsed.prefixlen:
        raise ValueError("not inside of the network")
    first = int(parsed.network_address) + (index << width - length)
    address = ipaddress.ip_address(first) if width == 32 else ipaddress.IPv6Address(first)
    return f"{address}/{length}"


def _range(first: int, count: int) -> list[int]:
    return list(range(first, first + min(count, _LONGEST)))


def _int(value: Any) -> int:
    return int(str(value)[:18])


def _bool(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).lower() in ("true", "1")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda one, other: int(one) + int(other),
    "and": lambda *parts: all(part is True for part in parts),
    "array": lambda value: value if isinstance(value, list) else [value],
    "bool": _bool,
    "cidrsubnet": _cidr_subnet,
    "coalesce": _coalesce,
    "concat": _concat,
    "contains": _contains,
    "createarray": lambda *parts: list(parts),
    "createobject": _object,
    "div": lambda one, other: int(one) // int(other),
    "empty": lambda value: value is None or len(value) == 0,
    "equals": _equals,
    "false": lambda: False,
    "first": lambda value: value[0],
    "format": _format,
    "if": lambda condition, one, other: one if condition is True else other,
    "int": _int,
    "last": lambda value: value[-1],
    "length": len,
    "mod": lambda one, other: int(one) % int(other),
    "mul": lambda one, other: int(one) * int(other),
    "not": lambda value: value is not True,
    "null": lambda: None,
    "or": lambda *parts: any(part is True for part in parts),
    "range": _range,
    "replace": lambda text, old, new: text.replace(old, new),
    "skip": lambda value, count: value[max(count, 0):],
    "split": lambda text, separator: text.split(separator),
    "string": as_text,
    "sub": lambda one, other: int(one) - int(other),
    "take": lambda value, count: value[:max(count, 0)],
    "tolower": lambda text: text.lower(),
    "toupper": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
    "true": lambda: True,
    "union": _union,
}  # fmt: skip

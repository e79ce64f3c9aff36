"""What a YAML scalar means to Kubernetes.

``kubectl`` and the API server read YAML with sigs.k8s.io/yaml: go-yaml v2 decodes it, and the result is turned into
JSON. So ``yes`` is true, ``0x50`` and ``0o120`` are 80, ``1e3`` is 1000, while ``22:22`` and dates stay strings. The
rules here are those of ``resolve`` in goyaml.v2/resolve.go and of ``convertToJSONableObject`` in yaml.go.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from typing import TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_POINT_FLOAT = re.compile(r"\.[0-9]+(_[0-9]+)*([eE][-+]?[0-9]+(_[0-9]+)*)?", re.ASCII)
_INTEGERS = (
    (re.compile(r"([-+]?)(0|[1-9][0-9]*)", re.ASCII), 10),
    (re.compile(r"([-+]?)0[oO]?([0-7]+)", re.ASCII), 8),
    (re.compile(r"([-+]?)0[xX]([0-9a-fA-F]+)", re.ASCII), 16),
    (re.compile(r"([-+]?)0[bB]([01]+)", re.ASCII), 2),
)
_LONGEST_NUMBER = 400
_TAG = "tag:yaml.org,2002:"
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?", re.ASCII)


class BadScalar(ValueError):  # noqa: N818 - it is raised for what is bad, as Problem is named for what it is
    """A scalar that Kubernetes refuses; its text is a message for a person."""


def plain(text: str) -> Scalar:
    """Resolve an unquoted scalar without a tag. A number too large for its kind, such as ``1e400``, stays a string."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if first == ".":
        return _number(text) if _POINT_FLOAT.fullmatch(text) else text
    if first in "+-0123456789" and len(text) <= _LONGEST_NUMBER:
        return _signed(text)
    return text


def tagged(tag: str, text: str) -> Scalar:
    """Resolve a scalar that bears an explicit tag, quoted or not.

    Tags of applications and ``!`` leave a string. BadScalar when the text is not of the kind that the tag states.
    """
    name = tag.removeprefix(_TAG)
    if name == tag or name not in _TAGS:
        return text
    if name == "str":
        return text
    if name == "binary":
        return _binary(text)
    if name == "timestamp":
        if _DATE.fullmatch(text):
            return text
        raise BadScalar(f"{text!r} is not a {name}")
    value = plain(text)
    if name == "float" and type(value) is int:
        return value
    if type(value) not in _TAGS[name]:
        raise BadScalar(f"{text!r} is not a {name}")
    return value


_TAGS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "binary": (str,),
    "timestamp": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (float,),
    "null": (type(None),),
}


def json_value(value: Scalar) -> Scalar:
    """Return the value as it is after its way through Go's JSON: 1.0 is the integer 1; BadScalar for infinity."""
    if type(value) is not float:
        return value
    if not math.isfinite(value):
        raise BadScalar("a number that JSON cannot hold (.inf or .nan)")
    return int(value) if value.is_integer() and abs(value) < 2**63 else value


def key_text(value: Scalar) -> str:
    """Return the JSON name for a mapping key, as sigs.k8s.io/yaml writes it; BadScalar for null."""
    if isinstance(value, str):
        return value
    if value is None:
        raise BadScalar("a key that is null")
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _float_key(value)


def _signed(text: str) -> Scalar:
    bare = text.replace("_", "")
    for pattern, base in _INTEGERS:
        if match := pattern.fullmatch(bare):
            value = int(match[1] + match[2], base)
            if -(2**63) <= value < 2**64 and not (match[1] and value >= 2**63):
                return value
            break
    if _FLOAT.fullmatch(bare):
        return _number(bare, otherwise=text)
    return text


def _number(text: str, otherwise: str | None = None) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else otherwise or text


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split("\n")), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise BadScalar("!!binary that is not base64") from None


def _float_key(value: float) -> str:
    """Write a float with the fewest digits that name its 32-bit rounding, as Go's FormatFloat(f, 'g', -1, 32) does."""
    try:
        single = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        single = math.copysign(math.inf, value)
    if not math.isfinite(single):
        return ".nan" if math.isnan(single) else ".inf" if single > 0 else "-.inf"
    candidates = (f"{single:.{digits}e}" for digits in range(9))
    text = next(text for text in candidates if struct.pack("f", float(text)) == struct.pack("f", single))
    exponent = int(text.partition("e")[2])
    return text if not -4 <= exponent < 6 else f"{Decimal(text):f}"

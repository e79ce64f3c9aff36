"""Reads ``crenel.yaml``: strictly, so that no statement says less than its author meant.

A statement that cannot be read becomes a problem with its line, and the others are still read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from crenel.intents.model import (
    Allow,
    Deny,
    End,
    Exemption,
    Intents,
    Isolated,
    Legs,
    Only,
    Selection,
    Statement,
    Tls,
    Way,
)
from crenel.kubernetes.objects.meta import LabelSelector
from crenel.provenance import FieldPath, Origin, Problem, Severity

SCHEMA = "crenel/intents/v1"
"""What the field ``schema`` of a document has to be."""

_FAMILY = "crenel/intents/"
_TOP = ("schema", "intents")
_COMMON = ("name", "reason")
_SELECTING = ("namespace", "namespaceLabels", "labels")
_SELECTION = ("of", *_SELECTING, "ports", "except")
_Word = TypeVar("_Word", Way, Legs)
_OPERATORS = {"In": True, "NotIn": True, "Exists": False, "DoesNotExist": False}
"""The operators of label selectors, and whether they need values (meta/v1 LabelSelectorRequirement)."""


class _WrongError(ValueError):
    """A field that says something that is not understood."""

    def __init__(self, message: str, field: FieldPath) -> None:
        super().__init__(message)
        self.field = field


def recognises(data: Any) -> bool:
    """Whether a parsed document declares intents, of whatever version."""
    return isinstance(data, dict) and isinstance(data.get("schema"), str) and data["schema"].startswith(_FAMILY)


def read(documents: Sequence[tuple[Any, Origin]]) -> Intents:
    """Read all documents together; those that do not declare intents are passed over."""
    statements: list[Statement] = []
    problems: list[Problem] = []
    for data, origin in documents:
        if recognises(data):
            _Reader(origin, statements, problems).document(data)
    problems += _twice(statements)
    return Intents(tuple(statements), problems)


def _twice(statements: Sequence[Statement]) -> Iterator[Problem]:
    """Names tell statements apart in reports."""
    known: dict[str, Statement] = {}
    for each in statements:
        if each.name and known.setdefault(each.name, each) is not each:
            message = f"another statement is called {each.name!r} as well"
            yield Problem(message, each.origin, (*each.field, "name"), severity=Severity.WARNING)


class _Reader:
    """Reads one document."""

    def __init__(self, origin: Origin, statements: list[Statement], problems: list[Problem]) -> None:
        self._origin = origin
        self._statements = statements
        self._problems = problems

    def document(self, data: Mapping[str, Any]) -> None:
        if data["schema"] != SCHEMA:
            self._complain(f"schema {data['schema']!r} is not known: this version reads {SCHEMA}", ("schema",))
            return
        listed = data.get("intents")
        try:
            _only(data, _TOP, ())
        except _WrongError as error:
            self._complain(str(error), error.field)
        if not isinstance(listed, list):
            self._complain("has to be a list of statements", ("intents",))
            return
        for number, each in enumerate(listed):
            self._statement(each, ("intents", number))

    def _complain(self, message: str, field: FieldPath) -> None:
        self._problems.append(Problem(message, self._origin, field))

    def _statement(self, data: Any, field: FieldPath) -> None:
        try:
            self._statements.append(self._read(data, field))
        except _WrongError as error:
            self._complain(str(error), error.field)

    def _read(self, data: Any, field: FieldPath) -> Statement:
        found = _mapping(data, field)
        verbs = [each for each in _VERBS if each in found]
        if len(verbs) != 1:
            raise _WrongError(f"a statement has exactly one of {', '.join(_VERBS)}", field)
        _only(found, (*_COMMON, verbs[0]), field)
        common = {
            "name": _text(found, "name", field),
            "reason": _text(found, "reason", field),
            "number": len(self._statements) + 1,
            "origin": self._origin,
            "field": field,
        }
        inner = (*field, verbs[0])
        return _VERBS[verbs[0]](_mapping(found[verbs[0]], inner), inner, common)


def _between(kind: Callable[..., Statement]) -> Callable[..., Statement]:
    """The reader of a statement with two ends."""

    def made(data: Mapping[str, Any], field: FieldPath, common: Mapping[str, Any]) -> Statement:
        _only(data, ("from", "to"), field)
        sources = _end(_there(data, "from", field), (*field, "from"), target=False)
        return kind(sources=sources, targets=_end(_there(data, "to", field), (*field, "to"), target=True), **common)

    return made


def _isolated(data: Mapping[str, Any], field: FieldPath, common: Mapping[str, Any]) -> Isolated:
    _only(data, ("of", *_SELECTING, "direction", "except"), field)
    selecting = {key: value for key, value in data.items() if key in ("of", *_SELECTING)}
    inside = _end(selecting, field, target=False)
    listed = data.get("except", [])
    if not isinstance(listed, list):
        raise _WrongError("has to be a list of {from, to}", (*field, "except"))
    exemptions = tuple(_exemption(each, (*field, "except", number)) for number, each in enumerate(listed))
    return Isolated(
        inside=inside, way=_choice(Way, data, "direction", Way.BOTH, field), exemptions=exemptions, **common
    )


def _exemption(data: Any, field: FieldPath) -> Exemption:
    found = _mapping(data, field)
    _only(found, ("from", "to"), field)
    if not found:
        raise _WrongError("has to have from, to or both", field)
    sources = _end(found["from"], (*field, "from"), target=False) if "from" in found else ()
    return Exemption(sources, _end(found["to"], (*field, "to"), target=True) if "to" in found else ())


def _tls(data: Mapping[str, Any], field: FieldPath, common: Mapping[str, Any]) -> Tls:
    _only(data, ("host", "to", "legs"), field)
    if ("host" in data) == ("to" in data):
        raise _WrongError("has to have host or to", field)
    legs = _choice(Legs, data, "legs", Legs.ALL, field)
    if "to" in data:
        if "legs" in data:
            raise _WrongError("legs are those of a host", (*field, "legs"))
        return Tls(targets=_end(data["to"], (*field, "to"), target=True), **common)
    host = _text(data, "host", field)
    if not host:
        raise _WrongError("has to be a host or a URL", (*field, "host"))
    return Tls(host=host, legs=legs, **common)


_VERBS: dict[str, Callable[..., Statement]] = {
    "allow": _between(Allow),
    "deny": _between(Deny),
    "only": _between(Only),
    "isolated": _isolated,
    "tls": _tls,
}


def _end(data: Any, field: FieldPath, *, target: bool) -> End:
    """One end: a text, a mapping, or a list of them."""
    if not isinstance(data, list):
        return (_selection(data, field, target=target),)
    if not data:
        raise _WrongError("an empty list means nobody", field)
    return tuple(_selection(each, (*field, number), target=target) for number, each in enumerate(data))


def _selection(data: Any, field: FieldPath, *, target: bool) -> Selection:
    if isinstance(data, str) and data:
        return Selection(data, field=field)
    if isinstance(data, str) or not isinstance(data, dict):
        raise _WrongError("has to be a place such as shop/web, or a mapping with namespace or labels", field)
    found = _mapping(data, field)
    _only(found, _SELECTION, field)
    if "ports" in found and not target:
        raise _WrongError("ports belong to the end that is reached", (*field, "ports"))
    exceptions = _end(found["except"], (*field, "except"), target=False) if "except" in found else ()
    ports = tuple(_ports(found, field))
    if "of" in found:
        return _of(found, ports, exceptions, field)
    if not any(each in found for each in _SELECTING):
        raise _WrongError(f"has to have one of {', '.join(('of', *_SELECTING))}", field)
    return Selection(
        namespaces=_texts(found, "namespace", field),
        namespace_labels=_selector(found, "namespaceLabels", field),
        labels=_selector(found, "labels", field),
        ports=ports,
        exceptions=exceptions,
        field=field,
    )


def _of(data: Mapping[str, Any], ports: tuple[str, ...], exceptions: End, field: FieldPath) -> Selection:
    """A place with exceptions, or with ports of its own."""
    if any(each in data for each in _SELECTING):
        raise _WrongError("of is a place; namespaces and labels stand without it", (*field, "of"))
    text = _text(data, "of", field)
    if not text:
        raise _WrongError("has to be a place such as shop/web", (*field, "of"))
    return Selection(text, ports=ports, exceptions=exceptions, field=field)


def _ports(data: Mapping[str, Any], field: FieldPath) -> Iterator[str]:
    listed = data.get("ports", [])
    for number, each in enumerate(listed if isinstance(listed, list) else [listed]):
        if isinstance(each, bool) or not isinstance(each, int | str) or each == "":
            raise _WrongError("a port is a number, a name, 53/UDP or 8000-9000", (*field, "ports", number))
        yield str(each)
    if "ports" in data and listed == []:
        raise _WrongError("an empty list means no port", (*field, "ports"))


def _selector(data: Mapping[str, Any], key: str, field: FieldPath) -> LabelSelector | None:
    """Labels with their values, or a selector as Kubernetes writes it."""
    if key not in data:
        return None
    where = (*field, key)
    written = _mapping(data[key], where)
    whole = bool(written) and all(each in ("matchLabels", "matchExpressions") for each in written)
    try:
        if whole and not all(isinstance(each, str) for each in written.values()):
            found = msgspec.convert(written, LabelSelector)
        else:
            found = LabelSelector(match_labels=msgspec.convert(written, dict[str, str]))
    except msgspec.ValidationError as error:
        raise _WrongError(f"not a label selector: {error}", where) from None
    for number, each in enumerate(found.match_expressions or ()):
        if _OPERATORS.get(each.operator) is not bool(each.values):
            needs = " and ".join(f"{name} {'with' if some else 'without'} values" for name, some in _OPERATORS.items())
            raise _WrongError(f"operator {each.operator!r}: {needs}", (*where, "matchExpressions", number))
    return found


def _mapping(data: Any, field: FieldPath) -> Mapping[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise _WrongError("has to be a mapping", field)
    return data


def _only(data: Mapping[str, Any], known: Sequence[str], field: FieldPath) -> None:
    for key in data:
        if key not in known:
            raise _WrongError(f"there is no field {key!r} here: {', '.join(known)}", (*field, key))


def _there(data: Mapping[str, Any], key: str, field: FieldPath) -> Any:
    if key not in data:
        raise _WrongError(f"{key} is missing", field)
    return data[key]


def _text(data: Mapping[str, Any], key: str, field: FieldPath) -> str:
    found = data.get(key, "")
    if not isinstance(found, str):
        raise _WrongError("has to be text", (*field, key))
    return found


def _texts(data: Mapping[str, Any], key: str, field: FieldPath) -> tuple[str, ...]:
    found = data.get(key, [])
    listed = found if isinstance(found, list) else [found]
    if (key in data and not listed) or not all(isinstance(each, str) and each for each in listed):
        raise _WrongError("has to be a name, or a list of names", (*field, key))
    return tuple(listed)


def _choice(words: type[_Word], data: Mapping[str, Any], key: str, default: _Word, field: FieldPath) -> _Word:
    found = data.get(key, default.value)
    for each in words:
        if each.value == found:
            return each
    raise _WrongError(f"has to be one of {', '.join(each.value for each in words)}", (*field, key))

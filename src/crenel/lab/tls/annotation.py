"""What the annotation ``crenel.dev/tls`` of a Service or a pod says of ports.

It has kinds for ports, ``8443=mtls, metrics=plain``, or one kind for all of them, ``mtls``. A port is a number or a
name: of the Service where it stands at a Service, of the pod where it stands at a pod.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crenel.lab.tls.kinds import Kind

KEY = "crenel.dev/tls"
PLAIN = "plain"
WORDS: Mapping[str, Kind | None] = {
    "tls": Kind.TLS,
    "mtls": Kind.MUTUAL,
    "permissive": Kind.PERMISSIVE,
    PLAIN: None,
}
"""What it may say of a port; None is no TLS, whatever else speaks for it."""

_PART = re.compile(rf"(?:([a-z0-9-]{{1,63}})\s*=\s*)?({'|'.join(WORDS)})")


class Unclear(ValueError):  # noqa: N818 - it is named for what the text is
    """A text that says nothing; the message is one line."""


def read(text: str) -> Mapping[str, Kind | None]:
    """The kinds of ports by number or name; under the empty text that of all others.

    Raises:
        Unclear: a part of it makes no sense.
    """
    found: dict[str, Kind | None] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        written = _PART.fullmatch(part)
        if written is None:
            raise Unclear(f"{part[:60]!r} is none of {', '.join(WORDS)}, with or without PORT= before it")
        found[written[1] or ""] = WORDS[written[2]]
    return found


def of(said: Mapping[str, Kind | None], number: int, names: Sequence[str]) -> tuple[bool, Kind | None]:
    """Whether something is said of a port with some names, and what."""
    for key in (str(number), *filter(None, names), ""):
        if key in said:
            return True, said[key]
    return False, None

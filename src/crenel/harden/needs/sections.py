"""Files that several parts of one program share, with a section for each of them, as Loki, Tempo and Cortex have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crenel.harden.needs.model import Pods
from crenel.harden.needs.texts import words_of

_SECTION = re.compile(r"^(?P<name>[A-Za-z_][\w-]*)\s*:\s*(?:#.*)?$")


def own_part(text: str, owner: Pods, sharers: Iterable[Pods]) -> str:
    """A file without the sections that have the name of another one who shares it, and not the owner's.

    A section is a key at the outermost level of YAML, with all lines below that are set in. ``querier`` is the name of
    ``tempo-querier``, and of nobody where none of those who share the file is called so.
    """
    others = [each for each in sharers if each != owner]
    kept, dropping = list[str](), False
    for line in text.splitlines() if others else ():
        if line[:1] not in (" ", "\t", "-", "", "#"):
            found = _SECTION.match(line)
            dropping = found is not None and _is_anothers(found["name"], owner, others)
        if not dropping:
            kept.append(line)
    return "\n".join(kept) if others else text


def _is_anothers(name: str, owner: Pods, others: list[Pods]) -> bool:
    return not _is_called(owner, name) and any(_is_called(each, name) for each in others)


def _is_called(pods: Pods, name: str) -> bool:
    """Whether the name of a workload ends with the words of a section."""
    words = words_of(name)
    return bool(words) and words_of(pods.name)[-len(words) :] == words

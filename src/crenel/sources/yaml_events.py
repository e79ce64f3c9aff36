"""The events of libyaml's parser for one text, and where each begins."""

from __future__ import annotations

from collections.abc import Iterator

import yaml


def events(text: str) -> Iterator[yaml.Event]:
    """Yield the events of a text as they are parsed. Raises yaml.YAMLError where it stops being YAML."""
    parser = yaml.CSafeLoader(text)
    while (event := parser.get_event()) is not None:
        yield event


def offset(event: yaml.Event) -> int:
    """Return where an event begins, in characters from the begin of the text."""
    mark = event.start_mark
    assert mark is not None
    return mark.index

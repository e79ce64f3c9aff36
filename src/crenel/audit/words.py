"""How findings write what they quote."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.kubernetes.objects.meta import LabelSelector

_PLACES = (" (subnet", " (interfaces in ")


def plain_title(title: str) -> str:
    """The title of a firewall without the place that it stands at: ``network acl acl-1``, not ``... (subnet-1)``."""
    return min((title.partition(place)[0] for place in _PLACES), key=len)


def selector_text(selector: LabelSelector | None) -> str:
    """A selector as people write it on a command line: ``app=web, tier in (a, b)``."""
    return ", ".join(_parts(selector or LabelSelector())) or "everything"


def _parts(selector: LabelSelector) -> Iterator[str]:
    for key, value in (selector.match_labels or {}).items():
        yield f"{key}={value}"
    for each in selector.match_expressions or ():
        values = f" ({', '.join(each.values or ())})"
        match each.operator:
            case "In":
                yield f"{each.key} in{values}"
            case "NotIn":
                yield f"{each.key} not in{values}"
            case "Exists":
                yield each.key
            case _:
                yield f"not {each.key}"

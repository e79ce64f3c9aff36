"""Literal block scalars (``key: |`` and ``key: |-``), taken out of the lines of a document for the fast path.

Whatever ``kubectl apply`` has touched bears one, the annotation with the last applied configuration. Only blocks that
have one meaning are taken; a document with any other is left to `yaml_text`.
"""

from __future__ import annotations

import msgspec

from crenel.sources import yaml_lines


def has_blocks(text: str) -> bool:
    """Tell whether a text may have blocks to be taken out."""
    return ": |\n" in text or ": |-\n" in text


def take_out(lines: list[str]) -> tuple[list[str], dict[int, str]] | None:
    """Return the lines with each block replaced by a quoted string, and the JSON text of these strings by line number.

    None when a block is not plain: a tab in it, lines to the left of its first, no line end behind its last.
    """
    kept: list[str] = []
    found: dict[int, str] = {}
    position = 0
    while position < len(lines):
        line = lines[position]
        position += 1
        head, mark = (line[:-3], "|") if line.endswith(": |") else (line[:-4], "|-")
        shape = yaml_lines.shape(head) if line.endswith((": |", ": |-")) else None
        if shape is None:
            kept.append(line)
            continue
        end = _end(lines, position, column := shape.column + 2 * shape.dash)
        content = _content(lines[position:end], column) if end < len(lines) or not lines[-1] else None
        if content is None:
            return None
        found[len(kept)] = msgspec.json.encode(content if mark == "|-" else f"{content}\n").decode()
        kept.append(f'{head}: ""')
        position = end
    return kept, found


def _end(lines: list[str], begin: int, column: int) -> int:
    """Return the number of the first line behind a block, whose key stands in `column`."""
    end = begin
    while end < len(lines) and (not lines[end].strip(" ") or len(lines[end]) - len(lines[end].lstrip(" ")) > column):
        end += 1
    return end


def _content(lines: list[str], column: int) -> str | None:
    """Return the text of a block without the line ends at its end; None when it is not plain."""
    first = next((line for line in lines if line.strip(" ")), None)
    if first is None or not "".join(lines).isprintable():
        return None
    indent = len(first) - len(first.lstrip(" "))
    margin = " " * indent
    if indent <= column or not all(line.startswith(margin) or not line.strip(" ") for line in lines):
        return None
    if any(len(line) > indent for line in lines if not line.strip(" ")):
        return None
    return "\n".join(line[indent:] for line in lines).rstrip("\n")

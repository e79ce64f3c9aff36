"""Names of what is in a table: readable, in nft's alphabet and length, the same from one compilation to the next.

nft takes letters, digits and ``/ - _ .`` in an identifier (scanner.l), which covers every Kubernetes name; the kernel
takes up to 255 bytes (NFT_NAME_MAXLEN), of which we use less.
"""

from __future__ import annotations

import hashlib
import re

_LONGEST = 120
_DIGITS = 10
_STRANGE = re.compile(r"[^A-Za-z0-9/._-]")
COMMENT = 120
"""The longest comment; nft takes 128 bytes (NFTNL_UDATA_COMMENT_MAXLEN)."""


def digest(*parts: object) -> str:
    """A short name for some content, the same in every run."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_DIGITS]


def identifier(*parts: str) -> str:
    """Join parts with slashes; what is too long, or outside the alphabet, is told apart by its digest."""
    text = "/".join(parts)
    safe = _STRANGE.sub("_", text)
    if safe == text and len(text) <= _LONGEST:
        return text
    return f"{safe[: _LONGEST - _DIGITS - 1]}/{digest(text)}"


def comment(text: str) -> str:
    """What fits into a comment, without what would end it."""
    plain = text.replace('"', "'").replace("\n", " ")
    encoded = plain.encode()
    if len(encoded) <= COMMENT:
        return plain
    return encoded[: COMMENT - 3].decode(errors="ignore") + "..."

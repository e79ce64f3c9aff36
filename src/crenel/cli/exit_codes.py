"""What the command's exit codes mean: the same in every command and every format."""

from collections.abc import Iterable

FINE = 0
"""The answer is yes, or there is nothing to complain about."""
NO = 1
"""The answer is no: denied, unknown, findings, violated, different."""
ERROR = 2
"""Wrong use, or a document that could not be read or that the API would reject."""
NOTHING = 3
"""Nothing was examined."""
INTERRUPTED = 130
"""Ctrl-C, as shells report a process that SIGINT ended."""
BROKEN_PIPE = 141
"""The reader of the report went away, as shells report a process that SIGPIPE ended."""

_BY_WEIGHT = (FINE, NO, NOTHING, ERROR)


def worst(codes: Iterable[int]) -> int:
    """Return the code that a batch of answers ends with: 2 over 3 over 1 over 0; `FINE` for no codes at all."""
    return max(codes, key=_BY_WEIGHT.index, default=FINE)

"""Why flows cannot be read at all."""

from __future__ import annotations


class FlowsError(Exception):
    """Nothing can be read; the message is one line for a person."""


MISSING = "reading flows needs DuckDB: pip install 'crenel[flows]'"
"""What is said where the extra is not installed."""

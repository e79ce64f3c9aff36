"""Moments that users write."""

from datetime import UTC, datetime

from crenel.cli.usage import UsageError


def moment(text: str | None, option: str = "--at") -> datetime:
    """Read a date or a time (ISO 8601); without a time zone it is UTC. None is now.

    Raises:
        UsageError: it is neither.
    """
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UsageError(f"{option} {text}: not a date such as 2026-11-26 or 2026-11-26T10:00:00Z") from None

"""The error of everything that reads AWS, apart from what needs boto3."""

from __future__ import annotations

from crenel.provenance import Severity


class AwsError(Exception):
    """Something of AWS could not be read; the text is one line a person can act on.

    One that is `wide` is not about a single call: nothing more can be read from that service in that region, which is
    at `endpoint` where that matters.
    """

    def __init__(
        self, text: str, *, wide: bool = False, endpoint: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        super().__init__(text)
        self.wide = wide
        self.endpoint = endpoint
        self.severity = severity

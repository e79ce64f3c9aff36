"""The Status objects that an API server answers errors with."""

from __future__ import annotations

from typing import Any

EXPIRED_LIST = "The resourceVersion for the provided list is too old."
EXPIRED_CONTINUE = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class FailureError(Exception):
    """An answer that is a Status."""

    def __init__(
        self, code: int, reason: str, message: str, *, details: dict[str, Any] | None = None, token: str = ""
    ) -> None:
        super().__init__(message)
        self.code = code
        self.body: dict[str, Any] = {
            "kind": "Status", "apiVersion": "v1", "metadata": {"continue": token} if token else {},
            "status": "Failure",
            "message": message, "reason": reason,
        }  # fmt: skip
        if details is not None:
            self.body["details"] = details
        self.body["code"] = code


def unauthorized() -> FailureError:
    """401: the credentials are not known."""
    return FailureError(401, "Unauthorized", "Unauthorized")


def bad_request(message: str) -> FailureError:
    """400."""
    return FailureError(400, "BadRequest", message)


def not_found(resource: str, group: str, name: str) -> FailureError:
    """404 of an object (a path that is not served is answered in plain text instead)."""
    kind = f"{resource}.{group}" if group else resource
    details = {"name": name} | ({"group": group} if group else {}) | {"kind": resource}
    return FailureError(404, "NotFound", f'{kind} "{name}" not found', details=details)


def expired(message: str, token: str = "") -> FailureError:
    """410: the revision is compacted."""
    return FailureError(410, "Expired", message, token=token)


def too_large_version(stated: int, current: int) -> FailureError:
    """504: a resource version of the future."""
    return FailureError(
        504, "Timeout", f"Too large resource version: {stated}, current: {current}", details={"retryAfterSeconds": 1}
    )


def not_allowed() -> FailureError:
    """405."""
    return FailureError(
        405, "MethodNotAllowed", "the server does not allow this method on the requested resource", details={}
    )

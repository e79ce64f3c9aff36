"""The right to make network namespaces: root's, or that of an ordinary user in a user namespace of its own."""

from __future__ import annotations

from crenel.kernel.namespaces import enter_user_namespace, is_privileged


def prepare() -> None:
    """Make sure that this process may build a twin; an ordinary user becomes root of a new user namespace for good.

    Raises:
        Forbidden: the kernel forbids that; the message is one line.
    """
    if not is_privileged():
        enter_user_namespace()

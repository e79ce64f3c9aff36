"""How evidence quotes a value of a setting: in one short line, and without what may be a password.

Reports are shared more widely than manifests, so that rather too much is left out. Forms: RFC 3986, 3.2.1 (user
information); go-sql-driver/mysql, "DSN" (``user:password@tcp(host)``); PostgreSQL, "Connection Strings" and ADO.NET
(``password=...``); query parameters; tokens in the paths of webhooks.
"""

from __future__ import annotations

import re

from crenel.harden.needs.texts import words_of

_LONGEST = 60
_LOOKED_AT = 500
"""How much of a text is looked at, which bounds the time that it takes."""
_WORDS = ("password", "passwd", "passphrase", "pass", "pwd", "secret", "token", "key", "apikey", "credential",
          "credentials", "auth", "authorization", "signature", "sig")  # fmt: skip
"""Words that end the name of what holds a secret."""
_HIDDEN = "..."
_USER = re.compile(r"""(://)[^\s"'<>,;]*@""")
_PLAIN_USER = re.compile(r"""(?<![\w/.])[^\s/:@=,;"'<>(]+:(?!//)(?:(?!://)[^\s"'<>])*@""")
_NAMED = re.compile(
    rf"""(?i)((?<![a-z])(?:[\w.-]*[-_.])?(?:{"|".join(_WORDS)})["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s&;,"'{{}}]+)"""
)
_OPAQUE = re.compile(r"(?<=/)(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{20,}")


def quoted(text: str, key: str = "") -> str:
    """A value as evidence quotes it; of a setting whose name speaks of a secret nothing."""
    words = words_of(key)
    if words and words[-1] in _WORDS:
        return _HIDDEN
    line = " ".join(text.split())
    if len(line) > _LOOKED_AT:  # a word that is cut could hide that it is a password
        line = f"{line[:_LOOKED_AT].rpartition(' ')[0]} {_HIDDEN}".strip()
    line = _USER.sub(rf"\1{_HIDDEN}@", line)
    line = _PLAIN_USER.sub(f"{_HIDDEN}@", line)
    line = _OPAQUE.sub(_HIDDEN, _NAMED.sub(rf"\1{_HIDDEN}", line))
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."

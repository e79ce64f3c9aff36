"""A server of old times, in pure Python: what no OpenSSL offers any more."""

from __future__ import annotations

import socket
import warnings
from collections.abc import Callable, Sequence

from certificates.probing.material import Files

with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # it still serves asyncore
    from tlslite import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey
    from tlslite.constants import CipherSuite
    from tlslite.errors import TLSError

NAMES: dict[int, str] = CipherSuite.ietfNames
"""The names of cipher suites by their numbers."""

Numbers = tuple[int, int]


def weak(
    files: Files, oldest: Numbers, newest: Numbers, ciphers: Sequence[str], *, asks: bool = False
) -> Callable[[socket.socket], None]:
    """What to do with each connection, for `servers.answering`; `asks` for a certificate as well."""
    chain = X509CertChain()
    chain.parsePemList(files.path("rsa.crt").read_text("utf-8"))
    key = parsePEMKey(files.path("rsa.key").read_text("utf-8"), private=True)

    def behave(connection: socket.socket) -> None:
        how = HandshakeSettings()
        how.minVersion, how.maxVersion = oldest, newest
        how.cipherNames, how.macNames, how.keyExchangeNames = list(ciphers), ["sha"], ["rsa"]
        try:
            TLSConnection(connection).handshakeServer(certChain=chain, privateKey=key, settings=how, reqCert=asks)
        except (TLSError, OSError):
            return

    return behave

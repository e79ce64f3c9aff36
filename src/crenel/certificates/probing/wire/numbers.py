"""The numbers of the TLS registries that are needed here (IANA, "TLS Parameters" and "TLS ExtensionType Values")."""

from __future__ import annotations

import enum


class Version(enum.IntEnum):
    """A version of the protocol, as it is on the wire."""

    SSL3 = 0x0300
    TLS1_0 = 0x0301
    TLS1_1 = 0x0302
    TLS1_2 = 0x0303
    TLS1_3 = 0x0304

    @property
    def title(self) -> str:
        """How people write it: ``TLS 1.3``."""
        return "SSL 3.0" if self is Version.SSL3 else f"TLS 1.{self - Version.TLS1_0}"


class Kind(enum.IntEnum):
    """A content type of records (RFC 8446, section 5.1)."""

    CHANGE_CIPHER_SPEC = 20
    ALERT = 21
    HANDSHAKE = 22
    APPLICATION_DATA = 23


class Message(enum.IntEnum):
    """A type of handshake messages (RFC 8446, section 4; RFC 5246, section 7.4; RFC 6066, section 8)."""

    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    ENCRYPTED_EXTENSIONS = 8
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14
    CERTIFICATE_VERIFY = 15
    FINISHED = 20
    CERTIFICATE_STATUS = 22
    MESSAGE_HASH = 254


class Extension(enum.IntEnum):
    """A type of extensions."""

    SERVER_NAME = 0
    STATUS_REQUEST = 5
    SUPPORTED_GROUPS = 10
    EC_POINT_FORMATS = 11
    SIGNATURE_ALGORITHMS = 13
    ALPN = 16
    PADDING = 21
    EXTENDED_MASTER_SECRET = 23
    SUPPORTED_VERSIONS = 43
    COOKIE = 44
    CERTIFICATE_AUTHORITIES = 47
    KEY_SHARE = 51
    RENEGOTIATION_INFO = 0xFF01


class Group(enum.IntEnum):
    """A named group (RFC 8446, section 4.2.7; RFC 7919; X25519MLKEM768: draft-ietf-tls-ecdhe-mlkem)."""

    SECP256R1 = 0x0017
    SECP384R1 = 0x0018
    SECP521R1 = 0x0019
    X25519 = 0x001D
    X448 = 0x001E
    FFDHE2048 = 0x0100
    FFDHE3072 = 0x0101
    X25519MLKEM768 = 0x11EC

    @property
    def title(self) -> str:
        """How the registry and Mozilla's guidelines write it."""
        return {"SECP256R1": "prime256v1"}.get(self.name, self.name if self.name.startswith("X") else self.name.lower())


SIGNATURES = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B, 0x0401, 0x0501, 0x0601,
    0x0303, 0x0301, 0x0302, 0x0402, 0x0502, 0x0602, 0x0203, 0x0201, 0x0202,
)  # fmt: skip
"""Signature schemes, SHA-1 and DSA among them, so that a server with an old certificate answers too."""

ALERTS = {
    0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed", 22: "record_overflow",
    30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate", 42: "bad_certificate",
    43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error", 51: "decrypt_error",
    60: "export_restriction", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
    86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
    110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
    115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
"""Alert descriptions (RFC 8446, section 6, and its predecessors)."""

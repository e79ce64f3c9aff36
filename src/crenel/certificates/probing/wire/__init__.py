"""A small codec of the beginnings of TLS handshakes, as a client needs it to find out what a server accepts.

It builds ClientHellos that no library would send (single versions, suites that were given up) and reads answers up to
the server's certificates, those of TLS 1.3 decrypted. It never comes to the end of a handshake and never sends data.
Whatever a server answers leads to a value or to `cursor.WireError`; nothing here reads from a network.

Sources: RFC 8446 (TLS 1.3), RFC 5246 (TLS 1.2), RFC 4346, RFC 2246 and RFC 6101 (TLS 1.1, TLS 1.0, SSL 3.0).
"""

"""Certificates from a CA that speaks ACME (RFC 8555), such as Let's Encrypt.

All that a client knows is in one folder: the key of its account (``account.key``), the account (``account.json``), the
certificates that it looks after (``certificates.json``), and the keys of orders that are not finished (``orders/``).
Every change is made under a lock, as in `crenel.certificates.authority`.
"""

"""TLS in the twin: workloads get certificates, serve what is declared, and are asked whom they accept.

All but `kinds`, `annotation` and `findings` needs ``crenel[certs]``.
"""

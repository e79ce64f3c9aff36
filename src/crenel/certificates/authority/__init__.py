"""An own certificate authority: an offline root, a short-lived intermediate, certificates for workloads.

All that it knows is in one folder: the policy (``ca.toml``), the state (``state.json``), the ledger of what was issued
(``issued.jsonl``), revocation lists (``crl/``) and, with the key store of files, the keys (``keys/``). Every change is
made under a lock, written beside what it replaces and renamed into its place, so that a process may end at any point.
"""

"""The Kubernetes objects that Crenel reads, as the API documents them.

Only what has a meaning for the network is typed. Every other field that the API knows at the same level is declared
as `Any`, so that a field which is *not* declared is a mistake worth a line. ``null`` stands for an absent field, as the
API server reads it, so every field may be None; absent and empty lists stay distinguishable.
"""

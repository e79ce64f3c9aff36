"""The SPIFFE Workload API, served over a Unix socket from an own certificate authority: its X.509-SVID profile.

A caller is whoever the kernel says that it is: the user and the group of the process that connected (SO_PEERCRED,
unix(7)). That is what entries go by, and all that is promised: every process of a user gets the same identities, and a
container is told apart only where it runs under a user of its own, or has a socket of its own.

Sources: SPIFFE_Workload_API, SPIFFE_Workload_Endpoint and X509-SVID of github.com/spiffe/spiffe, standards.
"""

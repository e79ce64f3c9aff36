"""How Crenel talks to the Linux kernel: network namespaces, netlink, nftables; the standard library is all it takes.

The part knows no Kubernetes and no network model: it takes addresses, names and bytes, and returns them.
"""

"""The cluster in the kernel: namespaces, links, routes, and the Services of each node."""

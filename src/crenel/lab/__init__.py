"""The kernel lab: the cluster that an input describes, as network namespaces of this machine, with real packets."""

"""Typed Kubernetes objects, label selectors, and who lives in the cluster."""

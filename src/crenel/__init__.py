"""Crenel: who can talk to whom in a Kubernetes cluster, exactly."""

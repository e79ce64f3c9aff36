"""The neutral network and its solver: it knows no Kubernetes and no cloud word."""

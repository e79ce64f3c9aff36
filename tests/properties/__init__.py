"""What must hold for every cluster and every set of policies."""

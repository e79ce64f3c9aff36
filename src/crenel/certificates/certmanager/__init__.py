"""Writes objects of cert-manager for what has no certificate, or one that nobody renews."""

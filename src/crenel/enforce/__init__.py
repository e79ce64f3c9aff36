"""Enforcement: the neutral network as rules of the Linux kernel."""

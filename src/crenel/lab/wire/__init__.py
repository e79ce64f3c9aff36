"""Firewalls of the infrastructure in the kernel: interfaces around a router with their rules, and the world outside."""

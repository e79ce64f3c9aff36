"""Every certificate and key pair of an input: whose it is, who serves it, who trusts it, and who renews it."""

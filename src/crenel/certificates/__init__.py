"""Certificates: what there is of them, issuing them, and asking servers for them."""

"""Layer-7 proxies in neutral terms: listeners, routes, and which backend answers a request."""

"""The cluster that most decisions are asked in."""

from __future__ import annotations

from conformance.decisions import namespace, node, pod

A, B = namespace("a", team="a"), namespace("b", team="b")
WEB = pod("a/web", "10.0.0.1", on="n1", ports="http:80 dns:53/UDP", app="web")
API = pod("a/api", "10.0.0.2", on="n1", ports="http:8080", app="api")
BARE = pod("b/bare", "10.0.1.1", on="n2")
CLIENT = pod("b/client", "10.0.1.2", on="n2", app="client")
AGENT = pod("b/agent", "192.168.0.2", on="n2", host=True, app="client")
BASE = [A, B, node("n1", "192.168.0.1"), node("n2", "192.168.0.2"), WEB, API, BARE, CLIENT, AGENT]

"""The cluster as the lab builds it: pods on nodes, every one with its addresses, and who stands behind what."""

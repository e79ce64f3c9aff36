"""A question in, an answer out: can, map, diff, and the smallest change."""

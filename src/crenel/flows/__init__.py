"""Observed traffic: logs of many formats, read and folded into who talked to whom.

Needs ``crenel[flows]`` (DuckDB); nothing else of Crenel imports this part unless flows are asked for.
"""

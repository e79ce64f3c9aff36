"""Statements of ``crenel.yaml``, decided by the solver: the question `prove`.

`ends` finds out whom a statement means, `solving` solves it as rectangles of sources, targets and traffic, a file for
each verb judges it, `mending` looks for the smallest change that makes it hold.
"""

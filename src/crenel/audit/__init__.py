"""The catalogue of findings: what is wrong with a network's security, how it can be reached, and how to mend it.

A check is one file in `crenel.audit.checks`. Checks look at a `Subject`, which asks the solver, and yield `Finding`s.
"""

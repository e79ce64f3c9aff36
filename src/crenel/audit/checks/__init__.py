"""One file per check, named after its id; `crenel.audit.catalogue` finds them.

The docstring of a check's module is its published page. Beside that it has ``CHECK``, a `Check`, and
``findings(subject)``, which yields a `Finding` for each thing that is wrong.
"""

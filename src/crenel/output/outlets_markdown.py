"""Where workloads can go outside of the cluster, for a pull request."""

from __future__ import annotations

from collections.abc import Sequence

from crenel.output import outlets_words as words
from crenel.output.markdown import code, plain, table
from crenel.questions.exposure.outbound import Outlet
from crenel.questions.verdict import Traffic


def render(outlets: Sequence[Outlet], everything: Traffic) -> str:
    """Write a table, or that nothing leaves."""
    rows = words.rows(outlets, everything)
    if not rows:
        return "Nothing leaves the cluster.\n"
    cells = [(code(name), plain(to), state, plain(traffic)) for name, to, state, traffic in rows]
    return "\n".join([*table(("Workload", "To", "State", "Traffic"), cells), ""])

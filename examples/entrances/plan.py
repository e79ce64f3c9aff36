# ruff: noqa: INP001, T201 - a script, which prints
"""Plan what closes the entrances of the bookshop, and print it; nothing is written."""

from pathlib import Path

import crenel
from crenel.harden.services import Wishes, plan
from crenel.output import services_table

folder = Path(__file__).parent.relative_to(Path.cwd())
network = crenel.load(folder)
found = plan(network, Wishes(intents=network.declared, issuer="letsencrypt"))
print(services_table.render(found))
print("".join(change.diff() for change in found.files if change.old is not None), end="")

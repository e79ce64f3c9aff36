"""Closes what Services, Ingresses, Gateways and routes leave open, by edits of the user's own objects.

`crenel.harden.services.planning.plan` finds the changes and proves each before it is shown;
``docs/concepts/services-and-tls.md`` says which there are.
"""

from __future__ import annotations

from crenel.harden.services.model import Certainty, Change, Plan, Stays, Wishes, Withheld
from crenel.harden.services.planning import changes, in_place, plan

__all__ = ["Certainty", "Change", "Plan", "Stays", "Wishes", "Withheld", "changes", "in_place", "plan"]

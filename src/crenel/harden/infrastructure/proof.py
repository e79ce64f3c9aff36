"""The proof of a rule set: each of its forms, read back by our own dialect, is the intent.

Terraform's configuration is read by the reader of its plans, as the plan that it comes to (`planning`); a platform's
own form as it is. The interfaces of the intent are put in their places beside both.
"""

from __future__ import annotations

from dataclasses import dataclass

from crenel.harden.infrastructure.comparing import Difference, compare
from crenel.harden.infrastructure.platforms import platform
from crenel.harden.infrastructure.reference import reference
from crenel.harden.infrastructure.written import Written
from crenel.provenance import Problem


@dataclass(frozen=True, slots=True)
class Proof:
    """What one form came to: on what it differs from the intent, and what the reader had to complain of."""

    form: str
    differences: tuple[Difference, ...]
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether the form says just what is meant."""
        return not self.differences and not self.problems


def prove(written: Written) -> list[Proof]:
    """Read every form back that our dialects read, and compare it with the intent that it was written from."""
    writer = platform(written.platform)
    wanted = reference(writer.meaning(written))
    found = []
    for form in written.forms:
        seen = writer.read(written, form)
        if not seen:
            continue
        differences = [each for one in seen for each in compare(wanted, one, writer.blind(written))]
        problems = list(dict.fromkeys(each for one in seen for each in one.infrastructure.problems))
        found.append(Proof(form.name, tuple(dict.fromkeys(differences)), tuple(problems)))
    return found

"""What a writer hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crenel.harden.infrastructure.model import Opening, Wanted


@dataclass(frozen=True, slots=True)
class Unfit:
    """Something that a platform cannot say, or has no room for.

    With an `opening` just that is missing from the files: it is closed. Without one nothing is written of what `where`
    names, because half of a rule set would cut what is needed.
    """

    where: str
    says: str
    opening: Opening | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.says}"


@dataclass(frozen=True, slots=True)
class Seats:
    """How the files name what guards whom, so that they can be read back with the interfaces in their places.

    `groups` has by the name of each group what its members bear: ids of groups, or tags.
    """

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form:
    """One way in which a rule set is written: Terraform, or the platform's own. `files` are texts by name."""

    name: str
    files: Mapping[str, str]
    seats: Seats = Seats()


@dataclass(frozen=True, slots=True)
class Written:
    """A rule set for one platform.

    `files` are all files of all forms; `notes` say how to put them in place and what they rest on. `wanted` is the
    intent as the platform can keep it, without what is `unfit`.
    """

    platform: str
    forms: Sequence[Form]
    notes: Sequence[str] = ()
    unfit: Sequence[Unfit] = ()
    wanted: Wanted = field(default_factory=Wanted)

    @property
    def files(self) -> dict[str, str]:
        """All files, by name."""
        return {name: text for form in self.forms for name, text in form.files.items()}

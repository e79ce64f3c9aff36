"""What the reports of `crenel harden` are made from."""

from __future__ import annotations

from dataclasses import dataclass, field

from crenel.harden.needs.model import traffic_text
from crenel.harden.policies.harden import Hardening
from crenel.harden.whole import Whole
from crenel.output.preview_words import verdict
from crenel.output.reports import Context
from crenel.questions.observing.preview import Preview
from crenel.questions.proving.result import Proof, State


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of the lab's probes; `wrong` are those that did not go as the model says."""

    probes: int
    connected: int
    dropped: int
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HardeningReport:
    """A hardening with all that was asked of it: statements, observed traffic, the lab, the folder."""

    whole: Whole
    context: Context = field(default_factory=Context)
    proof: Proof | None = None
    """Of the declared statements, in the result."""
    preview: Preview | None = None
    """What of the traffic that was observed, or is to be replayed, the result would not let through."""
    lab: Tried | None = None
    out: str | None = None
    changed: tuple[str, ...] = ()
    """The files of the folder that are new or other than before."""
    edited: tuple[str, ...] = ()
    """The user's own files that were changed, and those that are new beside them."""

    @property
    def hardening(self) -> Hardening:
        """The part about policies."""
        return self.whole.hardening

    @property
    def objections(self) -> tuple[str, ...]:
        """What speaks against applying the result."""
        found = [f"not allowed, although it is needed: {need}" for need in self.hardening.proof.missing]
        found += [f"cannot be read back: {problem}" for problem in self.hardening.proof.problems]
        found += self.whole.objections
        found += self._conflicts()
        if self.proof is not None:
            found += [
                f"statement {each.statement.title}: {each.says}"
                for each in self.proof.results
                if each.state is not State.HOLDS
            ]
        if self.preview is not None and (self.preview.broken or self.preview.uncertain):
            found.append(verdict(self.preview))
        if self.lab is not None:
            found += [f"in the lab: {each}" for each in self.lab.wrong]
        return tuple(found)

    def _conflicts(self) -> list[str]:
        """The needs that statements forbid, those between the same ends together."""
        together: dict[tuple[str, str], list[str]] = {}
        for each in self.hardening.conflicts:
            key = (f"{each.need.source} -> {each.need.target}", each.statement.title)
            together.setdefault(key, []).append(traffic_text(each.need.traffic))
        return [
            f"{ends} {' '.join(traffic)} is needed, and {title} forbids it: it is closed"
            for (ends, title), traffic in together.items()
        ]

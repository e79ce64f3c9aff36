"""Who signed the certificates of an input, as far as it has them; and each leaf once, however many Secrets hold it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from crenel.audit.certified import answering, served_pairs
from crenel.audit.subject import Subject
from crenel.audit.verified import covers
from crenel.certificates.inventory.model import Caller, Entry, Inventory, Place, SecretName, Use

if TYPE_CHECKING:
    from crenel.certificates.material.certificate import Certificate


def serving(subject: Subject, caller: Caller) -> Sequence[Entry]:
    """The pairs that surely answer a caller: of those that its pods mount, the ones that cover its name."""
    entries = answering(subject, caller) if caller.host else ()
    return [each for each in entries if each.leaf is not None and covers(each.leaf, caller.host)]


class Leaf(NamedTuple):
    """A leaf, the entry that speaks for it (one that is used, where there is one), and the others that hold it."""

    entry: Entry
    certificate: Certificate
    others: Sequence[Entry]

    @property
    def more(self) -> str:
        """How many others, for the end of a sentence."""
        return f" (and {len(self.others)} more hold it)" if self.others else ""


def leaves(inventory: Inventory) -> Iterator[Leaf]:
    """All leaves."""
    found: dict[str, list[tuple[Entry, Certificate]]] = defaultdict(list)
    for entry, leaf in served_pairs(inventory):
        found[leaf.fingerprint].append((entry, leaf))
    for pairs in found.values():
        first = next((pair for pair in pairs if pair[0].served), pairs[0])
        yield Leaf(*first, [entry for entry, _ in pairs if entry is not first[0]])


@dataclass(eq=False)
class Held:
    """A certificate of an authority, and all places that hold it: in a cluster there may be one for each leaf."""

    certificate: Certificate
    entries: list[Entry] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """The first of them."""
        return self.entries[0].place

    @cached_property
    def by_namespace(self) -> Mapping[str, Sequence[Entry]]:
        """The places by their namespaces."""
        found: dict[str, list[Entry]] = defaultdict(list)
        for entry in self.entries:
            found[entry.place.namespace].append(entry)
        return found

    @cached_property
    def is_anchor(self) -> bool:
        """Whether somebody is given it to trust: other than beside what it signed."""
        return any(each.use is Use.BUNDLE and (each.secret is None or each.trusted) for each in self.entries)

    @cached_property
    def beside(self) -> frozenset[SecretName]:
        """The Secrets that hold it as what is to be trusted."""
        return frozenset(each.secret for each in self.entries if each.use is Use.BUNDLE and each.secret is not None)


class Signers:
    """The authorities of an input by their subjects, each once."""

    def __init__(self, inventory: Inventory) -> None:
        self._named: dict[bytes, dict[str, Held]] = defaultdict(dict)
        for entry in inventory.entries:
            for each in entry.certificates:
                if each.is_ca:
                    self._named[each.subject_bytes].setdefault(each.fingerprint, Held(each)).entries.append(entry)

    def named(self, certificate: Certificate) -> Sequence[Held]:
        """Those with the name that a certificate gives its issuer."""
        return list(self._named.get(certificate.issuer_bytes, {}).values())

    def of(self, certificate: Certificate) -> Sequence[Held]:
        """Those that did sign it."""
        return [each for each in self.named(certificate) if certificate.signed_by(each.certificate)]

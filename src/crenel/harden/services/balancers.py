"""Load balancers that are open to the world: made internal, or limited to those who need them.

Which ones are open is up to the checks SV-03 and SV-10 of the audit, what makes one internal to
`crenel.audit.internal`. Who needs one is never guessed: where neither intents nor flows tell, the change waits.
"""

from __future__ import annotations

from collections.abc import Iterator

from crenel.audit.checks import sv_03, sv_10
from crenel.audit.finding import Finding, Persona
from crenel.audit.internal import remedy
from crenel.dialects.entries import EntryKind
from crenel.dialects.loadbalancer import source_ranges
from crenel.editing.patches import Edit, Remove, Set
from crenel.harden.needs.model import Evidence
from crenel.harden.services.clients import Clients, Coming, Known
from crenel.harden.services.context import Context, mended
from crenel.harden.services.model import Certainty, Change, Promise
from crenel.kubernetes.objects.services import Service
from crenel.provenance import FieldPath

_ANNOTATIONS = ("metadata", "annotations")
_RANGES: FieldPath = ("spec", "loadBalancerSourceRanges")
_MOST = 40
"""How many ranges are written at most: security groups of AWS overflow at 60 (kubernetes-sigs#4800)."""
_MOVES = "the load balancer gets another address: names that lead to it have to follow"


def changes(context: Context, coming: Coming) -> Iterator[Change]:
    """One change for each load balancer that is open to more than need it."""
    meant = {each.object: each for each in sv_10.findings(context.subject) if each.patch is not None}
    told: set[str] = set()
    for finding in sv_03.findings(context.subject):
        told.add(finding.object)
        yield from _Opened(context, coming, finding, meant.get(finding.object)).changes()
    for title, finding in meant.items():
        if title not in told:
            yield from _Opened(context, coming, finding, finding).changes()


class _Opened:
    """One load balancer that is open to the world, and is perhaps meant to be internal."""

    def __init__(self, context: Context, coming: Coming, finding: Finding, meant: Finding | None) -> None:
        self._context = context
        self._coming = coming
        self._finding = finding
        self._meant = meant
        thing = finding.thing
        assert isinstance(thing, Service)
        self._service = thing
        paths = context.subject.paths_through.get((thing.namespace, thing.name), ())
        self._entries = list({id(path.entry): path.entry for path in paths}.values())

    def changes(self) -> Iterator[Change]:
        """The change, if there is one."""
        clients = self._coming.to(self._entries)
        if clients.known is Known.NOT or clients.hidden:
            yield from self._unknown(clients)
        elif clients.known is Known.OBSERVED and not clients.addresses:
            question = f"nobody was seen to come from outside: is {self._service.name} only for inside?"
            yield from self._internal(question, (*clients.evidence, self._coming.window()))
        elif clients.public:
            self._keep("whoever comes from the internet needs it", clients)
        else:
            yield from self._limited(clients)

    def _keep(self, why: str, clients: Clients) -> None:
        says = "; ".join(map(str, clients.evidence[:3]))
        self._context.keep(
            self._service.title, f"{why}: {says}" if says else why, self._service.origin, ("spec", "type")
        )

    def _unknown(self, clients: Clients) -> Iterator[Change]:
        """What waits until somebody says who comes."""
        if self._meant is not None and self._meant.patch is not None:
            question = "" if "annotation" in self._meant.message else f"is {self._service.name} only for inside?"
            yield from self._internal(question, clients.evidence)
        elif self._finding.persona is Persona.PEDANTIC:
            self._keep("it leads to a proxy, which is there for everybody", clients)
        else:
            seen = "some were seen behind the address of a node, " if clients.hidden else ""
            question = f"{seen}neither intents nor flows say who comes: is {self._service.name} only for inside?"
            yield from self._internal(question, clients.evidence)

    def _internal(self, question: str, evidence: tuple[Evidence, ...]) -> Iterator[Change]:
        """Make it internal; without a `question` that is sure."""
        edits = self._annotation()
        if not edits:
            self._context.keep(
                self._service.title,
                "who comes is not known, nor what makes a load balancer internal here: say in crenel.yaml who needs it",
                self._service.origin, ("spec", "type"),
            )  # fmt: skip
            return
        yield self._made("internal", edits, evidence, question)

    def _annotation(self) -> tuple[Edit, ...]:
        if self._meant is not None and self._meant.patch is not None:
            return tuple(getattr(self._meant.patch, "edits", ()))
        found = remedy(self._service, self._context.subject.cloud)
        return (Set((*_ANNOTATIONS, found[0]), found[1]),) if found is not None else ()

    def _limited(self, clients: Clients) -> Iterator[Change]:
        """Leave in those who need it, and nobody else."""
        inside = bool(clients.addresses) and clients.addresses <= self._coming.private
        annotation = self._annotation() if inside or not clients.addresses else ()
        ranges = self._ranges(clients)
        edits: list[Edit] = [*annotation]
        if ranges is not None:
            edits.append(Set(_RANGES, ranges))
            edits += self._older_ranges()
        if not edits:
            self._keep(
                "what makes it internal here is not known, and who needs it is no short list of addresses", clients
            )
            return
        question = ""
        if clients.known is Known.OBSERVED and not inside:
            question = "these addresses are what was seen: are they all that may come?"
        name = "internal" if annotation else "source-ranges"
        evidence = clients.evidence if clients.known is Known.DECLARED else (*clients.evidence, self._coming.window())
        change = self._made(name, tuple(edits), evidence, question)
        if clients.strays:
            self._context.withhold(change, f"{clients.strays} was seen to come, and no intent says so or forbids it")
        else:
            yield change

    def _ranges(self, clients: Clients) -> list[str] | None:
        """The source ranges to write; None for none. What was only seen is widened to the user's own networks."""
        wanted = clients.addresses
        if (
            clients.known is Known.OBSERVED
            and self._context.wishes.internal
            and wanted <= self._context.wishes.internal
        ):
            wanted = self._context.wishes.internal
        elif clients.known is Known.OBSERVED and wanted <= self._coming.private:
            return None
        written = min(wanted.cidrs(), (wanted | self._context.pod_ranges).cidrs(), key=len)
        return written if written and len(written) <= _MOST else None

    def _older_ranges(self) -> Iterator[Edit]:
        found = source_ranges(self._service)
        if found is not None and found[1] != _RANGES:
            yield Remove(found[1])

    def _made(self, name: str, edits: tuple[Edit, ...], evidence: tuple[Evidence, ...], question: str) -> Change:
        service, findings = self._service, [each for each in (self._finding, self._meant) if each is not None]
        thing = self._context.of(self._finding)
        assert thing is not None
        return Change(
            name=name,
            what=f"{service.title}: {_words(edits)}",
            thing=thing,
            field=self._finding.field,
            edits=edits,
            reason=self._finding.message,
            evidence=evidence,
            promise=Promise(entries=frozenset({(EntryKind.BALANCER, service.title)})),
            mends=mended(findings),
            certainty=Certainty.CONFIRM if question else Certainty.SURE,
            question=question,
            notes=((_MOVES,) if name == "internal" else ()) + self._old(),
        )

    def _old(self) -> tuple[str, ...]:
        """What is said where the infrastructure of the input has the load balancer as it is now."""
        found = self._context.subject.joined.balancers_of(self._service)
        text = "in the input is still the old one: read the cloud again to see what it made of this"
        return (f"load balancer {found[0].name} {text}",) if found else ()


def _words(edits: tuple[Edit, ...]) -> str:
    parts = []
    for edit in edits:
        if isinstance(edit, Set):
            value = ", ".join(edit.value) if isinstance(edit.value, list) else edit.value
            parts.append(f"{edit.path[-1]}: {value}")
    return "; ".join(parts)

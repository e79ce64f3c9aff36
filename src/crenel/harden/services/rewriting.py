"""Carries changes out: on a copy of the documents, and in the user's own text, which is then read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from crenel.editing import files
from crenel.editing.files import FileChange, Outcome
from crenel.editing.patches import Edit, NewFile, Patch
from crenel.editing.values import applied
from crenel.harden.services.model import Change, NewObject, Thing
from crenel.library import Network
from crenel.provenance import FieldPath, Origin
from crenel.sources.document import Document
from crenel.sources.manifests import ManifestReader

_Place = tuple[str, int, FieldPath]


def edits(changes: Iterable[Change]) -> dict[_Place, tuple[Thing, list[Edit]]]:
    """The edits of each object, each once."""
    found: dict[_Place, tuple[Thing, list[Edit]]] = {}
    for change in changes:
        for thing, wanted in change.touched:
            known = found.setdefault(thing.place, (thing, []))[1]
            known += [each for each in wanted if each not in known]
    return found


def objects(changes: Iterable[Change]) -> list[NewObject]:
    """The objects that are new, each once."""
    return list({(each.thing.kind, each.thing.namespace, each.thing.name): each for change in changes
                 for each in change.new}.values())  # fmt: skip


def rewritten(network: Network, changes: Sequence[Change]) -> Network:
    """The network with changes in its documents.

    Raises:
        RefusalError: a document does not have what is to be edited.
    """
    return network.rewritten(_changed(network, changes), _new(network, changes))


def _changed(network: Network, changes: Sequence[Change]) -> list[Document]:
    wanted = edits(changes)
    found = []
    for document in network.documents:
        place = (document.origin.source, document.origin.document, document.origin.item)
        if place in wanted:
            found.append(Document(applied(document.data, wanted[place][1]), document.origin, document.served))
    return found


def _new(network: Network, changes: Sequence[Change]) -> list[Document]:
    """The objects that are new, where their files go."""
    folders = [Path(_beside(each, changes, network).source).parent for each in objects(changes)]
    return [
        Document(each.data, Origin(str(folder / each.file)))
        for each, folder in zip(objects(changes), folders, strict=True)
    ]


def in_files(network: Network, changes: Sequence[Change]) -> tuple[Outcome, Network]:
    """What the user's files become, and the network that is read back from them.

    Where a text cannot be edited, its documents are those of `rewritten`.
    """
    outcome = files.changes(_patches(network, changes))
    read = _read_back(outcome.changes)
    unread = [
        each
        for each in _changed(network, changes)
        if (each.origin.source, each.origin.document, each.origin.item) not in read
    ]
    return outcome, network.rewritten([*read.values(), *unread], _new(network, changes))


def is_in_files(network: Network, change: Change) -> bool:
    """Whether the user's files can say all of a change."""
    outcome = files.changes(_patches(network, [change]))
    return not outcome.refused and all(each.writable for each in outcome.changes)


def _patches(network: Network, changes: Sequence[Change]) -> list[Patch | NewFile]:
    patches: list[Patch | NewFile] = [Patch(thing.origin, *each) for thing, each in edits(changes).values()]
    return [*patches, *(NewFile(_beside(each, changes, network), each.file, each.text) for each in objects(changes))]


def _beside(new: NewObject, changes: Sequence[Change], network: Network) -> Origin:
    """The object beside which a new one is written: the one that its change is about, or one of its namespace."""
    found = [each.thing.origin for each in changes if new in each.new and each.thing.origin.source]
    for each in network.documents:
        metadata = each.data.get("metadata")
        if isinstance(metadata, dict) and new.thing.namespace in (metadata.get("namespace"), metadata.get("name")):
            found.append(each.origin)
    return (found or [Origin("")])[0]


def _read_back(changes: Sequence[FileChange]) -> dict[_Place, Document]:
    found: dict[_Place, Document] = {}
    reader = ManifestReader()
    for change in changes:
        if change.old is not None and change.writable:
            for each in reader.read(change.path, change.new).documents:
                found[each.origin.source, each.origin.document, each.origin.item] = each
    return found


def differing(network: Network, changes: Sequence[Change], after: Network) -> list[str]:
    """The titles of objects whose text does not say what was meant."""
    meant = {(each.origin.source, each.origin.document, each.origin.item): each.data
             for each in _changed(network, changes)}  # fmt: skip
    titles: dict[_Place, str] = defaultdict(str)
    titles.update({place: thing.title for place, (thing, _) in edits(changes).items()})
    return [
        titles[place]
        for each in after.documents
        if (place := (each.origin.source, each.origin.document, each.origin.item)) in meant
        and each.data != meant[place]
    ]

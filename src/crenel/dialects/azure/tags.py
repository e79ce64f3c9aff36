"""What the ends of a rule mean at one place: prefixes, service tags, application security groups.

Sources: "Azure network security groups overview", "Virtual network service tags", "Application security groups".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from crenel.dialects.azure.fields import Unresolved, last
from crenel.dialects.azure.records import End
from crenel.dialects.azure.spaces import EVERYTHING, HOST, METADATA, PRIVATE, UNREACHABLE, Space
from crenel.network.addresses import AddressSet
from crenel.network.firewalls import ANYONE, Peer

PLATFORM_DNS = "azureplatformdns"
PLATFORM_TAGS = {PLATFORM_DNS: HOST, "azureplatformimds": METADATA}
"""The tags that alone reach services of the platform, with the addresses of these. AzurePlatformLKM, of the licensing
service, has addresses that are not published."""
_VIRTUAL_NETWORK = ("virtualnetwork", "virtual_network")
_INTERNET = ("internet",)
_LOAD_BALANCER = ("azureloadbalancer", "azure_loadbalancer")
_EVERYBODY = ("*", "any")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*\Z")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an end matches: surely, and perhaps, each doubt with its words."""

    sure: Peer
    maybe: tuple[tuple[Peer, str], ...] = ()
    unreadable: tuple[str, ...] = ()
    """Texts that are nothing that Azure would take."""


class Terms:
    """The vocabulary at one place."""

    def __init__(self, vocabulary: Vocabulary, space: Space) -> None:
        self._vocabulary = vocabulary
        self._space = space
        self._known: dict[End, Meaning] = {}

    def meaning(self, end: End) -> Meaning:
        """What an end means."""
        if end not in self._known:
            self._known[end] = self._vocabulary.read(end, self._space)
        return self._known[end]


@dataclass(slots=True)
class _Draft:
    everyone: bool = False
    addresses: list[AddressSet] = field(default_factory=list)
    interfaces: set[str] = field(default_factory=set)
    maybe: list[tuple[Peer, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


class Vocabulary:
    """What words in ends mean.

    `tags` are service tags by name in lower case; `members` has the interfaces of each application security group, and
    `residents`, by the key of each virtual network, those of its interfaces that are not known to be in its space.
    """

    def __init__(
        self,
        tags: Mapping[str, AddressSet],
        members: Mapping[str, frozenset[str]],
        residents: Mapping[str, frozenset[str]],
    ) -> None:
        self.tags = tags
        self.members = members
        self.residents = residents
        self._known: dict[Space, Terms] = {}

    def at(self, space: Space) -> Terms:
        """What they mean where VirtualNetwork is what `space` says."""
        if space not in self._known:
            self._known[space] = Terms(self, space)
        return self._known[space]

    def read(self, end: End, space: Space) -> Meaning:
        """What an end means there."""
        draft = _Draft()
        for text in end.prefixes:
            self._add(text.strip() if not isinstance(text, Unresolved) else text, space, draft, end)
        for group in end.groups:
            self._add_group(group, space, draft)
        if end.expanded and not draft.everyone:
            draft.addresses += list(_read(end.expanded, draft))
        return Meaning(_peer(draft), tuple(draft.maybe), tuple(draft.unreadable))

    def _add(self, text: str, space: Space, draft: _Draft, end: End) -> None:
        word = text.lower()
        if isinstance(text, Unresolved):
            draft.maybe.append((ANYONE, f"in what {text} stands for"))
        elif word in _EVERYBODY:
            draft.everyone = True
        elif (known := parsed(text)) is not None:
            draft.addresses.append(known)
        elif not end.expanded:
            self._add_tag(text, word, space, draft)

    def _add_tag(self, text: str, word: str, space: Space, draft: _Draft) -> None:
        if word in _VIRTUAL_NETWORK:
            draft.addresses.append(space.sure)
            draft.interfaces |= self.residents.get(space.network, frozenset())
            draft.maybe += [(Peer(addresses=each), f"in {words}") for each, words in space.maybe]
        elif word in _INTERNET:
            draft.addresses.append(space.internet)
            draft.maybe += [
                (Peer(addresses=outside), f"not in {words}")
                for each, words in space.maybe
                if (outside := each - UNREACHABLE - space.sure)
            ]
        elif word in _LOAD_BALANCER:
            draft.addresses.append(HOST)
        elif word in PLATFORM_TAGS:
            draft.addresses.append(PLATFORM_TAGS[word])
        elif word in self.tags:
            draft.addresses.append(self.tags[word])
        elif _TAG.match(text):
            public = Peer(addresses=EVERYTHING - UNREACHABLE - space.possible)
            draft.maybe.append((public, f"in the service tag {text}"))
        else:
            draft.unreadable.append(text)
            draft.maybe.append((ANYONE, f"in {text!r}, which is neither a prefix nor a service tag"))

    def _add_group(self, group: str, space: Space, draft: _Draft) -> None:
        """The members of a group. Where none is in the input they have private addresses, as all interfaces do."""
        members = self.members.get(group)
        if members:
            draft.interfaces |= members
        else:
            words = f"in the application security group {last(group)}, of which the input has no member"
            draft.maybe.append((Peer(addresses=(PRIVATE | space.sure) - HOST), words))


def parsed(text: str) -> AddressSet | None:
    """An address or a prefix; None for anything else. Host bits are cut off."""
    try:
        return AddressSet.of(text)
    except ValueError:
        return None


def _read(texts: tuple[str, ...], draft: _Draft) -> Iterator[AddressSet]:
    for text in texts:
        if (known := parsed(text)) is not None:
            yield known
        else:
            draft.unreadable.append(text)


def _peer(draft: _Draft) -> Peer:
    if draft.everyone:
        return ANYONE
    v4 = tuple(each for one in draft.addresses for each in one.v4)
    v6 = tuple(each for one in draft.addresses for each in one.v6)
    total = AddressSet() | AddressSet(v4, v6)
    return Peer(addresses=total or None, interfaces=frozenset(draft.interfaces))

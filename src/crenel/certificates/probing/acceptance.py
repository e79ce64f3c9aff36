"""What a server accepts, against a profile (TL-13)."""

from __future__ import annotations

from collections.abc import Iterator

from crenel.certificates.probing.findings import HIGH, LOW, Finding
from crenel.certificates.probing.profiles import Profile
from crenel.certificates.probing.versions import Accepted
from crenel.certificates.probing.wire.numbers import Version
from crenel.certificates.probing.wire.suites import faults_of, name_of

SHOWN = 4
"""How many suites a sentence names."""


def findings(found: Accepted, profile: Profile) -> Iterator[Finding]:
    """Versions and suites that the profile does not allow; those that are weak by any measure first."""
    beyond = [version for version in sorted(found.suites) if version.title not in profile.versions]
    old = [version.title for version in beyond if version < Version.TLS1_2]
    if old:
        yield Finding("TL-13", HIGH, f"{', '.join(old)} {'is' if len(old) == 1 else 'are'} accepted (RFC 8996)")
    merely = [version.title for version in beyond if version >= Version.TLS1_2]
    if merely:
        yield Finding("outside-profile", LOW, f"{', '.join(merely)} is accepted, which {profile.title} does not allow")
    suites = dict.fromkeys(number for numbers in found.suites.values() for number in numbers)
    outside = [number for number in suites if name_of(number) not in profile.suites]
    yield from _weak(outside)
    strong = [name_of(number) for number in outside if not faults_of(number)]
    if strong:
        yield Finding("outside-profile", LOW, f"suites outside of {profile.title} are accepted: {_listed(strong)}")


def notes(found: Accepted, profile: Profile) -> Iterator[str]:
    """What is worth knowing, and not wrong."""
    yield from found.doubts
    if found.hybrid is False and "X25519MLKEM768" in profile.groups:
        yield "X25519MLKEM768 is not accepted: what is recorded today can be read with a quantum computer later"
    if not any(version.title in profile.versions for version in found.suites):
        yield f"no version of {profile.title} is accepted"


def _weak(outside: list[int]) -> Iterator[Finding]:
    """One finding for each fault, so that each can be looked at by itself."""
    by_fault: dict[str, list[str]] = {}
    for number in outside:
        for fault in faults_of(number):
            by_fault.setdefault(fault, []).append(name_of(number))
    for fault, names in by_fault.items():
        yield Finding("TL-13", HIGH, f"suites with {fault} are accepted: {_listed(names)}")


def _listed(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")

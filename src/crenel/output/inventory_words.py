"""The inventory of certificates, in the words and columns of reports for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from crenel.certificates.inventory.faults import Fault
from crenel.certificates.inventory.model import Entry, Renewal, State, Use
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken
from crenel.output.words import clean, count

Judged = tuple[Entry, Sequence[Fault]]
"""An entry, and what is wrong with it."""

PAIRS = ("CERTIFICATE", "NAMES", "ISSUER", "KEY", "LIFE USED", "CHAIN", "SERVED BY", "TRUSTED BY", "RENEWED BY")
BUNDLES = ("TRUST BUNDLE", "AUTHORITIES", "LIFE USED", "TRUSTED BY", "RENEWED BY")
KEYS = ("KEY WITHOUT A CERTIFICATE", "KIND")
FAULTS = ("WHAT IS WRONG", "WHERE", "")

_SHOWN = 2
"""How many of many are named."""
_NOTHING = "-"


def pairs(entries: Iterable[Judged], at: datetime) -> list[tuple[str, ...]]:
    """A row for each certificate that is shown."""
    return [_pair(entry, at) for entry, _ in entries if entry.use is Use.PAIR]


def bundles(entries: Iterable[Judged], at: datetime) -> list[tuple[str, ...]]:
    """A row for each bundle that is trusted; of its life is told that of the certificate that ends first."""
    return [_bundle(entry, at) for entry, _ in entries if entry.use is Use.BUNDLE]


def keys(entries: Iterable[Judged]) -> list[tuple[str, ...]]:
    """A row for each private key that stands alone."""
    found = [entry for entry, _ in entries if entry.use is Use.KEY]
    return [(clean(each.title), str(each.key) if each.key is not None else "not readable") for each in found]


def faults(entries: Iterable[Judged]) -> list[tuple[str, str, str]]:
    """A row for each thing that is wrong."""
    return [(each.kind.value, clean(entry.title), clean(each.message)) for entry, found in entries for each in found]


def total(entries: Sequence[Judged]) -> str:
    """How much there is of everything."""
    distinct = {each.fingerprint for entry, _ in entries for each in entry.certificates}
    wrong = sum(len(found) for _, found in entries)
    places = len({(entry.place, entry.label) for entry, _ in entries})
    return f"{count(len(distinct), 'certificate')} in {count(places, 'place')}, {count(wrong, 'finding')}"


def life(certificate: Certificate, at: datetime) -> str:
    """How much of its life is over, and how long that is: ``67% of 90d``."""
    if certificate.lifetime <= 0:
        return "never valid"
    used = certificate.used(at)
    whole = _span(certificate.lifetime)
    return f"not begun, {whole}" if used < 0 else f"expired, {whole}" if used > 1 else f"{used:.0%} of {whole}"


def chain(entry: Entry) -> str:
    """Whether it verifies under what the input has of authorities."""
    if isinstance(entry.chain, Broken):
        return entry.chain.reason.value
    if entry.chain is not None:
        return "verified"
    return "self-signed" if entry.leaf is not None and entry.leaf.self_issued else "issuer unknown"


def renewal(found: Renewal) -> str:
    """Who renews it, and whether that works."""
    if found.state is State.NOBODY:
        return "nobody"
    how = f" ({found.how})" if found.how else ""
    return clean(f"{found.by}{how}: {found.state.value}")


def _pair(entry: Entry, at: datetime) -> tuple[str, ...]:
    leaf, served = entry.leaf, _some(each.place.title for each in entry.served)
    if leaf is None:
        return (clean(entry.title), *[_NOTHING] * 5, served, _NOTHING, renewal(entry.renewal))
    names, issuer = _some(leaf.names.texts or [_short(leaf.subject)]), clean(_short(leaf.issuer)) or _NOTHING
    return (
        clean(entry.title), names, issuer, _key(entry),
        life(leaf, at), chain(entry), served, _some(entry.trusted), renewal(entry.renewal),
    )  # fmt: skip


def _key(entry: Entry) -> str:
    kind = str(entry.leaf.key) if entry.leaf is not None else _NOTHING
    if entry.matches is False:
        return f"{kind}, another key"
    return kind if entry.private else f"{kind}, no key"


def _bundle(entry: Entry, at: datetime) -> tuple[str, ...]:
    first = min(entry.certificates, key=lambda each: each.not_after, default=None)
    told = life(first, at) if first is not None else _NOTHING
    names = _some(_short(each.title) for each in entry.certificates)
    return clean(entry.title), names, told, _some(entry.trusted), _writer(entry.renewal)


def _writer(found: Renewal) -> str:
    return _NOTHING if found.state is State.NOBODY else renewal(found)


def _short(name: str) -> str:
    """A distinguished name without what goes without saying."""
    return name if "," in name else name.removeprefix("CN=")


def _some(texts: Iterable[str]) -> str:
    """The first of some texts, and how many more there are."""
    distinct = [clean(each) for each in dict.fromkeys(texts) if each]
    more = f" and {len(distinct) - _SHOWN} more" if len(distinct) > _SHOWN else ""
    return ", ".join(distinct[:_SHOWN]) + more if distinct else _NOTHING


def _span(seconds: float) -> str:
    for unit, name in ((365 * 86400, "y"), (86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f}{name}"
    return f"{seconds:.0f}s"

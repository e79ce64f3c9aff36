"""The inventory of certificates, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from crenel.certificates.inventory.faults import Fault
from crenel.certificates.inventory.model import Entry, Serving, Use
from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken
from crenel.output import schema
from crenel.output.inventory_words import Judged
from crenel.output.reports import Context
from crenel.output.words import clean
from crenel.provenance import field_text


def render(entries: Sequence[Judged], at: datetime, context: Context) -> bytes:
    """Write all entries."""
    known: dict[str, msgspec.Raw] = {}
    uses = Counter(entry.use for entry, _ in entries)
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "certificates",
            "at": _time(at),
            "entries": [_entry(entry, faults, at, known) for entry, faults in entries],
            "summary": {
                "certificates": len({each.fingerprint for entry, _ in entries for each in entry.certificates}),
                "pairs": uses[Use.PAIR],
                "bundles": uses[Use.BUNDLE],
                "keys": uses[Use.KEY],
                "findings": sum(len(faults) for _, faults in entries),
            },
            "notices": schema.notices(context),
        }
    )


def _entry(entry: Entry, faults: Sequence[Fault], at: datetime, known: dict[str, msgspec.Raw]) -> dict[str, Any]:
    return {
        "place": clean(entry.place.title),
        "namespace": clean(entry.place.namespace) or None,
        "label": clean(entry.label) or None,
        "file": clean(entry.place.origin.source) or None,
        "field": clean(field_text(entry.field)) or None,
        "use": entry.use.value,
        "certificates": [_certificate(each, at, known) for each in entry.certificates],
        "key": _key(entry),
        "chain": _chain(entry),
        "served": [_serving(each) for each in entry.served],
        "trusted": [clean(each) for each in entry.trusted],
        "renewal": {
            "state": entry.renewal.state.value,
            "by": clean(entry.renewal.by) or None,
            "how": entry.renewal.how or None,
            "reason": clean(entry.renewal.reason) or None,
        },
        "findings": [_finding(each) for each in faults],
    }


def _certificate(each: Certificate, at: datetime, known: dict[str, msgspec.Raw]) -> msgspec.Raw:
    """Shape a certificate; those of authorities, which are in many places, are encoded once."""
    if (raw := known.get(each.fingerprint)) is None:
        raw = known[each.fingerprint] = msgspec.Raw(msgspec.json.encode(_shape(each, at)))
    return raw


def _shape(each: Certificate, at: datetime) -> dict[str, Any]:
    return {
        "subject": clean(each.subject),
        "issuer": clean(each.issuer),
        "names": [clean(name) for name in each.names.texts],
        "serial": each.serial,
        "fingerprint": each.fingerprint,
        "key": {"kind": str(each.key), "fingerprint": each.spki},
        "signature": each.signature_hash or None,
        "authority": each.is_ca,
        "not_before": _time(each.not_before),
        "not_after": _time(each.not_after),
        "used": round(each.used(at), 4) if each.lifetime > 0 else None,
    }


def _key(entry: Entry) -> dict[str, Any] | None:
    """What is known of the private key; never the key."""
    if not entry.private:
        return None
    return {
        "kind": str(entry.key) if entry.key is not None else None,
        "fingerprint": entry.key.fingerprint if entry.key is not None else None,
        "matches": entry.matches,
    }


def _chain(entry: Entry) -> dict[str, Any] | None:
    chain = entry.chain
    if chain is None:
        return None
    if isinstance(chain, Broken):
        return {"verified": False, "root": None, "reason": chain.reason.value, "message": clean(chain.message)}
    return {"verified": True, "root": clean(chain.root.subject), "reason": None, "message": None}


def _serving(each: Serving) -> dict[str, Any]:
    return {
        "by": clean(each.place.title),
        "hosts": [clean(host) for host in each.hosts],
        "mounted": each.mounted,
        "client": each.client,
        "granted": each.granted,
    }


def _finding(each: Fault) -> dict[str, Any]:
    file, line = schema.place(each.origin, each.line)
    return {
        "id": each.kind.value,
        "message": clean(each.message),
        "file": file,
        "line": line,
        "field": clean(field_text(each.field)) or None,
    }


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"

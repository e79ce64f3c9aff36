"""An own certificate authority, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from typing import Any

from crenel.certificates.authority.report import Report, Root, Row
from crenel.certificates.authority.rotation import Wait
from crenel.certificates.authority.state import Revoked
from crenel.certificates.material.certificate import Certificate
from crenel.output import schema
from crenel.output.authority_words import seconds, time
from crenel.output.reports import Context
from crenel.output.words import clean


def render(report: Report) -> bytes:
    """Write all of it; of keys there are only fingerprints."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "authority",
            "action": report.action,
            "trust_domain": report.trust_domain,
            "at": time(report.at),
            "roots": list(map(_root, report.roots)),
            "consumers": list(map(_row, report.rows)),
            "rotation": _rotation(report),
            "revoked": list(map(_revoked, report.revoked)),
            "notices": schema.notices(Context("", report.problems)),
        }
    )


def _root(root: Root) -> dict[str, Any]:
    own = root.intermediate
    return {
        "number": root.number,
        "signs": root.signs,
        "trusted": root.trusted,
        "certificate": _certificate(root.certificate),
        "intermediate": _certificate(own) if own is not None else None,
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "serial": certificate.serial,
        "fingerprint": certificate.fingerprint,
        "key_fingerprint": certificate.spki,
        "not_before": time(certificate.not_before),
        "not_after": time(certificate.not_after),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "consumer": clean(row.name),
        "place": clean(row.place),
        "action": row.action or None,
        "why": clean(row.why) or None,
        "names": list(map(clean, row.names)),
        "certificate": _certificate(row.leaf) if row.leaf is not None else None,
        "root": row.root,
        "renewed_from": time(row.due) if row.due is not None else None,
        "problem": clean(row.problem) or None,
    }


def _rotation(report: Report) -> dict[str, Any] | None:
    found = report.rotation
    if found is None:
        return None
    return {
        "phase": found.phase,
        "old": found.old,
        "new": found.new,
        "since": seconds(found.since),
        "waits": list(map(_wait, report.waits)),
    }


def _wait(wait: Wait) -> dict[str, Any]:
    return {
        "what": wait.what,
        "consumer": clean(wait.consumer) or None,
        "message": clean(wait.message),
        "until": seconds(wait.until) if wait.until is not None else None,
    }


def _revoked(revoked: Revoked) -> dict[str, Any]:
    return {
        "serial": revoked.serial,
        "issuer": revoked.issuer,
        "at": seconds(revoked.at),
        "reason": revoked.reason,
        "not_after": seconds(revoked.not_after),
    }

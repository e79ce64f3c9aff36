"""Certificates from a CA that speaks ACME, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from typing import Any

from crenel.certificates.acme.report import Report, Row
from crenel.certificates.material.certificate import Certificate
from crenel.output import schema
from crenel.output.authority_words import time
from crenel.output.reports import Context
from crenel.output.words import clean


def render(report: Report) -> bytes:
    """Write all of it; of keys there are only fingerprints."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "acme",
            "action": report.action,
            "server": clean(report.server),
            "account": clean(report.account),
            "at": time(report.at),
            "certificates": list(map(_row, report.rows)),
            "notices": schema.notices(Context("", report.problems)),
        }
    )


def _row(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        "place": clean(row.place),
        "hosts": list(map(clean, row.hosts)),
        "action": row.action or None,
        "why": clean(row.why) or None,
        "certificate": _certificate(row.leaf) if row.leaf is not None else None,
        "issuer": clean(row.issuer) or None,
        "renewed_from": time(row.due) if row.due is not None else None,
        "tried_from": time(row.again) if row.again is not None else None,
        "problem": clean(row.problem) or None,
    }


def _certificate(certificate: Certificate) -> dict[str, Any]:
    return {
        "serial": certificate.serial,
        "fingerprint": certificate.fingerprint,
        "key_fingerprint": certificate.spki,
        "not_before": time(certificate.not_before),
        "not_after": time(certificate.not_after),
    }

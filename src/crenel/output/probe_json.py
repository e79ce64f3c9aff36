"""What probes of servers found, as JSON; docs/json.md says in what shape."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from crenel.certificates.material.certificate import Certificate
from crenel.certificates.material.chains import Broken
from crenel.certificates.probing.findings import SEVERITIES
from crenel.certificates.probing.mutual import Mutual
from crenel.certificates.probing.probe import Probe
from crenel.certificates.probing.profiles import Profile
from crenel.certificates.probing.served import Served
from crenel.certificates.probing.versions import Accepted
from crenel.certificates.probing.webs import Web
from crenel.certificates.probing.wire.suites import name_of
from crenel.output import schema
from crenel.output.reports import Context
from crenel.output.words import clean


def render(probes: Sequence[Probe], profile: Profile, at: datetime, context: Context) -> bytes:
    """Write all probes."""
    severities = [finding.severity for each in probes for finding in each.findings]
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "probes",
            "at": _time(at),
            "profile": {"name": profile.name, "guideline": profile.guideline, "source": profile.source},
            "probes": [_probe(each, at) for each in probes],
            "summary": {
                "targets": len(probes),
                "failed": sum(bool(each.failure) for each in probes),
                **{name: severities.count(name) for name in SEVERITIES},
            },
            "notices": schema.notices(context),
        }
    )


def _probe(each: Probe, at: datetime) -> dict[str, Any]:
    found = each.accepted
    return {
        "target": each.target.title,
        "declared": clean(each.target.declared) or None,
        "failure": clean(each.failure) or None,
        "accepted": _versions(found) if found else [],
        "refused": {version.title: clean(why) for version, why in found.refusals.items()} if found else {},
        "alpn": found.served.alpn if found else None,
        "hybrid": found.hybrid if found else None,
        "certificate": _leaf(each.served, at) if each.served else None,
        "chain": [_link(one) for one in each.served.chain] if each.served else [],
        "trust": _trust(each.served) if each.served else None,
        "staple": _staple(each.served) if each.served else None,
        "asks": each.asks,
        "mutual": _mutual(each.mutual) if each.mutual else None,
        "web": _web(each.web) if each.web else None,
        "findings": [
            {"id": one.id, "severity": one.severity, "title": one.title, "message": clean(one.message)}
            for one in each.findings
        ],
        "notes": [clean(text) for text in each.notes],
        "connections": each.connections,
    }


def _versions(found: Accepted) -> list[dict[str, Any]]:
    return [
        {"version": version.title, "suites": [name_of(number) for number in found.suites[version]]}
        for version in sorted(found.suites)
    ]


def _leaf(served: Served, at: datetime) -> dict[str, Any]:
    leaf = served.leaf
    return {
        **_link(leaf),
        "names": [clean(name) for name in leaf.names.texts],
        "serial": leaf.serial,
        "key": str(leaf.key),
        "used": round(leaf.used(at), 4) if leaf.lifetime > 0 else None,
    }


def _link(certificate: Certificate) -> dict[str, Any]:
    return {
        "subject": clean(certificate.subject),
        "issuer": clean(certificate.issuer),
        "fingerprint": certificate.fingerprint,
        "not_before": _time(certificate.not_before),
        "not_after": _time(certificate.not_after),
    }


def _trust(served: Served) -> dict[str, Any]:
    broken = served.verified if isinstance(served.verified, Broken) else None
    return {
        "roots": clean(served.trust.source),
        "verified": broken is None,
        "reason": clean(broken.message) if broken is not None else None,
    }


def _staple(served: Served) -> dict[str, Any] | None:
    staple = served.staple
    if staple is None:
        return None
    until = staple.next_update
    return {"status": staple.status, "next_update": _time(until) if until is not None else None}


def _mutual(mutual: Mutual) -> dict[str, Any]:
    return {
        "enforced": mutual.enforced,
        "trials": [
            {"sent": one.kind, "outcome": one.outcome.value, "detail": clean(one.detail), "status": one.status}
            for one in mutual.trials
        ],
    }


def _web(web: Web) -> dict[str, Any]:
    return {
        "status": web.status,
        "hsts": web.hsts,
        "plain_status": web.plain_status,
        "location": clean(web.location) or None,
    }


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"

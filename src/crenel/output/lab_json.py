"""A run of the lab as JSON."""

from __future__ import annotations

import msgspec

from crenel.lab.probing.observations import Fate
from crenel.lab.probing.verdict import Report, Result
from crenel.network.traffic import protocol_name
from crenel.output import lab_tls_json, schema
from crenel.output import lab_words as words
from crenel.output.words import clean
from crenel.provenance import Severity


class ProbeShape(msgspec.Struct, omit_defaults=True):
    """One probe with both answers, which are ``allowed`` or ``denied``; a packet that nobody saw again is ``lost``."""

    route: str
    source: str
    destination: str
    protocol: str
    address: str
    port: int
    family: str
    model: str
    kernel: str
    policy: str | None
    policies: tuple[str, ...]
    backend: str | None = None
    why: str | None = None
    model_trace: tuple[str, ...] = ()
    kernel_trace: tuple[str, ...] = ()


def render(report: Report) -> bytes:
    """Write all of a run; docs/json.md says in what shape."""
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "lab",
            "probes": list(map(_probe, report.results)),
            "summary": {
                "probes": len(report.results),
                "allowed": sum(result.kernel is Fate.ARRIVED for result in report.results),
                "denied": sum(result.kernel is Fate.DROPPED for result in report.results),
                "lost": sum(result.kernel is Fate.LOST for result in report.results),
                "disagreements": len(report.disagreements),
                "undecided": report.undecided,
                "unprobed": list(report.unprobed),
                "seconds": round(report.seconds, 3),
                "policies": dict(words.drops(report)),
            },
            **(lab_tls_json.fields(report.tls) if report.tls is not None else {}),
            "notices": [
                schema.Notice(Severity.NOTICE.value, clean(note))
                for note in (*report.notes, *(report.tls.notes if report.tls is not None else ()))
            ],
        }
    )


def _probe(result: Result) -> ProbeShape:
    probe = result.probe
    return ProbeShape(
        route=probe.route.value,
        source=probe.source.name,
        destination=probe.destination,
        protocol=protocol_name(probe.protocol),
        address=probe.address,
        port=probe.port,
        family=f"IPv{probe.source.family}",
        model=words.model_words(result),
        kernel=result.kernel.value,
        policy=", ".join(result.policies) or None,
        policies=result.policies,
        backend=result.candidate.title if result.candidate and not probe.direct else None,
        why=result.why or None,
        model_trace=result.model_trace,
        kernel_trace=result.kernel_trace,
    )

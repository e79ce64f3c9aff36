"""What is allowed and was never used, as JSON."""

from __future__ import annotations

from crenel.output import schema
from crenel.output.flows_json import reading, when
from crenel.output.unused_words import UnusedReport
from crenel.output.words import clean


def render(report: UnusedReport) -> bytes:
    """Write all rules that are not used in full."""
    found = report.unused
    return schema.encoded(
        {
            "schema": schema.SCHEMA,
            "kind": "unused",
            "rules": [
                {
                    "policy": clean(rule.policy),
                    "direction": rule.direction.value,
                    "rule": rule.number,
                    "used": rule.used,
                    "records": rule.records,
                    "last": when(rule.last),
                    "unused": [
                        {
                            "source": schema.party(each.source),
                            "destination": schema.party(each.destination),
                            "traffic": schema.ports(each.traffic),
                        }
                        for each in rule.idle
                    ],
                    "file": schema.place(rule.origin, None)[0],
                    "line": rule.line,
                }
                for rule in report.shown
            ],
            "examined": found.examined,
            "open": {"ingress": list(found.open_ingress), "egress": list(found.open_egress)},
            **reading(report.observed),
            "notices": schema.notices(report.context),
        }
    )

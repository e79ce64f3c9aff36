"""Access logs of Envoy as Istio writes them: its text format, or JSON with the same fields.

Sources: Istio, "Envoy Access Logs" (default format and examples); Envoy, "Access logging" (command operators).

A sidecar logs what its pod asks for from ``upstream_local_address`` to ``upstream_host``, and what comes to its pod
from ``downstream_remote_address`` to ``downstream_local_address``; its other connection never leaves the pod. A
gateway logs both at once.
"""

from __future__ import annotations

import re

from crenel.flows.aggregation import filled
from crenel.flows.engine import text_literal
from crenel.flows.formats.fragments import checked, host, moment, port, text_lines, transformed
from crenel.flows.sources import Source

NAME = "envoy"
TITLE = "Istio or Envoy access log"
NOTES = ("an access log has requests, and connections that a proxy ends: what bypasses the mesh is not in it",)

_JSON = '"downstream_remote_address"'
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_LINE = (
    r'^\[(?P<start_time>[^\]]*)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<response_code>\S+) (?P<response_flags>\S+) '
    r"(?P<response_code_details>\S+) (?P<termination>\S+) " + _QUOTED + r" (?P<bytes_received>\d+|-) "
    r"(?P<bytes_sent>\d+|-) \S+ \S+ " + _QUOTED + " " + _QUOTED + " " + _QUOTED + r' "(?P<authority>(?:[^"\\]|\\.)*)" '
    r'"(?P<upstream_host>[^"]*)" (?P<upstream_cluster>\S+) (?P<upstream_local_address>\S+) '
    r"(?P<downstream_local_address>\S+) (?P<downstream_remote_address>\S+) (?P<requested_server_name>\S+)"
)
_FIELDS = tuple(re.findall(r"\?P<(\w+)>", _LINE))
_RECOGNISED = re.compile(_LINE)

_TEXT = """
(SELECT line, CASE WHEN REGEXP_MATCHES(line, @pattern@) THEN REGEXP_EXTRACT(line, @pattern@, @names@) END AS j
 FROM @lines@)
"""

_STRUCTURE = (
    "{" + ",".join(f'"{name}":"VARCHAR"' for name in (*_FIELDS, "protocol", "connection_termination_details")) + "}"
)

_LEG = """
SELECT @time@ AS first_at, @time@ AS last_at, @source_host@ AS source_address, @source_port@ AS source_port,
       '' AS source_name, @target_host@ AS target_address, @target_port@ AS target_port, '' AS target_name,
       @domain@ AS domain, CASE WHEN @http3@ THEN 'udp' ELSE 'tcp' END AS proto,
       CASE WHEN j.response_code_details LIKE 'rbac_access_denied%' OR @termination@ LIKE 'rbac_access_denied%'
            THEN 'dropped' ELSE 'forwarded' END AS verdict,
       'source' AS opened,
       TRY_CAST(j.bytes_received AS BIGINT) + TRY_CAST(j.bytes_sent AS BIGINT) AS bytes, line,
       CASE WHEN j IS NULL THEN 'no line of an access log in the format of Istio' END AS trouble
FROM lines WHERE @which@
"""

_ALL = """
WITH lines AS (SELECT line, j, COALESCE(j.upstream_cluster, '') LIKE 'inbound|%' AS inbound,
                      COALESCE(j.upstream_host, '-') NOT IN ('-', '') AND @upstream@ IN (@downstream@, '') AS sidecar,
                      COALESCE(j.upstream_host, '-') NOT IN ('-', '') AS leads FROM @values@)
@upward@
UNION ALL
@downward@
"""


def recognises(head: str) -> bool:
    """Whether a text is such a log."""
    if _JSON in head:
        return True
    return any(_RECOGNISED.match(line) for line in head.split("\n")[:20])


def records(source: Source) -> str:
    """The records of a log: one for each connection on the network that a line speaks of."""
    is_json = _JSON in source.head
    values = transformed(source, _STRUCTURE) if is_json else _text(source)
    upward = _leg("upstream_local_address", "upstream_host", "leads AND NOT inbound", is_json, domain=True)
    downward = _leg(
        "downstream_remote_address", "downstream_local_address", "j IS NULL OR inbound OR NOT sidecar", is_json
    )
    return checked(
        filled(
            _ALL,
            values=values,
            upward=upward,
            downward=downward,
            upstream=filled("COALESCE(@x@, '')", x=host("j.upstream_local_address")),
            downstream=filled("COALESCE(@x@, '')", x=host("j.downstream_remote_address")),
        )
    )


def _leg(source: str, target: str, which: str, is_json: bool, *, domain: bool = False) -> str:
    return filled(
        _LEG,
        time=moment("j.start_time"),
        source_host=host(f"j.{source}"),
        source_port=port(f"j.{source}"),
        target_host=host(f"j.{target}"),
        target_port=port(f"j.{target}"),
        domain="NULLIF(j.requested_server_name, '-')" if domain else "''",
        http3="j.protocol = 'HTTP/3'" if is_json else "j.request LIKE '% HTTP/3'",
        termination="j.connection_termination_details" if is_json else "j.termination",
        which=which,
    )


def _text(source: Source) -> str:
    groups = ", ".join(text_literal(name) for name in _FIELDS)
    pattern = re.sub(r"\?P<\w+>", "", _LINE)
    return filled(_TEXT, pattern=text_literal(pattern), names=f"[{groups}]", lines=text_lines(source))

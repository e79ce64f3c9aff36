"""Flow logs of Calico: what Calico Enterprise and Cloud write, and what Goldmane and Whisker of open source answer.

Sources: Tigera, "Flow log data types"; Calico, ``goldmane/proto/api.proto``.

The source opened the connection. Addresses are missing where flows are aggregated, and names end in ``*`` then, where
pods share what their names begin with. ``pub`` is a public address, ``pvt`` a private one that no pod has.
"""

from __future__ import annotations

from crenel.flows.aggregation import filled
from crenel.flows.formats.fragments import checked, moment, transformed
from crenel.flows.sources import Source

NAME = "calico"
TITLE = "Calico flow log"
NOTES: tuple[str, ...] = ()

_FIELDS = (
    "start_time", "end_time", "source_ip", "source_name", "source_name_aggr", "source_namespace", "source_type",
    "source_port", "dest_ip", "dest_name", "dest_name_aggr", "dest_namespace", "dest_type", "dest_port", "proto",
    "protocol", "action", "bytes_in", "bytes_out",
)  # fmt: skip
_STRUCTURE = "{" + ",".join(f'"{name}":"VARCHAR"' for name in _FIELDS) + ',"dest_domains":["VARCHAR"]}'

_RAW = """
SELECT @start@ AS first_at, @end@ AS last_at, NULLIF(j.source_ip, '-') AS source_address, j.source_port AS source_port,
       @source@ AS source_name, NULLIF(j.dest_ip, '-') AS target_address, j.dest_port AS target_port,
       @target@ AS target_name, j.dest_domains[1] AS domain, COALESCE(j.proto, j.protocol) AS proto,
       CASE LOWER(j.action) WHEN 'allow' THEN 'forwarded' WHEN 'deny' THEN 'dropped' ELSE 'unknown' END AS verdict,
       'source' AS opened,
       TRY_CAST(j.bytes_in AS BIGINT) + TRY_CAST(j.bytes_out AS BIGINT) AS bytes, line,
       CASE WHEN j IS NULL THEN 'no JSON object' WHEN j.action IS NULL THEN 'no flow' END AS trouble
FROM @values@
"""

_NAME = """
CASE WHEN COALESCE(NULLIF(@ns@, '-'), '') <> '' AND COALESCE(NULLIF(@name@, '-'), '') NOT IN ('', 'pub', 'pvt')
          AND @name@ NOT LIKE '%*' THEN 'pod/' || @ns@ || '/' || @name@
     WHEN COALESCE(NULLIF(@ns@, '-'), '') <> '' AND COALESCE(@aggr@, @name@) LIKE '%*'
     THEN 'prefix/' || @ns@ || '/' || RTRIM(COALESCE(@aggr@, @name@), '*')
     WHEN COALESCE(NULLIF(@ip@, '-'), '') <> '' THEN ''
     WHEN COALESCE(@aggr@, @name@) = 'pub' THEN 'internet'
     WHEN COALESCE(@aggr@, @name@) = 'pvt' THEN 'a private address'
     ELSE COALESCE(@type@ || ' ', '') || COALESCE(NULLIF(@name@, '-'), @aggr@) END
"""


def recognises(head: str) -> bool:
    """Whether a text is such a log."""
    return '"dest_namespace"' in head and '"source_namespace"' in head


def records(source: Source) -> str:
    """The records of a log."""
    value = "COALESCE(JSON_EXTRACT(value, '$.flow'), value)"
    return checked(
        filled(
            _RAW,
            start=_time("j.start_time"),
            end=_time("j.end_time"),
            source=_name("source"),
            target=_name("dest"),
            values=transformed(source, _STRUCTURE, value),
        )
    )


def _name(end: str) -> str:
    return filled(
        _NAME,
        ns=f"j.{end}_namespace",
        name=f"j.{end}_name",
        aggr=f"j.{end}_name_aggr",
        ip=f"j.{end}_ip",
        type=f"j.{end}_type",
    )


def _time(column: str) -> str:
    """Seconds since 1970, or a time as text."""
    return filled("COALESCE(1000 * TRY_CAST(@column@ AS BIGINT), @text@)", column=column, text=moment(column))

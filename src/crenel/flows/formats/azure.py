"""Flow logs of Azure: of network security groups, versions 1 and 2, and of virtual networks.

Sources: Microsoft Learn, "Flow logging for network security groups" and "Virtual network flow logs" (log format).

A tuple is of a connection, and its source opened it: what came back is in its last two numbers. One connection has a
tuple when it begins, one for each interval and one at its end. Times are seconds in logs of groups, milliseconds in
those of networks.
"""

from __future__ import annotations

from crenel.flows.aggregation import filled
from crenel.flows.engine import text_literal
from crenel.flows.formats.fragments import checked, json_values
from crenel.flows.sources import Source

NAME = "azure"
TITLE = "Azure flow log"
NOTES: tuple[str, ...] = ()

_GROUPS = '{"properties":{"flows":[{"flows":[{"flowTuples":["VARCHAR"]}]}]}}'
_NETWORKS = '{"flowRecords":{"flows":[{"flowGroups":[{"flowTuples":["VARCHAR"]}]}]}}'

_RAW = """
SELECT instant AS first_at, instant AS last_at, f[2] AS source_address, f[4] AS source_port, '' AS source_name,
       f[3] AS target_address, f[5] AS target_port, '' AS target_name, '' AS domain, f[6] AS proto,
       CASE WHEN denied THEN 'dropped' ELSE 'forwarded' END AS verdict, 'source' AS opened,
       CASE WHEN TRY_CAST(f[many] AS BIGINT) IS NOT NULL
            THEN TRY_CAST(f[many] AS BIGINT) + COALESCE(TRY_CAST(f[many + 2] AS BIGINT), 0) END AS bytes, line,
       CASE WHEN flowed IS NULL THEN 'no JSON of flow logs' WHEN LEN(f) < 8 OR instant IS NULL THEN 'no flow tuple' END
       AS trouble
FROM (
  SELECT t AS line, t AS flowed, f, 1000 * TRY_CAST(f[1] AS BIGINT) AS instant, f[8] = 'D' AS denied, 11 AS many
  FROM (SELECT t, STRING_SPLIT(t, ',') AS f FROM (
    SELECT UNNEST(FLATTEN([FLATTEN([y.flowTuples for y in x.flows]) for x in j.properties.flows])) AS t
    FROM (SELECT JSON_TRANSFORM(r, @groups@) AS j FROM each)))
  UNION ALL
  SELECT t, t, f, TRY_CAST(f[1] AS BIGINT) * CASE WHEN LENGTH(f[1]) < 12 THEN 1000 ELSE 1 END,
         f[8] = 'D' OR f[9] IN ('NX_NOT_ACCEPTED', 'NX_NOT_SUPPORTED', 'NX_SW_NOT_READY'), 11
  FROM (SELECT t, STRING_SPLIT(t, ',') AS f FROM (
    SELECT UNNEST(FLATTEN([FLATTEN([y.flowTuples for y in x.flowGroups]) for x in j.flowRecords.flows])) AS t
    FROM (SELECT JSON_TRANSFORM(r, @networks@) AS j FROM each)))
  UNION ALL
  SELECT line, NULL, [], NULL, false, 1 FROM documents WHERE value IS NULL
) a
"""

_ALL = """
WITH documents AS (SELECT line, value FROM @values@),
     each AS (SELECT UNNEST(CASE WHEN JSON_TYPE(value, '$.records') = 'ARRAY'
                                 THEN JSON_TRANSFORM(JSON_EXTRACT(value, '$.records'), '["JSON"]')
                                 ELSE [CAST(value AS JSON)] END) AS r FROM documents WHERE value IS NOT NULL)
@raw@
"""


def recognises(head: str) -> bool:
    """Whether a text is such a log."""
    return '"flowTuples"' in head or "FlowLogFlowEvent" in head or "NetworkSecurityGroupFlowEvent" in head


def records(source: Source) -> str:
    """The records of a log."""
    raw = filled(_RAW, groups=text_literal(_GROUPS), networks=text_literal(_NETWORKS))
    return checked(filled(_ALL, values=json_values(source), raw=raw))

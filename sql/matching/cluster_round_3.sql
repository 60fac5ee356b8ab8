-- Clusters, third of four rounds; see matching.cluster_round_1.
CREATE MATERIALIZED VIEW matching.cluster_round_3 AS
WITH spread AS (
    SELECT own.record, least(own.cluster, min(linked.cluster)) AS cluster
    FROM matching.cluster_round_2 AS own
    LEFT JOIN matching.link ON link.record = own.record
    LEFT JOIN matching.cluster_round_2 AS linked ON linked.record = link.other
    GROUP BY own.record, own.cluster
)
SELECT spread.record, least(spread.cluster, further.cluster) AS cluster
FROM spread
JOIN matching.cluster_round_2 AS further ON further.record = spread.cluster;

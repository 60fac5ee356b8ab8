-- Which records are one person: the last round; see matching.cluster_round_1.
--
-- customer_id is the smallest record of the cluster. It changes only if that record does.
CREATE MATERIALIZED VIEW matching.cluster AS
WITH spread AS (
    SELECT own.record, least(own.cluster, min(linked.cluster)) AS cluster
    FROM matching.cluster_round_3 AS own
    LEFT JOIN matching.link ON link.record = own.record
    LEFT JOIN matching.cluster_round_3 AS linked ON linked.record = link.other
    GROUP BY own.record, own.cluster
)
SELECT spread.record, least(spread.cluster, further.cluster) AS customer_id
FROM spread
JOIN matching.cluster_round_3 AS further ON further.record = spread.cluster;

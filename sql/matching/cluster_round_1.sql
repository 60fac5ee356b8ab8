-- Clusters, first of three rounds: each record takes the smallest name among itself and its links.
--
-- Records that are linked, or linked through others, are one person. Each round carries the
-- smallest name one link further and, from the second on, jumps to where that record has got to,
-- which doubles the distance: three rounds reach across seven links, and people have fewer records than
-- that. checks.clusters_are_complete fails if it ever is not enough.
CREATE MATERIALIZED VIEW matching.cluster_round_1 AS
SELECT person.record, least(person.record, min(link.other)) AS cluster
FROM staging.person
LEFT JOIN matching.link ON link.record = person.record
GROUP BY person.record;

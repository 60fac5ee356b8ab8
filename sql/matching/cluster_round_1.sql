-- Clusters, first of four rounds: each record takes the smallest name among itself and its links.
--
-- Records that are linked, or linked through others, are one person. Each round carries the
-- smallest name one link further and, from the second on, jumps to where the record of that name
-- has got to. Four rounds reach across far more records than a person has; if they ever do not,
-- checks.clusters_are_complete says so.
CREATE MATERIALIZED VIEW matching.cluster_round_1 AS
SELECT person.record, least(person.record, min(link.other)) AS cluster
FROM staging.person
LEFT JOIN matching.link ON link.record = person.record
GROUP BY person.record;

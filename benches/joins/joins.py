"""The joins that are measured, in the words of each engine."""

LEVENSHTEIN = "levenshtein(x.name, y.name) <= {}"

# What DuckDB's users write by hand: two names within `k` deletions, insertions or substitutions
# have a text in common among those that are left after up to `k` deletions.
ONE_DELETION = """
SELECT id, hash(name) AS h FROM names
UNION ALL
SELECT id, hash(name[:i - 1] || name[i + 1:])
FROM names, LATERAL (SELECT unnest(range(1, len(name) + 1)) AS i)
"""
TWO_DELETIONS = (
    ONE_DELETION
    + """
UNION ALL
SELECT id, hash(name[:i - 1] || name[i + 1:j - 1] || name[j + 1:])
FROM names, LATERAL (SELECT unnest(range(1, len(name))) AS i),
    LATERAL (SELECT unnest(range(i + 1, len(name) + 1)) AS j)
"""
)
BY_DELETIONS = """
WITH left_over AS MATERIALIZED ({left_over}),
candidates AS (
    SELECT DISTINCT x.id AS x, y.id AS y FROM left_over x JOIN left_over y USING (h) WHERE x.id < y.id
)
SELECT count(*) FROM candidates c JOIN names x ON x.id = c.x JOIN names y ON y.id = c.y
WHERE {condition}
"""


def nested_loop(condition):
    return f"SELECT count(*) FROM names x JOIN names y ON x.id < y.id AND {condition}"


def levenshtein(most, left_over):
    condition = LEVENSHTEIN.format(most)
    return {
        "title": f"levenshtein <= {most}",
        "engines": {
            "tributary": nested_loop(condition),
            "duckdb_deletions": BY_DELETIONS.format(left_over=left_over, condition=condition),
            "duckdb_nested_loop": nested_loop(condition),
            "rapidfuzz": ("Levenshtein", most),
        },
    }


JARO_WINKLER = nested_loop("jaro_winkler_similarity(x.name, y.name) >= 0.92")

JOINS = {
    "levenshtein_1": levenshtein(1, ONE_DELETION),
    "levenshtein_2": levenshtein(2, TWO_DELETIONS),
    "jaro_winkler": {
        "title": "jaro_winkler >= 0.92",
        "engines": {
            "tributary": JARO_WINKLER,
            "duckdb_nested_loop": JARO_WINKLER,
            "rapidfuzz": ("JaroWinkler", 0.92),
        },
    },
    "trigram": {
        "title": "trigram similarity >= 0.6",
        "engines": {
            "tributary": nested_loop("similarity(x.name, y.name) >= 0.6"),
            # Only the operator uses the index; its bound is a setting.
            "postgres": nested_loop("x.name % y.name"),
        },
    },
}

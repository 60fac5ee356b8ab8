"""Resolves a file of records with Splink on DuckDB, at its documented settings for people.

Prints as JSON the seconds of each stage, the peak of memory and the pairs scored; writes the
clusters at each threshold, of which the best is taken, to files.
"""

import argparse
import json
import logging
import resource
import time
from pathlib import Path

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on
from splink.blocking_rule_library import CustomRule

# Weights at which clusters are made: from as likely as not to one error in a billion; of few
# records, from one match in a thousand pairs.
WEIGHTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]
LOW_WEIGHTS = [-10, -8, -6, -4, -3, -2, -1]
FEW = 20_000


def with_frequencies(comparison):
    return comparison.configure(term_frequency_adjustments=True)


def shared_by(level, strangers):
    """A level whose u is not estimated: of what nearly nobody shares, a random sample has more pairs
    that match than pairs that do not."""
    return level.configure(u_probability=strangers, fix_u_probability=True)


def of_one_person(condition):
    """Without people of one household, who share all but the first name: street and town are left
    out of the comparisons for them, too."""
    first = "substr(l.first_name, 1, 1) = substr(r.first_name, 1, 1)"
    missing = "l.first_name IS NULL OR r.first_name IS NULL"
    return CustomRule(f"{condition} AND ({first} OR {missing})", sql_dialect="duckdb")


# That of Splink's documentation for datasets 4 of Febrl, without what these records do not have.
FEBRL = {
    "comparisons": [
        with_frequencies(cl.NameComparison("given_name")),
        with_frequencies(cl.NameComparison("surname")),
        cl.DateOfBirthComparison("date_of_birth", input_is_string=True, datetime_format="%Y%m%d"),
        cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
        with_frequencies(cl.ExactMatch("street_number")),
        with_frequencies(cl.DamerauLevenshteinAtThresholds("postcode", [1, 2])),
    ],
    "candidates": [
        block_on("soc_sec_id"),
        block_on("given_name"),
        block_on("surname"),
        block_on("date_of_birth"),
        block_on("postcode", "street_number"),
        block_on("address_1"),
    ],
    "certain": [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
    "passes": [block_on("date_of_birth"), block_on("postcode")],
}

# That of Splink's documentation for these records, with blocks of whatever has any.
FAKE_1000 = {
    "comparisons": [
        cl.NameComparison("first_name"),
        cl.NameComparison("surname"),
        cl.DateOfBirthComparison("dob", input_is_string=True),
        with_frequencies(cl.ExactMatch("city")),
        cl.EmailComparison("email"),
    ],
    "candidates": [
        block_on("first_name", "city"),
        block_on("surname"),
        block_on("dob"),
        block_on("email"),
        block_on("first_name"),
    ],
    "certain": [
        block_on("first_name", "surname", "dob"),
        block_on("email"),
    ],
    "passes": [block_on("first_name", "surname"), block_on("dob"), block_on("email")],
}


def people(records):
    return {
        "comparisons": [
            with_frequencies(cl.NameComparison("first_name")),
            with_frequencies(cl.NameComparison("last_name")),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.CustomComparison(
                output_column_name="email",
                comparison_levels=[
                    cll.NullLevel("email"),
                    shared_by(cll.ExactMatchLevel("email"), 0.003 / records),
                    cll.CustomLevel("split_part(email_l, '@', 1) = split_part(email_r, '@', 1)"),
                    cll.JaroWinklerLevel("email", 0.88),
                    cll.ElseLevel(),
                ],
            ),
            cl.CustomComparison(
                output_column_name="phone",
                comparison_levels=[
                    cll.NullLevel("phone"),
                    shared_by(cll.ExactMatchLevel("phone"), 0.03 / records),
                    cll.LevenshteinLevel("phone", 2),
                    cll.ElseLevel(),
                ],
            ),
            cl.LevenshteinAtThresholds("zip", [1]),
        ],
        "candidates": [
            of_one_person("l.email = r.email"),
            of_one_person("l.phone = r.phone"),
            block_on("first_name", "last_name"),
            block_on("first_name", "zip"),
            block_on("first_name", "dob"),
            block_on("last_name", "dob"),
            of_one_person("l.last_name = r.last_name AND l.zip = r.zip"),
        ],
        "certain": [
            block_on("first_name", "last_name", "dob"),
            block_on("email", "last_name"),
            block_on("phone", "last_name"),
        ],
        "passes": [block_on("first_name", "last_name"), block_on("dob")],
    }


# What the models are made of: comparisons, rules for candidates, rules that are nearly always
# right, and what is held fixed while the rest is learned; by the number of records.
MODELS = {
    "people": people,
    "febrl": lambda _: FEBRL,
    "febrl_link": lambda _: {**FEBRL, "link_type": "link_only"},
    "fake_1000": lambda _: FAKE_1000,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path, help="a folder for the clusters")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)

    start = time.perf_counter()
    database = duckdb.connect(config={"threads": options.threads})
    database.execute(
        f"CREATE TABLE records AS SELECT * EXCLUDE truth FROM "
        f"read_csv('{options.file}', all_varchar = true, header = true)"
    ).fetchall()
    records = database.execute("SELECT count(*) FROM records").fetchall()[0][0]
    model = MODELS[options.model](records)
    api = DuckDBAPI(connection=database)
    link_type = model.get("link_type", "dedupe_only")
    settings = SettingsCreator(
        link_type=link_type,
        unique_id_column_name="record_id",
        comparisons=model["comparisons"],
        blocking_rules_to_generate_predictions=model["candidates"],
    )
    tables = ["records"]
    if link_type == "link_only":
        tables = ["records_a", "records_b"]
        for name in tables:
            database.execute(
                f"CREATE TABLE {name} AS SELECT * EXCLUDE system FROM records "
                f"WHERE system = '{name[-1]}'"
            )
    linker = Linker([api.register(name) for name in tables], settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(model["certain"], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e7)
    for rule in model["passes"]:
        training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.perf_counter()
    weights = [*LOW_WEIGHTS, *WEIGHTS] if records <= FEW else WEIGHTS
    pairs = linker.inference.predict(threshold_match_weight=weights[0])
    predicted = time.perf_counter()

    def clusters(weight):
        clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
            pairs, threshold_match_weight=weight
        )
        return clusters.physical_name

    table = clusters(WEIGHTS[len(WEIGHTS) // 2])
    clustered = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counted = database.execute(f"SELECT count(*) FROM {pairs.physical_name}").fetchall()
    for weight in weights:
        target = options.out / f"weight_{weight}.csv"
        database.execute(
            f"COPY (SELECT record_id, cluster_id FROM {clusters(weight)}) TO '{target}' (HEADER)"
        ).fetchall()
    print(
        json.dumps(
            {
                "train": trained - start,
                "predict": predicted - trained,
                "cluster": clustered - predicted,
                "seconds": clustered - start,
                "peak_mb": peak,
                "pairs": counted[0][0],
            }
        )
    )


if __name__ == "__main__":
    main()

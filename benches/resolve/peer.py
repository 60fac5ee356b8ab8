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
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

# Weights at which clusters are made: from as likely as not to one error in a billion.
WEIGHTS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30]


def with_frequencies(comparison):
    return comparison.configure(term_frequency_adjustments=True)


# What the models are made of: comparisons, rules for candidates, rules that are nearly always
# right, and what is held fixed while the rest is learned.
MODELS = {
    "people": {
        "comparisons": [
            with_frequencies(cl.NameComparison("first_name")),
            with_frequencies(cl.NameComparison("last_name")),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.EmailComparison("email"),
            cl.LevenshteinAtThresholds("phone", [1, 2]),
            cl.JaroWinklerAtThresholds("street", [0.9, 0.8]),
            with_frequencies(cl.ExactMatch("city")),
            cl.LevenshteinAtThresholds("zip", [1]),
        ],
        "candidates": [
            block_on("email"),
            block_on("phone"),
            block_on("first_name", "last_name"),
            block_on("last_name", "zip"),
            block_on("first_name", "dob"),
            block_on("last_name", "dob"),
            block_on("street", "zip"),
        ],
        "certain": [
            block_on("first_name", "last_name", "dob"),
            block_on("email", "last_name"),
            block_on("phone", "last_name"),
        ],
        "passes": [block_on("first_name", "last_name"), block_on("dob")],
    },
    "febrl": {
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
    },
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path, help="a folder for the clusters")
    parser.add_argument("--threads", type=int, required=True)
    options = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    model = MODELS[options.model]

    start = time.perf_counter()
    database = duckdb.connect(config={"threads": options.threads})
    database.execute(
        f"CREATE TABLE records AS SELECT * EXCLUDE truth FROM "
        f"read_csv('{options.file}', all_varchar = true, header = true)"
    ).fetchall()
    api = DuckDBAPI(connection=database)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record_id",
        comparisons=model["comparisons"],
        blocking_rules_to_generate_predictions=model["candidates"],
    )
    linker = Linker(api.register("records"), settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(model["certain"], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=1e7)
    for rule in model["passes"]:
        training.estimate_parameters_using_expectation_maximisation(rule)
    trained = time.perf_counter()
    pairs = linker.inference.predict(threshold_match_weight=WEIGHTS[0])
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
    for weight in WEIGHTS:
        target = options.out / f"{weight}.csv"
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

"""Link records with Splink, for comparison; run by identity_truth.py with a Python that has it.

python benchmarks/identity_splink.py records.parquet clusters.parquet THRESHOLD

Every column but `record` is compared: names by similarity, addresses by part, dates and numbers by typing errors.
"""

from __future__ import annotations

import sys

import pyarrow.parquet as pq
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.backends.duckdb import DuckDBAPI

COMPARE = {
    "first_name": lambda name: cl.NameComparison(name),
    "last_name": lambda name: cl.NameComparison(name),
    "email": lambda name: cl.EmailComparison(name),
    "birth_date": lambda name: cl.LevenshteinAtThresholds(name, [1, 2]),
    "phone": lambda name: cl.LevenshteinAtThresholds(name, [1]),
    "person_number": lambda name: cl.LevenshteinAtThresholds(name, [1, 2]),
    "postcode": lambda name: cl.LevenshteinAtThresholds(name, [1]),
    "street": lambda name: cl.JaroWinklerAtThresholds(name, [0.9]),
    "city": lambda name: cl.JaroWinklerAtThresholds(name, [0.9]),
}
# Pairs that agree on none of these are never looked at.
BLOCKS = (
    ("email",),
    ("phone",),
    ("person_number",),
    ("first_name", "last_name"),
    ("birth_date",),
    ("last_name", "city"),
    ("last_name", "postcode"),
    ("first_name", "postcode"),
    ("first_name", "city"),
)
SURE = (("email",), ("phone",), ("person_number",), ("first_name", "last_name", "birth_date"))
LEARN = (("first_name", "last_name"), ("birth_date",), ("email",), ("person_number",))


def within(columns: list[str], rules: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    return [rule for rule in rules if set(rule) <= set(columns)]


def main() -> int:
    source, target, threshold = sys.argv[1:]
    table = pq.read_table(source)
    columns = [name for name in table.column_names if name != "record"]
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="record",
        comparisons=[COMPARE[name](name) for name in columns],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in within(columns, BLOCKS)],
    )
    linker = Linker(DuckDBAPI().register(table), settings, log_level=None)
    sure = [block_on(*rule) for rule in within(columns, SURE)]
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=2_000_000, seed=1)
    for rule in within(columns, LEARN):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    pairs = linker.inference.predict(threshold_match_probability=0.05)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(
        pairs, threshold_match_probability=float(threshold)
    )
    found = clusters.as_pandas_dataframe()[["record", "cluster_id"]]
    found.to_parquet(target, index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())

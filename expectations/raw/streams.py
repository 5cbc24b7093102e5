"""What every stream must satisfy, also on a day without a new file."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the table of streams of a load; a stream that breaks one stops the load."""
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="max_age_days",
            column_B="age_days",
            or_equal=True,
            ignore_row_if="either_value_is_missing",
            meta={"rule": "the newest event is no older than the mapping's max_age_days"},
        ),
    ]

"""What a review must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(column="rating", min_value=1, max_value=5, meta={"rule": "rating is 1 to 5"}),
    ]

"""What a store credit must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="amount", min_value=0, max_value=None, meta={"rule": "amount is left to spend, so not negative"}
        ),
    ]

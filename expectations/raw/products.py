"""What a product must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="unit_cost", min_value=0, max_value=None, meta={"rule": "unit_cost is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="unit_price", min_value=0, max_value=None, meta={"rule": "unit_price is not negative"}
        ),
    ]

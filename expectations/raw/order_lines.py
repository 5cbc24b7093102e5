"""What an order line must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="line_type",
            value_set=["product", "shipping", "discount", "fee", "adjustment", "gift_card"],
            meta={"rule": "line_type is one of the contract"},
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="line_number", min_value=1, max_value=None, meta={"rule": "line_number counts from 1"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="quantity",
            min_value=-1000000,
            max_value=1000000,
            meta={"rule": "quantity lies within a million units"},
        ),
    ]

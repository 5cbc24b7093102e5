"""What an order must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="status",
            value_set=["completed", "pending", "cancelled"],
            meta={"rule": "status is known; add a new one to the mapping's status_map"},
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="discount_amount", min_value=0, max_value=None, meta={"rule": "discount_amount is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="tax_amount", min_value=0, max_value=None, meta={"rule": "tax_amount is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="shipping_amount", min_value=0, max_value=None, meta={"rule": "shipping_amount is not negative"}
        ),
    ]

"""What a session must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="page_views", min_value=0, max_value=None, meta={"rule": "page_views is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="product_views", min_value=0, max_value=None, meta={"rule": "product_views is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="cart_adds", min_value=0, max_value=None, meta={"rule": "cart_adds is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="checkout_starts", min_value=0, max_value=None, meta={"rule": "checkout_starts is not negative"}
        ),
    ]

"""What a usage reading must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="usage", min_value=0, max_value=None, meta={"rule": "usage counts up from 0"}
        ),
    ]

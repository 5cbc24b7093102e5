"""What every file must satisfy before its rows are looked at."""

from great_expectations import expectations as gxe

SMALLEST_SHARE_OF_PREVIOUS = 0.5


def rules() -> list:
    """Expectations on the table of files of a load; a file that breaks one stops the load."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="rows_read", min_value=1, meta={"rule": "a file holds at least one record"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="share_of_previous",
            min_value=SMALLEST_SHARE_OF_PREVIOUS,
            meta={"rule": "a file loaded again has not lost more than half of its records"},
        ),
    ]

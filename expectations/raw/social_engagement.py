"""What a day of a social account must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=name, min_value=0, max_value=None, meta={"rule": f"{name} is not negative"}
        )
        for name in ("followers", "reactions", "comments", "shares", "likes")
    ]

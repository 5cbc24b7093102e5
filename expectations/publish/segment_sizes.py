"""No segment collapses or explodes from one run to the next."""

from great_expectations import expectations as gxe

# The publisher guards each list more tightly; this stops a broken build, as of a rule that lost its rows.
SMALLEST_GROWTH = 0.2
LARGEST_GROWTH = 5.0


def rules() -> list:
    """Expectations on audit.segment_sizes; growth is NULL for segments that had fewer than 100 members."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="growth",
            min_value=SMALLEST_GROWTH,
            max_value=LARGEST_GROWTH,
            meta={"rule": "a segment has between a fifth and five times the members of the last run"},
        ),
    ]

"""What a day of an ad must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="spend", min_value=0, max_value=None, meta={"rule": "spend is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="impressions", min_value=0, max_value=None, meta={"rule": "impressions is not negative"}
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="clicks", min_value=0, max_value=None, meta={"rule": "clicks is not negative"}
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="impressions", column_B="clicks", or_equal=True, meta={"rule": "no more clicks than impressions"}
        ),
    ]

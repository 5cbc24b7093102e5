"""Raw, staging and marts hold the same, to the cent."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on audit.reconciliation."""
    return [
        gxe.ExpectTableRowCountToEqual(value=8, meta={"rule": "all eight measures were taken"}),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="raw_value",
            column_B="staging_value",
            ignore_row_if="neither",
            meta={"rule": "the lake and staging hold the same"},
        ),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="staging_value",
            column_B="mart_value",
            ignore_row_if="neither",
            meta={"rule": "staging and the marts hold the same"},
        ),
    ]

"""No cent is lost or doubled between the marts."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on audit.conservation."""
    return [
        gxe.ExpectTableRowCountToEqual(value=4, meta={"rule": "all four sums were taken"}),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="one_value",
            column_B="other_value",
            ignore_row_if="neither",
            meta={"rule": "the marts agree to the cent"},
        ),
    ]

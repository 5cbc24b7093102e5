"""Each stage model puts every customer into exactly one stage at any moment."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on audit.stage_partition."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1, meta={"rule": "at least one stage model was checked"}),
        gxe.ExpectColumnPairValuesToBeEqual(
            column_A="customers",
            column_B="customers_in_one_stage",
            ignore_row_if="neither",
            meta={"rule": "every customer is in exactly one stage of every model"},
        ),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[0], meta={"rule": f"the history has no {what}"})
            for column, what in (
                ("overlaps", "overlapping stays"),
                ("gaps", "gaps between stays"),
                ("endless", "endless stay before another"),
            )
        ),
    ]

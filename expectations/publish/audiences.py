"""What leaves the house: known customers, once each, all of whom agreed; nobody who is held out."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on audit.audiences."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1, meta={"rule": "at least one audience was checked"}),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[0], meta={"rule": f"an audience has no {what}"})
            for column, what in (
                ("repeated", "customer twice"),
                ("unknown_customers", "member who is not a customer"),
                ("without_consent", "member without consent"),
                ("held_out", "message or task for who is held out"),
            )
        ),
    ]

"""What is about to be offered keeps to the ladder: nothing that is not needed, not too early, within the budget."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on audit.offers."""
    return [
        gxe.ExpectTableRowCountToBeBetween(min_value=1, meta={"rule": "the queue was checked"}),
        *(
            gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[0], meta={"rule": rule})
            for column, rule in (
                ("repeated", "a customer is sent one message"),
                ("not_in_playbook", "an offer is on the ladder and in its trigger's row of the playbook"),
                ("without_expiry", "every offer expires, after it is sent"),
                ("against_policy", "no offer goes beyond the policy of the customer's stage"),
                ("before_bare_offer", "a discount comes after an offer without one has failed"),
                ("not_escalating", "whoever has been away for longer is offered strictly more"),
            )
        ),
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A="budget", column_B="cost", or_equal=True, meta={"rule": "the offers cost no more than the budget"}
        ),
        gxe.ExpectColumnValuesToNotBeNull(column="budget", meta={"rule": "there is a budget"}),
    ]

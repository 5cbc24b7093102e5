"""What an e-mail event must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="event_type",
            value_set=["sent", "bounced", "opened", "clicked", "unsubscribed", "spam_reported"],
            meta={"rule": "event_type is one of the contract"},
        ),
    ]

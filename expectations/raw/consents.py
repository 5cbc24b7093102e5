"""What a consent must satisfy beyond its contract."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="status",
            value_set=["granted", "withdrawn"],
            meta={"rule": "status is granted or withdrawn"},
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="channel",
            value_set=["email", "sms", "push", "ads"],
            meta={"rule": "channel is email, sms, push or ads"},
        ),
    ]

"""What every stream must satisfy: the entity's contract."""

from great_expectations import expectations as gxe

from include.sources.entities import Entity


def rules(entity: Entity) -> list:
    """Expectations on the rows of a batch; a row that breaks one goes to the quarantine."""
    readable = [
        gxe.ExpectColumnValuesToBeNull(column="_problem", meta={"rule": "every value fits its column's type"}),
        gxe.ExpectColumnValuesToBeNull(
            column="_superseded_by", meta={"rule": f"{', '.join(entity.key)} is unique in a file; the last row counts"}
        ),
    ]
    required = [
        gxe.ExpectColumnValuesToNotBeNull(column=column.name, meta={"rule": f"{column.name} is given"})
        for column in entity.columns
        if column.required
    ]
    currency = [
        gxe.ExpectColumnValuesToBeInSet(
            column="_has_rate",
            value_set=[True],
            meta={"rule": "the currency is known and has a rate on that day (dbt_project/seeds/fx_rates.csv)"},
        )
        for column in entity.columns
        if column.type == "currency"
    ]
    time = [
        gxe.ExpectColumnValuesToBeInSet(
            column="_plausible_time",
            value_set=[True],
            meta={"rule": f"{entity.event_time} lies between 1970 and tomorrow"},
        )
        for _ in [entity.event_time]
        if entity.event_time
    ]
    return readable + required + currency + time

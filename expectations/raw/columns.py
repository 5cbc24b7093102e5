"""What must hold of the columns of a load, compared with the files landed before."""

from great_expectations import expectations as gxe


def rules() -> list:
    """Expectations on the table of changed columns of a load; a column that breaks one stops the load."""
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="is_missing",
            value_set=[False],
            meta={"rule": "a column that the mapping uses and every record had is not missing"},
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="is_retyped",
            value_set=[False],
            meta={"rule": "a column that the mapping uses is of the kind it was"},
        ),
    ]

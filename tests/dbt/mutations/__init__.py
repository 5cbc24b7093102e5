"""One rule broken per entry, by topic: path in the project, what stands there, what it becomes, who must notice."""

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

Mutation = tuple[str, str, str, str]

MUTATIONS: list[Mutation] = [
    mutation
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
    for mutation in import_module(f"{__name__}.{path.stem}").MUTATIONS
]


def dealt(mutations: Iterable[Mutation]) -> list[list[Mutation]]:
    """Deal mutations into batches in which none can hide another.

    A unit test sees one model only, so of each file there is at most one edit per batch, and each unit test is held
    once. Macros and seeds reach many models: they are dealt apart from these.
    """
    batches: list[list[Mutation]] = []
    for mutation in mutations:
        fitting = (batch for batch in batches if all(_side_by_side(mutation, other) for other in batch))
        batch = next(fitting, None)
        if batch is None:
            batches.append([mutation])
        else:
            batch.append(mutation)
    return batches


def _side_by_side(one: Mutation, other: Mutation) -> bool:
    same_edit = one[:3] == other[:3]
    return (
        (same_edit or one[0] != other[0])
        and one[3] != other[3]
        and one[0].startswith("models/") == other[0].startswith("models/")
    )

"""One rule broken per entry, by topic: path in the project, what stands there, what it becomes, who must notice."""

from importlib import import_module
from pathlib import Path

Mutation = tuple[str, str, str, str]

MUTATIONS: list[Mutation] = [
    mutation
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
    for mutation in import_module(f"{__name__}.{path.stem}").MUTATIONS
]

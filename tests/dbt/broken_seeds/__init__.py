"""By topic: data test of the project -> changes of the seeds (SQL) that it must notice."""

from importlib import import_module
from pathlib import Path

BROKEN: dict[str, list[str]] = {
    test: changes
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py"))
    for test, changes in import_module(f"{__name__}.{path.stem}").BROKEN.items()
}

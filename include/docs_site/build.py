"""Build the documentation: what docs/ holds and what the project says of itself, as pages that open from disk."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from include.docs_site import dictionary, pictures
from include.docs_site.manifest import read
from include.settings import PROJECT_ROOT
from include.warehouse.dbt import MANIFEST, PROJECT_DIR

CONFIG = PROJECT_ROOT / "mkdocs.yml"
# Pages that lie outside docs/, by the name that they get.
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}


class DocsError(RuntimeError):
    """The documentation cannot be built; the message says which page has what wrong."""


def write_pages(folder: Path, manifest: Path = MANIFEST) -> None:
    """Write every page as Markdown, made anew.

    Raises:
        DocsError: the dbt project was not parsed.
    """
    if not manifest.exists():
        raise DocsError(f"{manifest} does not exist; run `make manifest`.")
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(PROJECT_ROOT / "docs", folder)
    for name, target in ROOT_PAGES.items():
        (folder / target).write_text(_from_the_root((PROJECT_ROOT / name).read_text(encoding="utf-8")), "utf-8")
    project = read(manifest)
    pages = {"dictionary/index.md": dictionary.index(project)}
    pages |= {f"dictionary/{dictionary.page_name(node)}": dictionary.page(project, node) for node in project.nodes()}
    core, stages = pictures.core_tables(project), pictures.lifecycle(PROJECT_DIR / "seeds")
    pages["diagrams.md"] = DIAGRAMS.format(core=core, stages=stages)
    pages["decisions/index.md"] = "\n".join(("# Decisions", "", *_listed(folder / "decisions")))
    pages["runbooks/index.md"] = "\n".join(("# Runbooks", "", *_listed(folder / "runbooks")))
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


DIAGRAMS = """# Pictures

## How the core tables join

An arrow leads from a table to the one whose key it holds. Every other mart with a `customer_key` joins `dim_customers`
likewise.

{core}

## The lifecycle

The stages of the default model, from the seed `stages`: solid to where a stage leads, dashed to where its customers are
lost. What each rule says is in [stages](stages.md).

{stages}
"""


def render(pages: Path, site: Path) -> None:
    """Turn Markdown pages into the site; any link or anchor that leads nowhere stops it.

    Raises:
        DocsError: names each page and link.
    """
    import logging

    from mkdocs.commands.build import build
    from mkdocs.config import load_config
    from mkdocs.exceptions import MkDocsException

    problems: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: problems.append(record.getMessage())  # type: ignore[method-assign]
    log = logging.getLogger("mkdocs")
    log.addHandler(handler)
    try:
        build(load_config(str(CONFIG), docs_dir=str(pages), site_dir=str(site), strict=False))
    except MkDocsException as error:
        raise DocsError(str(error)) from error
    finally:
        log.removeHandler(handler)
    if problems:
        raise DocsError("\n".join(problems))


def _from_the_root(text: str) -> str:
    """Let links of a page of the root folder lead to where the pages lie in the site."""
    text = re.sub(r"```mermaid\n.*?```", "See the [pictures](diagrams.md).", text, flags=re.S)
    text = text.replace("](docs/decisions/)", "](decisions/index.md)").replace(
        "](docs/sources)", "](sources/README.md)"
    )
    text = text.replace("](docs/", "](").replace("](LICENSE)", "](https://www.apache.org/licenses/LICENSE-2.0)")
    return text.replace("](CONTRIBUTING.md)", "](contributing.md)")


def _listed(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.md")):
        if path.name != "index.md":
            title = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
            yield f"- [{title}]({path.name})"

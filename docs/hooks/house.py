"""Brings pages that lie elsewhere in the repository onto the site, and mends the links between them."""

import os
import re
from fnmatch import fnmatch
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from examples import example_page

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "src/saccade"
ELSEWHERE = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
"""pages of the repository outside of this folder, and what they are called here"""

_LINK = re.compile(r"(\]\()([^)#\s:]+)((?:#[^)]*)?\))")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages from elsewhere, and writes out the patterns in the navigation."""
    places.cache_clear()
    for source, place in places().items():
        text = (ROOT / source).read_text()
        if source.endswith(".md"):
            files.append(File.generated(config, place, content=text))
        elif place == _example_place(source):
            files.append(File.generated(config, place, content=example_page(ROOT / source)))
        else:
            files.append(_listing(source, text, place, config))
    pages = [
        file.src_uri
        for file in files.documentation_pages()
        if file.inclusion is not InclusionLevel.NOT_IN_NAV
    ]
    named = {name for name in _names(config.nav) if "*" not in name}
    config.nav = _written_out(config.nav, sorted(set(pages) - named))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Leads links to files of the repository to their pages here."""
    here = page.file.src_uri
    origin = next((source for source, place in places().items() if place == here), f"docs/{here}")

    def led(found: re.Match[str]) -> str:
        target = _resolved(origin, found[2])
        if target not in places() and origin not in places():
            return found[0]
        place = f"docs/{places()[target]}" if target in places() else target
        return f"{found[1]}{os.path.relpath(place, f'docs/{PurePosixPath(here).parent}')}{found[3]}"

    return _LINK.sub(led, markdown)


@cache
def places() -> dict[str, str]:
    """Files of the repository that are pages here, each with its place.

    They are the pages outside of this folder, methods, examples, and every file that a page links to.
    """
    examples = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("examples/*.py"))
    methods = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob(f"{PACKAGE}/*/*/README.md"))
    pages = ELSEWHERE | {page: f"methods/{PurePosixPath(page).parent.name}.md" for page in methods}
    pages |= {script: _example_place(script) for script in examples}
    own = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/**/*.md")]
    linked = {
        target
        for page in (*own, *pages)
        for found in _LINK.finditer((ROOT / page).read_text())
        if not (target := _resolved(page, found[2])).startswith(("docs/", "..")) and (ROOT / target).is_file()
    }
    return pages | {file: f"source/{file}.md" for file in sorted(linked - set(pages))}


def _example_place(script: str) -> str:
    return f"examples/{PurePosixPath(script).stem}.md"


def _listing(source: str, text: str, place: str, config: MkDocsConfig) -> File:
    """The page of a file of code: there for links, and neither in the navigation nor found by the search."""
    about = f"---\nsearch: {{exclude: true}}\n---\n\n# {source}\n\n"
    code = f"````{Path(source).suffix[1:]}\n{text}\n````\n"
    return File.generated(config, place, content=about + code, inclusion=InclusionLevel.NOT_IN_NAV)


def _resolved(page: str, link: str) -> str:
    """The path in the repository that a link of a page means."""
    return os.path.normpath(PurePosixPath(page).parent / link)


def _names(nav: Any) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [name for part in parts for name in _names(part)]


def _written_out(nav: Any, pages: list[str]) -> Any:
    """The navigation with the names of pages in the place of patterns; what is empty then is left out."""
    if isinstance(nav, dict):
        return {title: part for title, old in nav.items() if (part := _written_out(old, pages))}
    if isinstance(nav, str):
        return _matching(nav, pages) if "*" in nav else nav
    written: list[Any] = []
    for part in nav:
        new = _written_out(part, pages)
        written += new if isinstance(part, str) and isinstance(new, list) else [new] if new else []
    return written


def _matching(pattern: str, pages: list[str]) -> list[str]:
    """Takes the pages that a pattern means, an index first; a star does not reach into folders."""
    found = [page for page in pages if fnmatch(page, pattern) and page.count("/") == pattern.count("/")]
    for page in found:
        pages.remove(page)
    # without its ending, so that a module comes before what is in it
    return sorted(found, key=lambda page: (not page.endswith("index.md"), page.removesuffix(".md")))

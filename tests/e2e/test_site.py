"""The built site, where `SACCADE_TEST_SITE` names it: whole, legible at any width, asking nobody."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from saccade.cli import GROUPS, VERBS
from tests.api import public_names
from tests.browser import Browser, find_browser

REPOSITORY = Path(__file__).resolve().parents[2]
HOOKS = REPOSITORY / "docs" / "hooks"
SITE = Path(os.environ.get("SACCADE_TEST_SITE", "nowhere")).resolve()
# 404.html is for servers, which answer with it anywhere, and so looks for its files at their root
PAGES = sorted(set(SITE.rglob("*.html")) - {SITE / "404.html"})

pytestmark = pytest.mark.skipif(not PAGES, reason="no site; make docs builds one and tests it")

# what a browser fetches by itself; links are not among it
_FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=\"([^\"]*)|<link\b[^>]*\bhref=\"([^\"]*)"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = find_browser()
    if binary is None:
        pytest.skip("no Chromium; name one with SACCADE_TEST_BROWSER")
    with Browser(binary) as opened:
        yield opened


@pytest.fixture
def hooks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(HOOKS), *sys.path])


def text_of(page: str) -> str:
    return (SITE / page).read_text()


def test_every_command_and_option_has_its_place(hooks):
    from commands import pages

    assert set(pages()) == {"index", *VERBS, *GROUPS}
    shown = text_of("reference/commands/track.html")
    assert all(f"<code>{name}" in shown for name in ("--box", "--tracker", "--seed", "--json", "SOURCE"))
    assert "[default: eco]" in shown
    # no line can end between the dashes of an option and its name
    assert "one for each `--dataset`" in pages()["eval"]
    assert "saccade data check" in text_of("reference/commands/data.html")


def test_every_public_name_has_its_place():
    for name in public_names():
        module, _, short = name.rpartition(".")
        page = text_of(f"reference/api/{module}.html")
        assert re.search(rf'id="saccade[\w.]*\.{short}"|<code>saccade[\w.]*\.{short}</code>', page), name


def test_nothing_is_fetched_from_anywhere():
    for page in PAGES:
        fetched = [src or href for src, href in _FETCHED.findall(page.read_text())]
        assert not [address for address in fetched if "//" in address], page
    styles = [file.read_text() for file in SITE.rglob("*.css")]
    assert not [style for style in styles if re.search(r"url\(\s*[\"']?(https?:)?//", style)]


def test_equations_are_shown_and_not_spelled():
    page = text_of("how/dimp.html")
    assert '<div class="equation"><math' in page
    assert "arithmatex" not in page


@pytest.mark.parametrize("tex", [r"\foo x", r"a_1_2", r"\big\foo"])
def test_an_equation_that_cannot_be_shown_fails(hooks, tex):
    from equations import _replaced
    from mkdocs.exceptions import PluginError

    found = re.match("(.*)", tex)
    assert found is not None
    with pytest.raises(PluginError, match=r"how/it\.md: no equation"):
        _replaced(found, "block", "how/it.md")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("page", [page.relative_to(SITE).as_posix() for page in PAGES])
def test_pages_fit(browser, page, width):
    browser.complaints.clear()
    browser.visit((SITE / page).as_uri(), width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert not browser.complaints
    assert not browser.run("performance.getEntriesByType('resource').filter(e => e.name.startsWith('http'))")


def test_the_search_finds_without_a_server(browser):
    browser.visit((SITE / "index.html").as_uri())
    browser.wait("document.querySelector('.md-search__input') !== null")
    browser.run("document.querySelector('#__search').click()")
    browser.run("document.querySelector('.md-search__input').focus()")
    browser.write("distractor")
    found = browser.wait("document.querySelector('.md-search-result__link')?.getAttribute('href')")
    assert found.startswith("file:")

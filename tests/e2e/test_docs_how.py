"""The pages on how models work are whole, and what they say of settings and code is true."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from docs.how import settings
from docs.how.drawing import PICTURES, draw
from saccade.association.associator import ASSOCIATORS
from saccade.zoo import CATALOG

HOW = Path(settings.__file__).parent
PAGES = {path.stem: path.read_text() for path in sorted(HOW.glob("*.md"))}
MOST_WORDS = 1500
MOST_BYTES, MOST_BYTES_IN_ALL = 80_000, 1_000_000
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)]+)\)")
FIGURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
by_page = pytest.mark.parametrize("page", PAGES)


def headings(text: str) -> set[str]:
    """The anchors of a page's headings."""
    return {
        re.sub(r"[^\w -]", "", line).strip().lower().replace(" ", "-")
        for line in re.findall(r"^#+ (.*)", text, re.M)
    }


@pytest.mark.parametrize("name", CATALOG)
def test_every_model_has_a_page(name):
    assert [page for page, text in PAGES.items() if f"`{name}`" in text]


@pytest.mark.parametrize("name", ASSOCIATORS)
def test_every_association_has_a_place(name):
    assert f"| `{name}` |" in PAGES["association"]


def test_the_first_page_leads_to_all_others():
    assert {Path(target).stem for _, target in LINK.findall(PAGES["index"])} >= PAGES.keys() - {"index"}


@by_page
def test_pages_are_short_and_say_what_the_method_cannot_do(page):
    assert len(PAGES[page].split()) <= MOST_WORDS
    if page != "index":
        assert headings(PAGES[page]) >= {"the-idea", "the-equations", "in-the-code", "settings", "limits"}
        assert "https://arxiv.org/abs/" in PAGES[page]


@by_page
def test_links_lead_somewhere(page):
    for _, link in LINK.findall(PAGES[page]):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        path = HOW / target if target else HOW / f"{page}.md"
        assert path.is_file(), link
        assert not anchor or anchor in headings(path.read_text()), link


@by_page
def test_the_code_has_what_is_named(page):
    for words, target in LINK.findall(PAGES[page]):
        if target.endswith(".py"):
            code = (HOW / target).read_text()
            for name in re.findall(r"`(\w+)`", words):
                assert re.search(rf"^(class|def) {name}\b", code, re.M), f"{name} is not in {target}"


@by_page
def test_tables_of_settings_are_true(page):
    if page == "association":
        pytest.importorskip("trackers")
    assert settings.rewritten(PAGES[page]) == PAGES[page], "python -m docs.how.settings writes them anew"


def test_a_table_that_is_not_true_is_found_out():
    table = "| setting | eco | what it is |\n| --- | --- | --- |\n| `search.area` | 3 | wrong |"
    assert settings.rewritten(table).splitlines()[2] == (
        "| `search.area` | 4 | side of the square / square root of the target's area |"
    )
    with pytest.raises(KeyError, match=r"search\.aera"):
        settings.rewritten(table.replace("area", "aera"))


@by_page
def test_pictures_are_there_small_and_described(page):
    shown = FIGURE.findall(PAGES[page])
    assert [target for _, target in shown] == [f"pictures/{name}.webp" for name in PICTURES[page]]
    for described, target in shown:
        assert described
        assert (HOW / target).stat().st_size < MOST_BYTES


def test_all_pictures_together_are_small_and_each_is_shown():
    files = list((HOW / "pictures").iterdir())
    assert {path.stem for path in files} == {name for pictures in PICTURES.values() for name in pictures}
    assert sum(path.stat().st_size for path in files) < MOST_BYTES_IN_ALL


def test_pictures_can_be_drawn_again(tmp_path):
    (drawn,) = draw("simplebaseline", tmp_path)
    with Image.open(drawn) as new, Image.open(HOW / "pictures" / drawn.name) as kept:
        assert new.size == kept.size
        assert new.mode == "RGBA"  # no paper of its own
        difference = np.abs(np.asarray(new).astype(int) - np.asarray(kept))
    assert difference.mean() < 4  # fonts and compression may differ a little, contents may not

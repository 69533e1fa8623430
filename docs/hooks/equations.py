"""Turns TeX into MathML while the site is built: browsers show that themselves, and fetch nothing."""

import re
from functools import partial
from html import unescape

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

# as the extension arithmatex marks it
_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.S)
_BLOCK = re.compile(r'<div class="arithmatex">\s*\\\[(.*?)\\\]\s*</div>', re.S)
_SPELLED = {
    **{name: rf"\operatorname{{{name}}}" for name in ("arg", "diag")},
    # delimiters as they are: it knows some of their commands, but none behind \big
    **dict.fromkeys(("|", "lVert", "rVert"), "‖"),
    **dict.fromkeys(("lvert", "rvert"), "|"),
    "langle": "⟨",
    "rangle": "⟩",
    "lfloor": "⌊",
    "rfloor": "⌋",
    "lceil": "⌈",
    "rceil": "⌉",
}
"""commands that latex2mathml does not know, by what it does"""
_SPELLING = re.compile(r"\\([A-Za-z]+|\|)")


def on_page_content(html: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Replaces the equations of a page."""
    for pattern, display in ((_BLOCK, "block"), (_INLINE, "inline")):
        html = pattern.sub(partial(_replaced, display=display, page=page.file.src_uri), html)
    return html


def mathml(tex: str, display: str = "inline") -> str:
    """The MathML of an equation.

    Args:
        display: "inline" or "block".

    Raises:
        ValueError: for a command that is not known, which would be shown as it is written.
    """
    tex = _SPELLING.sub(lambda found: _SPELLED.get(found[1], found[0]), tex)
    math: str = convert(tex, display=display)
    if unknown := re.search(r">(\\[^<]+)", math):
        raise ValueError(f"{unknown[1]} is not known")
    return math


def _replaced(found: re.Match[str], display: str, page: str) -> str:
    tex = unescape(found[1]).strip()
    try:
        math = mathml(tex, display)
    except Exception as error:  # whatever it is, what is wrong is the equation
        raise PluginError(f"{page}: no equation that can be shown: {tex} ({error!r})") from error
    # long ones scroll by themselves
    return f'<div class="equation">{math}</div>' if display == "block" else math

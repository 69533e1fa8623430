"""What is wrong with a weight file, or with the place for one, in words that help; never a library's own."""

import re
import zipfile
from codecs import getincrementaldecoder
from pathlib import Path

from saccade.core.errors import OutputError, WeightsError, reason_of

EXPECTED = "expected .safetensors, a state dict that PyTorch saved, or a checkpoint of PyTracking"
ZIP = b"PK\x03\x04"
"""how PyTorch's files begin since its version 1.6"""

_HEAD = 512
"""bytes from which a text is told"""
_WEB_PAGE = re.compile(rb"\s*<(!doctype html|html|head|body)\b", re.IGNORECASE)
_OTHER_FILES = {
    ".py": "a program, no weight file, and is not run; a tracker of your own is used and judged from Python, "
    "or taken into the catalogue (docs/add-a-tracker.md)",
    ".onnx": "an exported network, no weight file; name the model, or the weights that it was made of (that "
    "of a detector runs by itself: `saccade detect --model FILE`)",
}
"""what people give for weights, by suffix"""
_CUT_SHORT = re.compile(
    r"EOF|end of file|truncated|exhausted|incomplete|not enough data|expected \d+ bytes", re.I
)
"""what libraries say where a file ends too early"""


def is_web_page(head: bytes) -> bool:
    """Whether something that begins so is a web page, such as a server sends in place of a file."""
    return _WEB_PAGE.match(head) is not None


def damaged(path: Path, error: BaseException) -> WeightsError:
    """The refusal of a file that cannot be read to its end."""
    if isinstance(error, OSError) and error.strerror:
        return WeightsError(f"{path}: cannot be read ({error.strerror})")
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return WeightsError(f"{path}: is empty; fetch it again")
    if is_web_page(head):
        return WeightsError(f"{path}: is a web page, no weight file; {EXPECTED}")
    if (what := _OTHER_FILES.get(path.suffix)) is not None:
        return WeightsError(f"{path}: is {what}")
    if _is_text(head):
        return WeightsError(f"{path}: is a text file, no weight file; {EXPECTED}")
    is_half_zip = head.startswith(ZIP) and not _is_whole_zip(path)
    if is_half_zip or isinstance(error, EOFError) or _CUT_SHORT.search(str(error)):
        return WeightsError(f"{path}: is cut short, or no weight file; fetch it again; {EXPECTED}")
    return WeightsError(f"{path}: damaged, or no weight file; {EXPECTED}")


def _is_whole_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:
        # its list of files is there, and damaged
        return True


def _is_text(head: bytes) -> bool:
    """Whether something that begins so is text, as far as it goes."""
    try:
        # whose last character may be cut in two
        text = getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(letter.isprintable() or letter.isspace() for letter in text)


def unwritable(path: Path, error: Exception) -> OutputError:
    """The complaint about a file of the store that cannot be written."""
    reason = reason_of(error)
    is_full = "No space" in reason or "quota" in reason.lower()
    remedy = "free space there, or name" if is_full else "name"
    return OutputError(f"{path}: cannot be written ({reason}); {remedy} another folder in SACCADE_WEIGHTS")

"""Fetching published files: over HTTP, and from Google Drive; what was interrupted is continued."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from saccade import __version__
from saccade.core.errors import MissingExtraError, WeightsError
from saccade.weights.complaints import is_web_page, unwritable

Progress = Callable[[int, int | None], None]
"""told how many bytes are there, and how many there will be, if that is known"""

_CHUNK = 1 << 18
_PATIENCE = 30.0
"""seconds without a byte until a server counts as gone"""
_AGAIN = "what came so far is kept, and the same command continues there"
_WEB_PAGE = "the server sent a web page, not a weight file (Drive's quota? try again tomorrow)"
_SHORT = 120
"""letters of a reason that is worth repeating"""
_HEAD = 512
"""bytes from which a web page is told"""


def fetch(url: str, target: Path, progress: Progress) -> None:
    """Fetches a file over HTTP; bytes that an earlier call left in `target`.part are not fetched again.

    Beside them stands which version of the file they are of: a server that has another by now sends it all.

    Raises:
        WeightsError: when the address is no HTTP address, the server does not have the file or cannot be
            reached, or the connection breaks.
        OutputError: when the file cannot be written.
    """
    if not url.startswith(("http://", "https://")):
        raise WeightsError(f"{url}: no web address; expected http://… or https://…")
    part, version = (target.with_name(target.name + ending) for ending in (".part", ".part.version"))
    _make_folder(target)
    try:
        answer = _open(
            url,
            part.stat().st_size if part.is_file() else 0,
            version.read_text(encoding="latin-1") if version.is_file() else None,
        )
        is_rest = answer.status == HTTPStatus.PARTIAL_CONTENT
        with answer, part.open("ab" if is_rest else "wb") as file:
            if not is_rest:
                version.write_text(_version(answer), encoding="latin-1")
            total = None if answer.length is None else file.tell() + answer.length
            progress(file.tell(), total)
            for chunk in _chunks(url, answer):
                file.write(chunk)
                progress(file.tell(), total)
            size = file.tell()
        if total is not None and size < total:
            raise WeightsError(f"{url}: interrupted after {size:,} of {total:,} bytes; {_AGAIN}")
        part.replace(target)
        version.unlink(missing_ok=True)
    except OSError as error:  # those of the connection are WeightsErrors by now
        raise unwritable(target, error) from None


def fetch_from_drive(drive: str, target: Path, progress: Progress) -> None:
    """Fetches a file from Google Drive by its id, with the package gdown; continues what was interrupted.

    Raises:
        MissingExtraError: without gdown.
        WeightsError: when Drive does not hand it out, or the connection breaks.
        OutputError: when there is no place for it.
    """
    try:
        import gdown
    except ImportError:
        raise MissingExtraError.of("gdown", "download") from None
    _make_folder(target)
    try:
        gdown.download(
            id=drive, output=str(target), quiet=True, use_cookies=False, resume=True, progress=progress
        )
    except (gdown.DownloadError, OSError) as error:
        raise WeightsError(
            f"{target.name}: Google Drive did not send it to its end ({_reason(error)}); try again later, or "
            f"fetch https://drive.google.com/uc?id={drive} with a browser, and: saccade models import FILE"
        ) from None
    with target.open("rb") as file:
        if not is_web_page(file.read(_HEAD)):
            return
    target.unlink()
    raise WeightsError(f"{target.name}: {_WEB_PAGE}")


def _make_folder(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(target, error) from None


def _open(url: str, start: int, version: str | None) -> HTTPResponse:
    """The server's answer from byte `start` on, or from the first on where it cannot do that.

    It cannot when it has another version of the file; without a version, nobody knows.
    """
    with _heard(url):
        if start:
            try:
                answer = _ask(url, {"Range": f"bytes={start}-"} | ({"If-Range": version} if version else {}))
            except HTTPError as error:
                if error.code != HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
            else:
                is_part = answer.status == HTTPStatus.PARTIAL_CONTENT
                if not is_part or answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                    return answer
                answer.close()
        return _ask(url, {})


def _ask(url: str, headers: dict[str, str]) -> HTTPResponse:
    request = Request(url, headers={"User-Agent": f"saccade/{__version__}"} | headers)
    answer: HTTPResponse = urlopen(request, timeout=_PATIENCE)
    if answer.status == HTTPStatus.OK and is_web_page(answer.peek(_HEAD)):
        answer.close()
        raise WeightsError(f"{url}: {_WEB_PAGE}")
    return answer


def _version(answer: HTTPResponse) -> str:
    """What tells this version of a file from all others; empty where the server does not say.

    Tags that begin with W/ do not promise that every byte is the same.
    """
    tag = answer.headers.get("ETag", "W/")
    return answer.headers.get("Last-Modified", "") if tag.startswith("W/") else tag


def _chunks(url: str, answer: HTTPResponse) -> Iterator[bytes]:
    while True:
        with _heard(url):
            chunk = answer.read(_CHUNK)
        if not chunk:
            return
        yield chunk


@contextmanager
def _heard(url: str) -> Iterator[None]:
    """Says what is wrong with a server or with the way to it."""
    try:
        yield
    except WeightsError:
        raise
    except HTTPError as error:
        error.close()
        raise WeightsError(
            f"{url}: the server answers {error.code} {error.reason}; check the address, or fetch the file "
            f"elsewhere and: saccade models import FILE"
        ) from None
    except (OSError, HTTPException, ValueError) as error:  # the last for addresses that are none
        raise WeightsError(
            f"{url}: cannot be reached, or the connection broke ({_reason(error)}); {_AGAIN}"
        ) from None


def _reason(error: BaseException) -> str:
    """Why, in a few words, where libraries say it in many."""
    cause = getattr(error, "reason", error)  # what an URLError is about
    said = " ".join(str(getattr(cause, "strerror", None) or cause).split()).partition(". ")[0]
    return said if len(said) <= _SHORT else "the connection failed"

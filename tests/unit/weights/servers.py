"""A small web server with the moods of large ones."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath


@dataclass
class Site:
    """Files by name, and how the server hands them out.

    Attributes:
        drops_after: bytes of an answer after which it hangs up; None for never.
        knows_ranges: whether it sends parts of files.
        shifts_ranges: whether it sends other parts than those that it was asked for.
        says_length: whether it says how long its answers are.
        tags: headers by which it names the version of its files.
        asked: the ranges that it was asked for, "" for whole files.
    """

    files: dict[str, bytes]
    drops_after: int | None = None
    knows_ranges: bool = True
    shifts_ranges: bool = False
    says_length: bool = True
    tags: dict[str, str] = field(default_factory=lambda: {"ETag": '"1"'})
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site at `site.url` for as long as the context lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wish = self.headers.get("Range", "")
            site.asked.append(wish)
            content = site.files.get(PurePosixPath(self.path).name)
            if content is None:
                self.send_error(404)
                return
            is_part = bool(wish) and site.knows_ranges
            is_part &= self.headers.get("If-Range") in (None, *site.tags.values())
            start = int(wish.removeprefix("bytes=").rstrip("-")) if is_part else 0
            if is_part and start >= len(content):
                self.send_error(416)
                return
            start -= site.shifts_ranges and start > 0
            self.send_response(206 if is_part else 200)
            for name, value in site.tags.items():
                self.send_header(name, value)
            if is_part:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            if site.says_length:
                self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:][: site.drops_after])

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

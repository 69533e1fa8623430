"""Who may talk to the server.

On the loopback everybody of this machine may, but no page of another site in their browser: the names under
which the server is called and from which pages call it are checked (DNS rebinding, cross-site WebSockets).
Anywhere else, a token is asked for besides.
"""

import ipaddress
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs, urlsplit

COOKIE = "saccade_token"


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own, which nobody else can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Access:
    """Decides over requests, by their headers and addresses.

    Args:
        host: where the server listens.
        asks: whether visitors have to bring a token on the loopback, too.

    Attributes:
        token: what visitors have to bring; None where nothing is asked for.
    """

    def __init__(self, host: str, *, asks: bool = False) -> None:
        self.token = secrets.token_urlsafe(18) if asks or not is_loopback(host) else None

    def refusal(self, headers: Mapping[str, str], query: str) -> str | None:
        """Why a request is refused; None for one that is let in.

        Args:
            headers: by their names in small letters.
            query: what stands behind the question mark of the address.
        """
        called = headers.get("host", "")
        if self.token is None and not is_loopback(_host_of(called)):
            return "this server is called by another name than its own; open it as localhost"
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != called:
            return "a page of another site asks; open the server's own page"
        if self.token is not None and not (self.is_invited(query) or self._knows(_cookie_of(headers))):
            return "the token is missing or wrong; open the address that the server has printed"
        return None

    def is_invited(self, query: str) -> bool:
        """Whether an address carries the token."""
        return any(self._knows(token) for token in parse_qs(query).get("token", ()))

    def _knows(self, token: str) -> bool:
        return self.token is not None and secrets.compare_digest(token.encode(), self.token.encode())


def _host_of(called: str) -> str:
    """The name in `localhost:8080` or `[::1]:8080`."""
    try:
        return urlsplit(f"//{called}").hostname or ""
    except ValueError:
        return ""


def _cookie_of(headers: Mapping[str, str]) -> str:
    try:
        crumb = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if crumb is None else crumb.value

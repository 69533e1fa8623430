"""Who is let in."""

import pytest

from saccade.live.access import COOKIE, Access, is_loopback


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),  # the whole block is
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),  # every address of the machine
        ("192.168.1.5", False),
        ("localhost.evil.com", False),
        ("", False),
    ],
)
def test_what_is_loopback(host: str, is_own: bool) -> None:
    assert is_loopback(host) is is_own
    assert (Access(host).token is None) is is_own


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"host": "localhost:8080"}, None),
        ({"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8080"}, None),
        ({"host": "[::1]:8080", "origin": "http://[::1]:8080"}, None),
        ({"host": "evil.com"}, "another name"),  # a name that was pointed at 127.0.0.1
        ({"host": "[evil"}, "another name"),
        ({}, "another name"),
        ({"host": "localhost:8080", "origin": "http://evil.com"}, "another site"),
        ({"host": "localhost:8080", "origin": "http://localhost:9999"}, "another site"),
        ({"host": "localhost:8080", "origin": "null"}, "another site"),  # a file, or a sandboxed frame
    ],
)
def test_on_the_loopback_names_are_checked(headers: dict[str, str], reason: str | None) -> None:
    refusal = Access("127.0.0.1").refusal(headers, "")
    assert refusal is None if reason is None else reason in str(refusal)


def test_anywhere_else_the_token_is_asked_for() -> None:
    access = Access("0.0.0.0")
    assert access.token is not None and len(access.token) > 20 and access.token != Access("0.0.0.0").token
    called = {"host": "10.0.0.7:8080"}
    assert access.refusal(called, f"token={access.token}") is None
    assert access.refusal(called | {"cookie": f"a=b; {COOKIE}={access.token}"}, "") is None
    for query, cookie in (
        ("", ""),
        ("token=", ""),
        ("token=wrong", ""),
        ("", f"{COOKIE}=wrong"),
        ("token=ü", "=;="),
    ):
        refusal = access.refusal(called | {"cookie": cookie}, query)
        assert "token" in str(refusal) and access.token not in str(refusal)
    elsewhere = called | {"origin": "http://evil.com", "cookie": f"{COOKIE}={access.token}"}
    assert "another site" in str(access.refusal(elsewhere, ""))

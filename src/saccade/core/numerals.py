"""Numbers in texts, as people and programs write them; Python alone takes 1_0 for ten."""


def decimal(text: str) -> float:
    """The number that a text is; NaN and infinite ones are numbers, too.

    Raises:
        ValueError: when it is none.
    """
    return float(_plain(text))


def whole(text: str) -> int:
    """The whole number that a text is.

    Raises:
        ValueError: when it is none.
    """
    return int(_plain(text))


def _plain(text: str) -> str:
    if "_" in text:
        raise ValueError(f"{text!r} is no number")
    return text

"""What verbs say while they work, where no bar can be drawn."""

import pytest

from saccade.cli import console


def test_a_log_has_a_line_for_each_tenth_of_long_work(monkeypatch, capsys):
    clock = iter([0.0, *(float(second) for second in range(1, 41))])
    monkeypatch.setattr(console, "monotonic", lambda: next(clock))
    with console.progress("evaluating [x]", 40) as advance:
        for _ in range(40):
            advance()
    assert capsys.readouterr().err.splitlines() == [
        f"evaluating [x]: {done} of 40 frames, 1 fps, 0:00:{40 - done:02d} left" for done in (10, 20, 30, 40)
    ]


@pytest.mark.parametrize("total", [None, 0, 400])
def test_a_log_is_silent_on_short_work_and_where_nobody_knows_the_end(monkeypatch, capsys, total):
    monkeypatch.setattr(console, "monotonic", lambda: 5.0)
    with console.progress("following", total) as advance:
        advance(400)
    assert capsys.readouterr().err == ""

"""What a verb over many videos hands on to each, and what it hears of it."""

import warnings
from types import SimpleNamespace
from typing import Any

import pytest

from saccade.cli import console, many
from saccade.cli.console import Listener, heard_by, notify, progress
from saccade.cli.options import PrecisionChoice, keeping_models, load_model
from saccade.core.errors import SaccadeWarning
from saccade.deploy.many import Blame


def option(name: str, default: Any = None, *, off: str = "") -> SimpleNamespace:
    secondary = [off] if off else []
    return SimpleNamespace(
        name=name,
        default=default,
        opts=[f"--{name}"],
        secondary_opts=secondary,
        param_type_name="option",
    )


@pytest.mark.parametrize(
    ("value", "default", "given"),
    [
        pytest.param(None, None, {}, id="not given"),
        pytest.param((), None, {}, id="none of several"),
        pytest.param(0.5, 0.5, {}, id="its default"),
        pytest.param(0.25, 0.5, {"--it": ["0.25"]}, id="a number"),
        pytest.param(PrecisionChoice.float32, "auto", {"--it": ["float32"]}, id="a choice"),
        pytest.param(("a=1", "b=2"), None, {"--it": ["a=1", "b=2"]}, id="several"),
        pytest.param(True, None, {"--it": []}, id="on"),
        pytest.param(False, None, {"--no-it": []}, id="off"),
    ],
)
def test_options_are_handed_on_as_they_were_given(value: Any, default: Any, given: dict[str, Any]) -> None:
    options = [option("it", default, off="--no-it"), option("ray"), option("out")]
    context: Any = SimpleNamespace(
        command=SimpleNamespace(params=options), params={"it": value, "ray": "auto", "out": "x"}
    )
    assert many._given(context) == given


def test_flags_have_no_value_and_others_one_each() -> None:
    assert many._words("--smooth", []) == ["--smooth"]
    assert many._words("--classes", [""]) == ["--classes", ""]
    assert many._words("--set", ["a=1", "b=2"]) == ["--set", "a=1", "--set", "b=2"]


def test_nothing_is_printed_while_somebody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    counts: list[int] = []
    listener = Listener(counts.append)
    with heard_by(listener):
        notify("careful")
        warnings.warn("mended", SaccadeWarning, stacklevel=1)
        console.out.print("a table")
        with progress("running", 3) as advance:
            advance()
            advance(2, text="still")
    assert (listener.remarks, counts) == (["careful", "mended"], [1, 2])
    console.out.print("afterwards")
    assert capsys.readouterr() == ("afterwards\n", "")


def test_a_model_is_loaded_once_where_many_videos_are_run() -> None:
    def load(confidence: str) -> Any:
        return load_model(
            "still", None, "cpu", PrecisionChoice.auto, [f"confidence={confidence}"], detector=None
        )

    assert load("0.5") is not load("0.5")
    with keeping_models():
        assert load("0.5") is load("0.5") is not load("0.25")


@pytest.mark.parametrize(
    ("words", "blame", "failure"),
    [
        (["--tracker", "still"], Blame.VIDEO, "nowhere.mp4: no such"),
        (["--tracker", "stil"], Blame.COMMAND, "mean 'still'"),
    ],
)
def test_a_failure_is_told_by_what_it_is_due_to(words: list[str], blame: Blame, failure: str) -> None:
    attempt = many.run_words(["track", "nowhere.mp4", "--box", "1,2,3,4", *words], lambda count: None)
    assert attempt.blame is blame and failure in attempt.failure and not attempt.account

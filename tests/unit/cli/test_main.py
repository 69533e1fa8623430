"""`main`: from errors to exit codes and one line; help that helps; shared options."""

import json
import signal
import subprocess
import sys
import warnings

import pytest
import typer

import saccade
from saccade import cli
from saccade.cli import main
from saccade.cli.options import default_out, parse_box, parse_settings
from saccade.core import ConfigError, MissingExtraError, OutputError, SaccadeWarning, SourceError, TargetError

VERBS = [
    ["track"],
    ["eval"],
    ["report"],
    ["demo"],
    ["bench"],
    ["models"],
    ["models", "list"],
    ["models", "card"],
    ["data"],
    ["data", "list"],
    ["data", "check"],
    ["models", "import"],
    ["models", "download"],
]


def run_raising(error, monkeypatch):
    """`main` with an application that does nothing but raise."""

    def raising(*_, **__):
        raise error

    monkeypatch.setattr(cli, "application", lambda: raising)
    return main([])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SourceError("clip.mp4: broken"), 2),
        (TargetError("no target"), 2),
        (MissingExtraError.of("onnx", "export"), 2),
        (OutputError("disk full"), 1),
        (KeyboardInterrupt(), 130),
        (typer.Abort(), 130),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_errors_become_exit_codes_and_one_line(error, code, monkeypatch, capsys):
    error.add_note("the 7 frames before that are kept in out")
    assert run_raising(error, monkeypatch) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert output.err.startswith("saccade: ") and str(error) in output.err
    assert "the 7 frames before that are kept in out" in output.err


def test_our_own_mistakes_keep_their_traceback(monkeypatch):
    with pytest.raises(ZeroDivisionError):
        run_raising(ZeroDivisionError(), monkeypatch)


def test_brackets_in_messages_are_no_markup(monkeypatch, capsys):
    run_raising(SourceError("clip[bold].mp4: broken"), monkeypatch)
    assert "clip[bold].mp4" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["trak"], "trak"),
        (["track"], "SOURCE"),
        (["track", "clip.mp4", "--bix", "1,2,3,4"], "--bix"),
        (["track", "clip.mp4", "--start", "x"], "--start"),
        (["track", "clip.mp4", "--start", "-1"], "--start"),
        (["track", "clip.mp4", "--show", "wall"], "none"),
        (["bench", "eco", "--targets", "0"], "--targets"),
        (["bench", "dimp50"], "with --weights FILE; --weights none times a random network"),
        (["models", "download", "atom_gmm"], "saccade models import FILE --as atom_gmm"),
        (["track", "clip.mp4"], "--box X,Y,W,H"),
        (["track", "clip.mp4", "--box", "1,2,3"], "X,Y,W,H"),
        (["track", "nowhere.mp4", "--box", "1,2,3,4", "--tracker", "still"], "nowhere.mp4"),
        (["track", "clip.mp4", "--box", "1,2,3,4", "--tracker", "stil"], "did you mean 'still'"),
        (["track", "clip.mp4", "--box", "1,2,3,4", "--tracker", "still", "--device", "abacus"], "abacus"),
        (
            ["track", "clip.mp4", "--box", "1,2,3,4", "--tracker", "still", "--set", "confidnce=1"],
            "did you mean",
        ),
        (["track", "clip.mp4", "--box", "1,2,3,4", "--tracker", "still", "--set", "confidence"], "key=value"),
        (["models", "card", "stil"], "did you mean 'still'"),
        (["detect", "clip.mp4"], "Missing option '--model' (saccade models list shows what there is)"),
        (["track", "clip.mp4", "--box", "1", "2", "3", "4"], "did you mean: --box 1,2,3,4"),
        (["track", "clip.mp4", "--box", "1,", "2,", "3,", "4.5"], "did you mean: --box 1,2,3,4.5"),
        (
            ["track", "clip.mp4", "--tracker", "yolox_nano", "--show", "browser"],
            "track --detector yolox_nano",
        ),
        (["track", "clip.mp4", "--tracker", "openpose", "--box", "1,2,3,4"], "pose --model openpose"),
        (["detect", "clip.mp4", "--model", "openpose"], "pose --model openpose"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_the_users_mistakes_exit_with_2_and_a_line_that_helps(words, said, capsys):
    assert main(words) == 2
    output = capsys.readouterr()
    assert output.out == "" and said in output.err
    assert len(output.err.splitlines()) == 1


def test_a_group_without_a_command_asks_for_one(capsys):
    assert main(["models"]) == 2
    output = capsys.readouterr()
    assert (
        "list" in output.out and output.err == "saccade: which command? (saccade models --help shows how)\n"
    )


def test_a_job_that_a_script_began_in_the_background_heeds_ctrl_c(monkeypatch, capsys):
    def interrupted(*_, **__):
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(cli, "application", lambda: interrupted)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert main([]) == 130
    finally:
        signal.signal(signal.SIGINT, before)
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("words", VERBS, ids=" ".join)
def test_every_verb_has_help_with_an_example(words, capsys):
    assert main([*words, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Example: saccade " + words[0] in text


@pytest.mark.parametrize("words", [[], ["--help"]], ids=["alone", "--help"])
def test_saccade_alone_shows_its_verbs(words, capsys):
    assert main(words) == 0
    text = capsys.readouterr().out
    assert "Example: saccade track" in text
    for verb in VERBS:
        assert verb[0] in text


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"saccade {saccade.__version__}\n"


@pytest.mark.parametrize(
    "words",
    [
        ["track", "--help"],
        ["track", "clip.mp4", "--box", "1,2,3"],
        ["track", "clip.mp4"],
        ["bench", "eco", "--set", "a"],
        ["models", "list"],
    ],
    ids=" ".join,
)
def test_what_can_be_answered_without_pytorch_loads_nothing_heavy(words):
    code = (
        f"import sys; from saccade.cli import main; main({words});"
        "heavy = {'torch', 'av', 'cv2', 'matplotlib', 'supervision'} & set(sys.modules);"
        "print('heavy:', *sorted(heavy))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "heavy:"


def test_our_warnings_are_notes_and_others_stay_warnings(monkeypatch, capsys):
    def warning(*_, **__):
        warnings.warn("the box was clipped", SaccadeWarning, stacklevel=1)
        warnings.warn("the box was clipped", SaccadeWarning, stacklevel=1)
        with pytest.raises(DeprecationWarning):
            warnings.warn("old", DeprecationWarning, stacklevel=1)

    monkeypatch.setattr(cli, "application", lambda: warning)
    assert main([]) == 0
    assert capsys.readouterr().err == "note: the box was clipped\n" * 2


@pytest.mark.parametrize("verb", ["list", "card"])
def test_models_as_json_is_one_value(verb, capsys):
    assert main(["models", verb, *(["still"] if verb == "card" else []), "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    row = next(row for row in value if row["name"] == "still") if verb == "list" else value
    assert row["task"] == "track" and row["weights"] is None
    if verb == "card":
        assert row["settings"] == [
            {
                "name": "confidence",
                "kind": "float",
                "default": 1.0,
                "text": "score reported in every frame, in [0, 1]",
            }
        ]


def test_models_for_people(capsys):
    assert main(["models", "list"]) == 0
    assert main(["models", "card", "still"]) == 0
    text = capsys.readouterr().out
    assert "still" in text and "confidence" in text and "score reported in every frame" in text


@pytest.mark.parametrize(
    ("text", "box"),
    [("1,2,3,4", (1, 2, 3, 4)), ("-1.5, 2, 3e1,4", (-1.5, 2, 30, 4))],
)
def test_boxes_are_read(text, box):
    assert parse_box(text) == box


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "1 2 3 4", "a,b,c,d", "1,2,nan,4", "1,2,0,4", "1,2,3,-4", "inf,0,1,1"]
)
def test_what_is_no_box_is_named(text):
    with pytest.raises(TargetError, match=rf"--box {text}"):
        parse_box(text)


def test_settings_are_read():
    assert parse_settings(["a.b=1", "c=x=y", "d="]) == {"a.b": "1", "c": "x=y", "d": ""}
    assert parse_settings(None) == {}
    for text in ("a", "=1", ""):
        with pytest.raises(ConfigError, match="key=value"):
            parse_settings([text])


def test_the_default_folder_names_the_verb():
    assert default_out("track").parts[:2] == ("runs", "track")


@pytest.mark.parametrize("source", ["clip.mp4", "rtsp://camera/1"])
def test_a_source_without_a_verb_is_taken_for_something_to_track(source, capsys):
    assert main([source]) == 2
    assert f"did you mean: saccade track {source} --box" in capsys.readouterr().err.replace("\n", " ")

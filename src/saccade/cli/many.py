"""Verbs over many videos: where a source names several, each is run by the command that it would take."""

import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli.console import (
    Listener,
    complain,
    facts,
    heard_by,
    notify,
    print_json,
    print_numbers,
    progress,
)
from saccade.cli.console import out as stdout
from saccade.cli.options import command_line, default_out, keeping_models
from saccade.core import (
    ConfigError,
    FrameError,
    InputError,
    MissingExtraError,
    SaccadeError,
    SourceError,
    TargetError,
)
from saccade.core.processes import load_ahead

if TYPE_CHECKING:
    from saccade.core.tasks import OnProgress
    from saccade.deploy.many import Attempt, Batch, Blame, VideoRun
    from saccade.deploy.video_boxes import VideoBoxes

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        help="Of several videos, run so many at once, in processes that share cores and GPUs; with --ray, as "
        "tasks.  \\[default: 1; all that the cluster takes]",
    ),
]
Ray = Annotated[
    str | None,
    typer.Option(
        "--ray", metavar="ADDRESS", help="Run videos on a Ray cluster: auto, or e.g. --ray ray://head:10001"
    ),
]
BoxTable = Annotated[
    Path | None,
    typer.Option(
        "--boxes",
        metavar="CSV",
        help="The targets of several videos: a table with the columns video,x,y,w,h, a line for each target, "
        "and a column frame where that is not the first.",
    ),
]

HEAVY = (
    "saccade.deploy.many",
    "saccade.cli",
    "saccade.deploy.run",
    "saccade.media.source",
    "saccade.zoo",
    "torchvision",
)
"""what every worker needs, and takes seconds to load"""
LISTED = 100
"""videos that are printed one by one"""
NAMED = 10
"""failures that are"""
_OWN = ("source", "out", "device", "json", "ray", "workers", "table")
"""parameters that are about many videos, or said anew for each"""
_POINTING = ("--box", "--mask")
_COUNTED = ("targets", "frames_lost", "tracks", "found", "identities")


def over_videos(
    context: typer.Context,
    model: str,
    ray: str | None,
    workers: int | None,
    *,
    of_one: Mapping[str, Any],
    table: Path | None = None,
    needs_boxes: bool = False,
) -> bool:
    """Runs a verb over each video that its source names, if that may be several; False if it is not.

    Args:
        context: of the verb, whose options hold for each video.
        model: what runs.
        ray: address of a cluster.
        workers: how many videos are run at once.
        of_one: options that belong to one video, and whether they are given.
        table: where the targets of each video are.
        needs_boxes: whether nothing can be run without such a table.

    Raises:
        SaccadeError: as soon as something is wrong that is wrong for every video.
        Exit: with status 1, when a video has failed.
    """
    videos = _videos(context.params["source"], {"--ray": ray, "--workers": workers, "--boxes": table})
    if videos is None:
        return False
    for option, is_given in of_one.items():
        if is_given:
            remedy = "name the targets of each with --boxes CSV" if option in _POINTING else "leave it out"
            raise ConfigError(f"{option} belongs to one video; {remedy}, or run that video by itself")
    if table is None and needs_boxes:
        raise TargetError(
            "every video has targets of its own; say where they are with --boxes CSV, a table with the "
            "columns video,x,y,w,h, or have them found with --detector NAME"
        )
    if ray is None and workers is not None and workers > 1:
        load_ahead(HEAVY)
    batch = _batch(context, videos, table)
    _run(batch, context, model, ray, workers)
    _summarise(batch, as_json=context.params["json"])
    return True


def _videos(source: str, wishes: Mapping[str, Any]) -> list[Path] | None:
    from saccade.media.images import SUFFIXES
    from saccade.media.videos import find_videos

    videos = find_videos(source)
    wish = next((name for name, value in wishes.items() if value is not None), None)
    if videos is None and wish is not None:
        path = Path(source).expanduser()
        if not path.is_file() or path.suffix.lower() in (*SUFFIXES, ".txt"):
            raise ConfigError(
                f"{wish} is for videos, and {source} is no video file, nor a folder, pattern or list file of "
                f"them; leave {wish} out"
            )
        videos = [path]
    # other processes may have another working folder
    return None if videos is None else list(dict.fromkeys(video.absolute() for video in videos))


def _batch(context: typer.Context, videos: Sequence[Path], table: Path | None) -> "Batch":
    from saccade.deploy.many import Batch, VideoRun
    from saccade.deploy.video_boxes import VideoBoxes, read_video_boxes
    from saccade.media.videos import folder_names

    verb = str(context.info_name)
    out = (context.params["out"] or default_out(verb)).absolute()
    given = _given(context)
    targets = {} if table is None else read_video_boxes(table, videos)
    if "--start" in given and any(boxes.frame is not None for boxes in targets.values()):
        raise ConfigError(f"--start and the column frame of {table} say the same; leave one of them out")
    options = [word for name, values in given.items() for word in _words(name, values)]
    runs = []
    for video, name in zip(videos, folder_names(videos), strict=True):
        pointing = _pointing(targets.get(video, VideoBoxes()))
        runs.append(VideoRun(video, out / name, (verb, str(video), *options, *pointing)))
    return Batch(out, command_line(context), {"verb": verb, **_settings(given)}, runs)


def _words(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)] if values else [option]


def _pointing(targets: "VideoBoxes") -> list[str]:
    """The options that say what to follow in a video."""
    start = [] if targets.frame is None else ["--start", str(targets.frame)]
    return start + [word for box in targets.boxes for word in ("--box", ",".join(f"{v:.10g}" for v in box))]


def _given(context: typer.Context) -> dict[str, list[str]]:
    """The options that hold for every video and were given another value than their own; flags have none."""
    given: dict[str, list[str]] = {}
    for option in context.command.params:
        value = context.params.get(str(option.name))
        if option.name in _OWN or option.param_type_name == "argument":
            continue
        if value is None or value == option.default or value == ():
            continue
        if isinstance(value, bool):
            given[(option.opts if value else option.secondary_opts)[0]] = []
        else:
            values = value if isinstance(value, list | tuple) else [value]
            given[option.opts[0]] = [_text(value) for value in values]
    return given


def _text(value: Any) -> str:
    """A value as a word; files by their whole path, for another process may have another working folder."""
    text = str(value)
    return str(Path(text).absolute()) if Path(text).suffix and Path(text).is_file() else text


def _settings(given: Mapping[str, list[str]]) -> dict[str, Any]:
    """What decides on results: options, and the content of the files that they name."""
    from saccade.weights.store import sha256_of

    def known(value: str) -> Any:
        is_file = Path(value).is_absolute() and Path(value).is_file()
        return {"file": value, "sha256": sha256_of(Path(value))} if is_file else value

    return {name: [known(value) for value in values] for name, values in given.items()}


def _run(batch: "Batch", context: typer.Context, model: str, ray: str | None, workers: int | None) -> None:
    from saccade.deploy.many import State, run_batch

    devices = _devices(context.params["device"], model, is_remote=ray is not None)
    doing = f"saccade {context.info_name}"
    frames = 0
    with batch.at_work():
        todo = len(batch.of(State.WAITING))
        if todo < len(batch.runs):
            notify(f"{len(batch.runs) - todo} of {len(batch.runs)} videos are finished already, and are kept")
        with progress(doing, todo, unit="videos") as advance:

            def count(more: int) -> None:
                nonlocal frames
                frames += more
                advance(0, text=f"{doing}, {frames:,} frames")

            try:
                runs = run_batch(
                    batch, run_words, devices=devices, workers=workers, ray=ray, on_progress=count
                )
                for run in runs:
                    if run.tries == 1:
                        advance()
                    for remark in run.attempt.remarks:
                        notify(f"{run.out.name}: {remark}")
            except KeyboardInterrupt as stop:
                stop.add_note(f"finished videos are kept; the same command with --out {batch.out} continues")
                raise


def _devices(wish: str, model: str, *, is_remote: bool) -> tuple[str, ...]:
    """Where videos may be run; all GPUs where one would do."""
    import torch

    from saccade.core.cluster import check_device
    from saccade.zoo import CATALOG
    from saccade.zoo.loading import find_device

    known = CATALOG.get(model)
    if wish == "auto" and known is not None and known.cpu_only:
        return ("cpu",)
    if is_remote:
        check_device(wish)
        return (wish,)
    place = str(find_device(wish))
    if place == "cuda":
        return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
    return (place,)


def run_words(words: Sequence[str], on_progress: "OnProgress") -> "Attempt":
    """Runs a command quietly, and says how it went; nothing that goes wrong in it goes any further."""
    from saccade.cli import run
    from saccade.deploy.many import Attempt

    listener, failure, account, error = Listener(on_progress), "", "", None
    with heard_by(listener), keeping_models():
        try:
            run(words)
        except SaccadeError as wrong:
            error, failure = wrong, "; ".join([str(wrong), *getattr(wrong, "__notes__", ())])
        # a model may raise anything at all, and other videos shall have their turn
        except Exception as wrong:  # noqa: BLE001
            failure = " ".join(f"{type(wrong).__name__}: {wrong}".split())
            account = "".join(traceback.format_exception(wrong))
    remarks = tuple(dict.fromkeys(listener.remarks))
    return Attempt(failure=failure, account=account, blame=_blame(error), remarks=remarks)


def _blame(error: SaccadeError | None) -> "Blame":
    from saccade.deploy.many import Blame

    if isinstance(error, SourceError | FrameError | TargetError):
        return Blame.VIDEO
    return Blame.COMMAND if isinstance(error, InputError | MissingExtraError) else Blame.CHANCE


def _summarise(batch: "Batch", *, as_json: bool) -> None:
    from saccade.deploy.many import SUMMARY, State

    failed = batch.of(State.FAILED)
    if as_json:
        print_json(batch.to_json())
    else:
        counted = [name for name in _COUNTED if any(name in run.result for run in batch.runs)]
        head = ["video", "", "frames", "frames/s", *(name.replace("_", " ") for name in counted)]
        print_numbers(head, [_row(run, counted) for run in batch.runs[:LISTED]])
        more = len(batch.runs) - LISTED
        states = [f"{len(batch.of(state))} {state.value}" for state in State if batch.of(state)]
        rows = {"more": f"{more}, see {SUMMARY}"} if more > 0 else {}
        rows |= {"videos": ", ".join(states), "files": f"{SUMMARY} and folders in {batch.out}"}
        stdout.print(facts(rows))
    for run in failed[:NAMED]:
        complain(f"{run.out.name}: {run.attempt.failure}")
    if failed:
        unnamed = f" ({len(failed) - NAMED} more are named in {SUMMARY})" if len(failed) > NAMED else ""
        complain(
            f"{len(failed)} of {len(batch.runs)} videos failed{unnamed}; the same command with "
            f"--out {batch.out} tries them again"
        )
        raise typer.Exit(1)


def _row(run: "VideoRun", counted: Sequence[str]) -> list[str]:
    values = [run.result.get(name, "") for name in ("frames", "fps", *counted)]
    cells = [str(len(value)) if isinstance(value, list) else str(value) for value in values]
    return [run.out.name, run.state.value, *cells]

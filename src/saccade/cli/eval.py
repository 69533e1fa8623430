"""`saccade eval`: models over the sequences of data sets, and their scores."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli.console import complain, print_json, progress
from saccade.cli.contenders import check_ability, load_ahead, make_contender, parse_others
from saccade.cli.eval_detection import evaluate_detector
from saccade.cli.eval_pictures import MODELS, Wish, refuse_options, task_of
from saccade.cli.eval_pose import Boxes, Detector, MeanPoseSplit, WhoWish, evaluate_pose
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Weights,
    choose_model,
    default_out,
)
from saccade.cli.report import make_report
from saccade.core import ConfigError, ModelError

if TYPE_CHECKING:
    from saccade.data import Dataset
    from saccade.evaluation import DatasetResults, Outcome, Protocol, Trial

NAMED = 3
"""how many failures are named in the last line"""


def evaluate(
    dataset: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="Which data set; `folder` for sequences of your own; voc, coco, yolo or open_images for "
            "detectors; coco-keypoints, mpii, lsp or pose-folder for poses. Repeatable.",
        ),
    ],
    root: Annotated[
        list[Path], typer.Option(metavar="DIR", help="Where the data set lies; one for each --dataset.")
    ],
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="MODEL…", help="Names of models, or checkpoints of `saccade train`.", show_default=False
        ),
    ] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="S", help="Which part of it; `saccade data list` shows all.  \\[default: the first]"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results go, and are kept.  \\[default: runs/eval/<time>]"),
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="How to run: one-pass, tre, sre (these also with -backwards), resets, anchors, first-mask, "
            "mot; or in which dialect to score one pass, e.g. lasot.  \\[default: the data set's own]",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="How many processes share the cores and GPUs, e.g. --workers 4; with --ray, how many tasks "
            "run at once.  \\[default: 1; all that the cluster takes]",
        ),
    ] = None,
    ray: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Run on a Ray cluster: auto, or e.g. --ray ray://head:10001"),
    ] = None,
    repeat: Annotated[
        int,
        typer.Option(metavar="N", min=1, help="Run each model N times, with the seeds S, S+1 and so on."),
    ] = 1,
    also: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=DIR",
            help="Put another tracker's result files beside ours, e.g. --also MEEM=results/MEEM. Repeatable.",
        ),
    ] = None,
    detections: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Score COCO results that another program wrote, instead of a model."
        ),
    ] = None,
    boxes: Boxes = None,
    detector: Detector = None,
    mean_pose: MeanPoseSplit = None,
    seed: Seed = 0,
    weights: Weights = None,
    device: Device = "auto",
    precision: Precision = PrecisionChoice.auto,
    settings: Settings = None,
    json: Json = False,
) -> None:
    """Run models over data sets and score them.

    Leaves results/<dataset>/<model>/<sequence>.txt, and a report on all models that have results there; with
    several data sets, in a folder for each.

    Broken off, it continues where it stopped when it is started again with the same --out.

    Example: [bold]saccade eval eco still --dataset folder --root sequences --out runs/comparison[/bold]

    Example: [bold]saccade eval eco --dataset otb100 --root /data/OTB --protocol tre --workers 8[/bold]

    Example: [bold]saccade eval runs/mine/best.ckpt --dataset voc --root VOCdevkit/VOC2007 --split test[/bold]

    Example: [bold]saccade eval hourglass8 --dataset mpii --root /data/mpii --split valid[/bold]
    """
    who = WhoWish(boxes=boxes, detector=detector, mean_pose=mean_pose)
    task = task_of(dataset, models or (), has_results=detections is not None)
    if task != "pose":
        refuse_options(who.options, "trackers" if task is None else MODELS[task])
    if task is not None:
        # a run over single pictures has no protocol, and its answers no chance in them
        tracking = {"--protocol": protocol, "--workers": workers, "--ray": ray, "--also": also}
        refuse_options(tracking | {"--repeat": repeat > 1, "--seed": seed}, MODELS[task])
        wish = Wish(
            datasets=dataset,
            roots=root,
            models=models or (),
            split=split,
            out=out,
            weights=weights,
            detections=detections,
            device=device,
            precision=precision,
            settings=settings or (),
            json=json,
        )
        evaluate_detector(wish) if task == "detect" else evaluate_pose(wish, who)
        return
    if ray is None and workers is not None and workers > 1:
        load_ahead()
    from saccade.evaluation import plan
    from saccade.evaluation.others import read_others

    names, others, base = list(dict.fromkeys(models or ())), parse_others(also), out or default_out("eval")
    _check(names, list(others), dataset, root, split, weights)
    benchmarks = _open(dataset, root, split, protocol, base, is_remote=ray is not None)
    chosen = {title: (name, file) for name, file, title in (choose_model(name, weights) for name in names)}
    if len(chosen) < len(names):
        raise ConfigError(
            "results of two of these would have one name; rename the folder of one, or its file"
        )
    for benchmark in benchmarks:
        check_ability([name for name, _ in chosen.values()], benchmark.protocol, benchmark.dataset)
    elsewhere = {"is_shared": ray is not None or (workers or 1) > 1, "is_remote": ray is not None}
    contenders = [
        make_contender(name, file, device, precision, settings, title=title, **elsewhere)
        for title, (name, file) in chosen.items()
    ]
    # all is looked at before anything is written
    brought = [
        [read_others(name, place, one.dataset, one.protocol) for name, place in others.items()]
        for one in benchmarks
    ]
    trials: list[Trial] = []
    for benchmark, theirs in zip(benchmarks, brought, strict=True):
        trials += plan(
            contenders,
            benchmark.dataset,
            benchmark.out,
            protocol=benchmark.protocol,
            seed=seed,
            repeats=repeat,
            about={"workers": workers or 1} | ({"ray": ray} if ray else {}),
        )
        for other in theirs:
            other.write(benchmark.results)
    failed = [outcome for outcome in _run(trials, workers, ray, base) if outcome.failure]
    _report(benchmarks, as_json=json)
    if failed:
        named = ", ".join(f"{outcome.contender} on {outcome.run}" for outcome in failed[:NAMED])
        more = f" and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
        complain(
            f"{len(failed)} of {len(trials)} runs failed: {named}{more}; *_failure.txt beside the results "
            f"say why, and the same command with --out {base} tries them again"
        )
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Benchmark:
    """A data set, how models are run over it and scored, and where that goes.

    Attributes:
        dialect: in which one-pass results are scored.
        out: the folder of its results and its report.
    """

    dataset: "Dataset"
    protocol: "Protocol"
    dialect: str
    out: Path

    @property
    def results(self) -> "DatasetResults":
        """Where the results of models go."""
        from saccade.evaluation import DatasetResults

        return DatasetResults.at(self.out, self.dataset, self.protocol.name)


def _check(
    names: list[str],
    others: list[str],
    datasets: list[str],
    roots: list[Path],
    split: str | None,
    weights: str | None,
) -> None:
    """Refuses options that do not go together."""
    if not names and not others:
        raise ModelError(
            "nothing to evaluate; name a model, e.g. saccade eval eco …, or give --also NAME=DIR"
        )
    if weights is not None and len(names) > 1:
        raise ModelError(
            f"--weights belong to one model, but there are {len(names)}; evaluate them one by one"
        )
    if len(datasets) != len(roots):
        raise ConfigError(
            f"{len(datasets)} --dataset, but {len(roots)} --root; give a root for each data set"
        )
    if split is not None and len(datasets) > 1:
        raise ConfigError("--split belongs to one data set; evaluate them one by one")
    for name in {*names} & {*others}:
        raise ConfigError(f"--also {name}=…: a model of that name is evaluated already; call it otherwise")


def _open(
    names: list[str],
    roots: list[Path],
    split: str | None,
    protocol: str | None,
    base: Path,
    *,
    is_remote: bool,
) -> list[_Benchmark]:
    from saccade.data import open_dataset
    from saccade.evaluation import choose_protocol

    benchmarks: list[_Benchmark] = []
    for name, root in zip(names, roots, strict=True):
        # other machines know nothing of this one's working folder
        data = open_dataset(name, root.resolve() if is_remote else root, split)
        rules, dialect = choose_protocol(protocol, data)
        if data.label in (known.dataset.label for known in benchmarks):
            raise ConfigError(
                f"--dataset {name}: {data.label} comes twice, and results of both would go to one folder; "
                f"evaluate them one by one, each with an --out of its own"
            )
        benchmarks.append(_Benchmark(data, rules, dialect, base if len(names) == 1 else base / data.label))
    return benchmarks


def _run(trials: "list[Trial]", workers: int | None, ray: str | None, base: Path) -> "list[Outcome]":
    from saccade.evaluation import run_here, run_in_processes, run_on_cluster

    with progress("evaluating", sum(trial.frames for trial in trials)) as advance:
        try:
            if ray is not None:
                return list(run_on_cluster(trials, ray, workers, advance))
            if workers is not None and workers > 1:
                return list(run_in_processes(trials, workers, advance))
            return list(run_here(trials, advance))
        except KeyboardInterrupt as stop:
            stop.add_note(f"finished sequences are kept; --out {base} continues")
            raise


def _report(benchmarks: list[_Benchmark], *, as_json: bool) -> None:
    """Writes and prints the report on each data set."""
    reports = {
        benchmark.dataset.label: make_report(
            benchmark.dataset, benchmark.results, benchmark.dialect, json=as_json
        )
        for benchmark in benchmarks
    }
    if as_json:
        print_json(next(iter(reports.values())) if len(reports) == 1 else reports)

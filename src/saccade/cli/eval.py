"""`saccade eval`: models over the sequences of data sets, and their scores."""

from pathlib import Path
from typing import Annotated

import typer

from saccade.cli.eval_detection import evaluate_detector
from saccade.cli.eval_pictures import MODELS, Wish, refuse_options, task_of
from saccade.cli.eval_pose import Boxes, Detector, MeanPoseSplit, WhoWish, evaluate_pose
from saccade.cli.eval_trackers import RunningWish, evaluate_trackers
from saccade.cli.eval_tracks import Associate
from saccade.cli.options import (
    Device,
    Json,
    Precision,
    PrecisionChoice,
    Seed,
    Settings,
    Weights,
)


def evaluate(
    dataset: Annotated[
        list[str],
        typer.Option(
            metavar="NAME",
            help="Which data set; `folder` for sequences of your own; voc, coco, yolo, open_images or mot "
            "for detectors; coco-keypoints, mpii, lsp, yolo-pose or pose-folder for poses. Repeatable.",
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
    sequence: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this sequence. Repeatable.  \\[default: all]"),
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
            metavar="FILE",
            help="Score COCO results that another program wrote, instead of a model; with --associate, begin "
            "with the detections in each sequence's det/det.txt, or in FOLDER/<sequence>.txt.",
        ),
    ] = None,
    associate: Associate = None,
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

    Example: [bold]saccade eval runs/mine/best.ckpt --dataset mot --root DIR --associate bytetrack[/bold]

    Example: [bold]saccade eval hourglass8 --dataset mpii --root /data/mpii --split valid[/bold]
    """
    who = WhoWish(boxes=boxes, detector=detector, mean_pose=mean_pose)
    wishes_tracks = bool(associate or also or protocol or sequence)
    task = task_of(dataset, models or (), has_results=detections is not None, wishes_tracks=wishes_tracks)
    if task != "pose":
        refuse_options(who.options, "trackers" if task is None else MODELS[task])
    if task is not None:
        # a run over single pictures has no protocol, and its answers no chance in them
        tracking = {"--protocol": protocol, "--workers": workers, "--ray": ray, "--also": also}
        tracking |= {"--sequence": sequence, "--repeat": repeat > 1, "--seed": seed}
        refuse_options(tracking, MODELS[task])
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
    if task == "detect":
        evaluate_detector(wish)
    elif task == "pose":
        evaluate_pose(wish, who)
    else:
        running = RunningWish(
            protocol=protocol,
            workers=workers,
            ray=ray,
            repeat=repeat,
            also=also or (),
            associate=associate,
            sequences=sequence or (),
            seed=seed,
        )
        evaluate_trackers(wish, running)

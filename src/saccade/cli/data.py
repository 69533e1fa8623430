"""`saccade data`: what data sets can be read, and whether one on the disk is whole."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from saccade.cli import data_detection, data_pose
from saccade.cli.console import facts, out, print_json, progress, table
from saccade.cli.data_detection import Classes, Dataset, Link
from saccade.cli.options import Json

if TYPE_CHECKING:
    from saccade.data.check import Findings
    from saccade.data.datasets.entry import DatasetEntry, StillsEntry

app = typer.Typer(
    help="Show what data sets there are, look whether one is whole, convert and split annotated pictures.\n\n"
    "Example: [bold]saccade data list[/bold]",
    no_args_is_help=True,
)
app.command("convert")(data_detection.convert)
app.command("split")(data_detection.split)

SHOWN = 30
"""how many faults are shown one by one"""


@app.command("list")
def list_datasets(json: Json = False) -> None:
    """List every data set: what its truth is, its splits, and how many sequences or pictures they have.

    Example: [bold]saccade data list[/bold]
    """
    from saccade.data.datasets import DATASETS, STILLS
    from saccade.data.detection import DETECTION
    from saccade.data.pose import POSE

    annotated = [("detections", form.name, form.summary, form.layout) for form in DETECTION.values()]
    annotated += [("key points", form.name, form.summary, form.layout) for form in POSE.values()]
    entries = [*DATASETS.values(), *STILLS.values()]
    if json:
        print_json(
            [
                {
                    "name": entry.name,
                    "truth": entry.task,
                    "is_video": entry.name in DATASETS,
                    "splits": dict(entry.splits),
                    "summary": entry.summary,
                    "layout": entry.layout,
                    "obtain": entry.obtain,
                }
                for entry in entries
            ]
            + [
                {"name": name, "truth": truth, "is_video": False, "splits": {}}
                | {"summary": summary, "layout": layout, "obtain": ""}
                for truth, name, summary, layout in annotated
            ]
        )
        return
    cells = [
        (entry.name, entry.task, ", ".join(_split(*item) for item in _shown(entry.splits)), entry.summary)
        for entry in entries
    ]
    out.print(table(("name", "truth", "splits", "what it is"), cells))
    out.print(f"To train on only, for they are single pictures: {', '.join(STILLS)}")
    out.print(f"\nYour own pictures with boxes, to train and judge detectors: {', '.join(DETECTION)}")
    out.print(f"Pictures of people with key points, to train and judge pose estimators: {', '.join(POSE)}")


@app.command("check")
def check(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Which data set; `saccade data list` shows all. Of annotated pictures, DIR is enough.",
        ),
    ],
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="Where it lies.")] = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="SPLIT",
            help="Which part of it.  \\[default: the first listed; all of annotated pictures]",
        ),
    ] = None,
    dataset: Dataset = None,
    classes: Classes = None,
    fix: Annotated[
        Path | None,
        typer.Option("--fix", metavar="DIR", help="Write a mended copy of a detection set, and all changes."),
    ] = None,
    link: Link = False,
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Where faults.csv of annotated pictures, and faults.png of boxes, go.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Look whether a data set is whole: what is missing, and which truth disagrees with its frames.

    Reads every annotation, masks too, and the names of all frames, but not the pictures; of a detection set
    or pose set every picture as well. Exit status 2 when something is wrong.

    Example: [bold]saccade data check lasot /data/LaSOT --split test[/bold], or of pictures with boxes
    [bold]saccade data check /data/BCCD --fix /data/BCCD-mended[/bold]
    """
    from saccade.core import ConfigError
    from saccade.core.config import to_json
    from saccade.data.detection import DETECTION
    from saccade.data.pose import POSE

    root = Path(name) if folder is None else folder
    if name in POSE or (folder is None and data_pose.is_pose(dataset, root)):
        if fix is not None or classes is not None:
            raise ConfigError("--fix and --classes are for boxes; what is wrong with poses is yours to mend")
        posed = data_pose.form_of(dataset if folder is None else name, root)
        data_pose.check_poses(posed, root, split, out_folder, json=json)
        return
    if folder is None or name in DETECTION:
        form = data_detection.form_of(dataset if folder is None else name, root)
        data_detection.check_boxes(form, root, split, classes, out_folder, fix, is_linked=link, json=json)
        return
    if fix is not None or dataset is not None:
        raise ConfigError(f"--fix and --dataset are for pictures with boxes; {name} is none of those forms")
    entry = _entry(name)
    part = entry.split(split)
    findings, total = _check(entry, folder, part)
    if json:
        print_json({"dataset": name, "split": part, "root": str(folder), **to_json(findings)})
    else:
        if findings.faults:
            rows = [(fault.sequence, fault.kind, fault.message) for fault in findings.faults[:SHOWN]]
            out.print(table(("sequence", "fault", "what is wrong"), rows))
            hidden = len(findings.faults) - len(rows)
            out.print(f"… and {hidden:,} more; --json shows all\n" if hidden else "")
        whole = f"{findings.sequences:,} of {total}"
        found = {"data set": f"{name}, split {part}", "whole": whole, "frames": f"{findings.frames:,}"}
        found |= {"objects": f"{findings.objects:,}", "faults": f"{len(findings.faults):,}"}
        out.print(facts(found | ({"note": "; ".join(findings.notes)} if findings.notes else {})))
    if findings.faults:
        raise typer.Exit(2)


def _entry(name: str) -> "DatasetEntry | StillsEntry":
    """The data set of that name; forms of annotated pictures are suggested for what is none, too."""
    from saccade.core import DatasetError
    from saccade.core.errors import did_you_mean
    from saccade.data.datasets import DATASETS, STILLS, find_any
    from saccade.data.detection import DETECTION
    from saccade.data.pose import POSE

    try:
        return find_any(name)
    except DatasetError:
        known = (*DATASETS, *STILLS, *DETECTION, *POSE)
        raise DatasetError(f"no data set '{name}'; {did_you_mean(name, known)}") from None


def _check(entry: "DatasetEntry | StillsEntry", folder: Path, part: str) -> "tuple[Findings, str]":
    """What was found, and how much there is to find."""
    from saccade.data import open_dataset
    from saccade.data.check import check_dataset
    from saccade.data.check_stills import check_stills
    from saccade.data.datasets import open_stills
    from saccade.data.datasets.entry import StillsEntry

    if isinstance(entry, StillsEntry):
        stills = open_stills(entry, folder, part)
        with progress(f"checking {entry.name}", len(stills), unit="targets") as advance:
            return check_stills(stills, entry.splits[part], advance), f"{len(stills):,} targets"
    dataset = open_dataset(entry.name, folder, part, lazy=True)
    with progress(f"checking {dataset.label}", len(dataset.sequences), unit="sequences") as advance:
        findings = check_dataset(dataset, advance)
    return findings, f"{findings.expected or len(dataset.sequences):,} sequences"


def _shown(splits: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    """Splits that are numbered, like the chunks of TrackingNet, are shown by the first and the last."""
    numbered = [name for name in splits if name.rpartition("_")[2].isdecimal()]
    return [item for item in splits.items() if item[0] not in numbered[1:-1]]


def _split(name: str, count: int | None) -> str:
    return name if count is None else f"{name} {count:,}"

"""`saccade data` for detection sets: check, mend, convert and split annotations of boxes in pictures."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from saccade.cli import data_pose
from saccade.cli.console import facts, notify, out, print_json, print_numbers, progress
from saccade.cli.data_faults import fault_json, fault_rows, looking, show_faults, write_table
from saccade.cli.options import Json, default_out

if TYPE_CHECKING:
    from saccade.data.detection.check import Findings
    from saccade.data.detection.forms import Form
    from saccade.data.detection.records import RawSplit

Dataset = Annotated[
    str | None,
    typer.Option(
        "--dataset",
        metavar="FORM",
        help="voc, coco, yolo or open_images; of key points coco-keypoints, mpii, lsp, yolo-pose or "
        "pose-folder.  \\[default: what the folder looks like]",
    ),
]
Classes = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="A,B,…",
        help="The classes, in the order of their labels.  \\[default: as the data set lists them]",
    ),
]
Skeleton = Annotated[
    str | None,
    typer.Option(
        "--skeleton",
        metavar="NAME",
        help="Whose points are written: coco17, coco18, mpii16, lsp14 or body25.  \\[default: the set's own]",
    ),
]
Link = Annotated[bool, typer.Option("--link", help="Link to the pictures instead of copying them.")]


def form_of(name: str | None, root: Path) -> "Form":
    """The form that is named, or that the folder has."""
    from saccade.data.detection import find_form, recognise

    if name is not None:
        return find_form(name)
    data_pose.refuse_unfit(root, "boxes")
    return recognise(root)


def names_of(classes: str | None) -> tuple[str, ...] | None:
    """The classes that are named."""
    from saccade.data.detection.folders import checked_classes

    if classes is None:
        return None
    return checked_classes([name.strip() for name in classes.split(",") if name.strip()], "--classes")


def check_boxes(
    form: "Form",
    root: Path,
    split: str | None,
    classes: str | None,
    folder: Path | None,
    fix: Path | None,
    *,
    is_linked: bool,
    json: bool,
) -> None:
    """Checks a detection set, shows what was found, and mends a copy where that is asked for."""
    from saccade.core import ConfigError
    from saccade.data.detection.check import check_detection
    from saccade.data.detection.copying import check_out
    from saccade.data.detection.sheet import write_sheet

    if fix is not None:
        if not form.is_written:
            raise ConfigError(f"--fix: {form.name} can be read, but not written; mend the files themselves")
        check_out(fix, root)
    with looking(f"checking {root}") as begin:
        findings = check_detection(form, root, split, classes=names_of(classes), progress=begin)
    files: dict[str, str] = {}
    if findings.faults or findings.remarks:
        folder = folder or default_out("check")
        files["table"] = str(
            write_table(folder / "faults.csv", fault_rows(findings.faults, findings.remarks))
        )
        if write_sheet(findings, folder / "faults.png"):
            files["sheet"] = str(folder / "faults.png")
    if fix is not None:
        files["mended copy"] = str(fix)
        files["changes"] = str(_fix(findings, fix, is_linked))
    if json:
        print_json(_report(findings, split) | {"files": files})
    else:
        _show(findings, files)
    if findings.faults:
        raise typer.Exit(2)


def _fix(findings: "Findings", out_folder: Path, is_linked: bool) -> Path:
    from saccade.data.detection.fix import fix_detection, rows_of

    with progress("writing the mended copy", len(findings.images), unit="pictures") as advance:
        changes = fix_detection(findings, out_folder, is_linked=is_linked, on_picture=advance)
    head = ("file", "place", "change")
    return write_table(out_folder / "changes.csv", [head, *rows_of(changes)])


def _report(findings: "Findings", split: str | None) -> dict[str, Any]:
    counts = findings.counts
    images = findings.images
    return {
        "dataset": findings.form.name,
        "split": split,
        "root": str(findings.root),
        "splits": {each.split: len(each.images) for each in findings.splits if each.split is not None},
        "pictures": len(images),
        "without_boxes": sum(not image.objects for image in images),
        "objects": counts.total(),
        "classes": {name: counts[name] for name in (*findings.splits[0].classes, *sorted(counts))},
        "faults": [fault_json(fault) for fault in findings.faults],
        "remarks": [fault_json(fault) for fault in findings.remarks],
        "notes": list(findings.notes),
    }


def _show(findings: "Findings", files: dict[str, str]) -> None:
    show_faults(findings.faults, findings.remarks, findings.root)
    counts, images = findings.counts, findings.images
    splits = ", ".join(f"{each.split} {len(each.images):,}" for each in findings.splits if each.split)
    empty = sum(not image.objects for image in images)
    shown = {"data set": f"{findings.form.name}, {findings.root}"} | ({"splits": splits} if splits else {})
    shown |= {
        "pictures": f"{len(images):,}, {empty:,} without a box",
        "objects": f"{counts.total():,}",
        "classes": ", ".join(f"{name} {count:,}" for name, count in counts.most_common(20)),
        "faults": f"{len(findings.faults):,}",
    }
    if findings.faults and findings.form.is_written and "mended copy" not in files:
        files = files | {"remedy": f"saccade data check {findings.root} --fix DIR writes a mended copy"}
    out.print(facts(shown | ({"notes": "\n".join(findings.notes)} if findings.notes else {}) | files))


def convert(
    source: Annotated[Path, typer.Argument(metavar="SRC", help="The data set.")],
    target: Annotated[Path, typer.Argument(metavar="DST", help="A new folder.")],
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORM",
            help="voc, coco, yolo or open_images; of key points pose-folder, coco-keypoints or yolo-pose.",
        ),
    ],
    dataset: Dataset = None,
    classes: Classes = None,
    skeleton: Skeleton = None,
    link: Link = False,
    json: Json = False,
) -> None:
    """Write a detection or pose set in another form, with its pictures.

    What the other form cannot say is told. The data set itself stays as it is.

    Example: [bold]saccade data convert /data/BCCD /data/bccd-coco --to coco[/bold], or of key points
    [bold]saccade data convert /data/mpii /data/mpii-coco18 --to pose-folder --skeleton coco18[/bold]
    """
    from saccade.core import ConfigError
    from saccade.data.detection import find_form
    from saccade.data.detection.converting import convert_detection
    from saccade.data.pose import POSE

    if to in POSE:
        data_pose.convert_poses(dataset, source, target, to, skeleton, classes, is_linked=link, json=json)
        return
    if skeleton is not None:
        raise ConfigError(f"--skeleton is for key points; {to} has none: --to pose-folder")
    new = find_form(to)
    form = form_of(dataset, source)
    with looking(f"writing {target}") as begin:
        notes = convert_detection(
            form, source, new, target, classes=names_of(classes), is_linked=link, progress=begin
        )
    if json:
        print_json({"from": form.name, "to": to, "root": str(target), "notes": notes})
        return
    for note in notes:
        notify(note)
    out.print(facts({"written": f"{target}, as {to}"}))


def split(
    root: Annotated[Path, typer.Argument(metavar="ROOT", help="The data set.")],
    train: Annotated[float, typer.Option("--train", metavar="SHARE", help="Share to train on.")] = 0.8,
    val: Annotated[
        float | None,
        typer.Option("--val", metavar="SHARE", help="Share to choose by.  \\[default: the rest]"),
    ] = None,
    test: Annotated[float | None, typer.Option("--test", metavar="SHARE", help="Share to judge by.")] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="S", help="Same seed, same parts.")] = 0,
    out_folder: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Write a new data set, with pictures.  \\[default: lists beside the data]",
        ),
    ] = None,
    dataset: Dataset = None,
    classes: Classes = None,
    link: Link = False,
    json: Json = False,
) -> None:
    """Divide a detection or pose set: each part has its share of all, and what shows the same stays together.

    Writes lists beside the data, in the way of its form, and moves no picture; with --out a new data set, and
    so always of poses.

    Example: [bold]saccade data split /data/raccoon --train 0.8 --val 0.1 --test 0.1 --seed 1[/bold]
    """
    from saccade.data.detection.check import unique_images
    from saccade.data.detection.converting import read_sound
    from saccade.data.detection.copying import Copier, check_out
    from saccade.data.detection.splitting import divide, parts_of, shares_of, write_lists

    shares = shares_of(train, val, test)
    if data_pose.is_pose(dataset, root):
        data_pose.split_poses(dataset, root, shares, seed, out_folder, classes, is_linked=link, json=json)
        return
    form = form_of(dataset, root)
    if out_folder is not None:
        check_out(out_folder, root)
    splits = read_sound(form, root, names_of(classes))
    images = unique_images(splits)
    with looking(f"looking at {root}") as begin:
        parts = parts_of(splits, divide(images, shares, seed, progress=begin))
    if out_folder is None:
        written = [str(file) for file in write_lists(parts, root)]
    else:
        with progress(f"writing {out_folder}", len(images), unit="pictures") as advance:
            form.write(parts, out_folder, Copier(link, advance))
        written = [str(out_folder)]
    _show_parts(parts, written, seed, json)


def _show_parts(parts: "Sequence[RawSplit]", written: list[str], seed: int, json: bool) -> None:
    counts = {
        str(part.split): Counter(each.name for image in part.images for each in image.objects)
        for part in parts
    }
    sizes = {str(part.split): len(part.images) for part in parts}
    if json:
        content = {name: {"pictures": sizes[name], "objects": dict(counts[name])} for name in sizes}
        print_json({"seed": seed, "splits": content, "files": written})
        return
    names = [name for name in parts[0].classes if any(each[name] for each in counts.values())]
    rows = [("pictures", *(f"{size:,}" for size in sizes.values()))]
    rows += [(name, *(f"{each[name]:,}" for each in counts.values())) for name in names]
    print_numbers(("", *sizes), rows)
    out.print(facts({"written": "\n".join(written)}))

"""`saccade data` for pose sets: check, convert and split pictures with key points."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from saccade.cli.console import facts, notify, out, print_json, print_numbers, progress
from saccade.cli.data_faults import fault_json, fault_rows, looking, show_faults, write_table
from saccade.cli.options import default_out

if TYPE_CHECKING:
    from saccade.data.pose import PoseDataset
    from saccade.data.pose.check import PoseFindings
    from saccade.data.pose.forms import PoseForm


_WRITTEN = {
    "boxes": "voc, coco, yolo or open_images",
    "key points": "pose-folder, coco-keypoints or yolo-pose",
}
"""forms that can be written"""


def is_pose(name: str | None, root: Path) -> bool:
    """Whether a form of poses is named; where none is, whether the folder is of poses, not of boxes."""
    from saccade.data.pose import POSE
    from saccade.data.pose.opening import is_posed

    return is_posed(root) if name is None else name in POSE


def form_of(name: str | None, root: Path) -> "PoseForm":
    """The form that is named, or that the folder has."""
    from saccade.data.pose import find_form, recognise

    if name is not None:
        return find_form(name)
    refuse_unfit(root, "key points")
    return recognise(root)


def refuse_unfit(root: Path, wanted: Literal["boxes", "key points"]) -> None:
    """Refuses a folder without annotations of what is wanted, and says what it has instead.

    Raises:
        DatasetError: when none of their forms fits.
    """
    from saccade.core import DatasetError
    from saccade.data.detection import DETECTION
    from saccade.data.pose import POSE

    forms: Mapping[str, Mapping[str, Any]] = {"boxes": DETECTION, "key points": POSE}
    if not root.exists() or any(form.fits(root) for form in forms[wanted].values()):
        return
    for marked in forms:
        name = next((form.name for form in forms[marked].values() if form.fits(root)), None)
        if name is not None:
            raise DatasetError(
                f"{root}: has {marked}, as {name}, and no {wanted}; they are written --to {_WRITTEN[marked]}"
            )
    raise DatasetError(
        f"{root}: no annotations of boxes or key points in it; name the form that it should have with "
        f"--dataset, and what is missing is told: {', '.join((*DETECTION, *POSE))}"
    )


def check_poses(form: "PoseForm", root: Path, split: str | None, folder: Path | None, *, json: bool) -> None:
    """Checks a pose set, and shows what was found."""
    from saccade.data.pose.check import check_pose

    with looking(f"checking {root}") as begin:
        findings = check_pose(form, root, split, progress=begin)
    files: dict[str, str] = {}
    if findings.faults or findings.remarks:
        rows = fault_rows(findings.faults, findings.remarks)
        files["table"] = str(write_table((folder or default_out("check")) / "faults.csv", rows))
    if json:
        print_json(_report(findings, split) | {"files": files})
    else:
        _show(findings, files)
    if findings.faults:
        raise typer.Exit(2)


def convert_poses(
    dataset: str | None,
    source: Path,
    target: Path,
    to: str,
    skeleton: str | None,
    classes: str | None,
    *,
    is_linked: bool,
    json: bool,
) -> None:
    """Writes a pose set in another form, or with another skeleton."""
    from saccade.core import find_skeleton
    from saccade.data.pose.converting import convert_pose

    _refuse_classes(classes)
    form = form_of(dataset, source)
    wanted = None if skeleton is None else find_skeleton(skeleton)
    with looking(f"writing {target}") as begin:
        notes = convert_pose(form, source, to, target, skeleton=wanted, is_linked=is_linked, progress=begin)
    if json:
        print_json({"from": form.name, "to": to, "root": str(target), "notes": notes})
        return
    for note in notes:
        notify(note)
    out.print(facts({"written": f"{target}, as {to}"}))


def split_poses(
    dataset: str | None,
    root: Path,
    shares: Mapping[str, float],
    seed: int,
    folder: Path | None,
    classes: str | None,
    *,
    is_linked: bool,
    json: bool,
) -> None:
    """Divides a pose set, and writes it as a new one."""
    from saccade.core import ConfigError
    from saccade.data.detection.copying import Copier, check_out
    from saccade.data.pose.converting import open_all
    from saccade.data.pose.splitting import divide_poses
    from saccade.data.pose.writing import WRITTEN, write_pose

    _refuse_classes(classes)
    if folder is None:
        raise ConfigError("key points are divided into a new data set; name a new folder by --out DIR")
    check_out(folder, root)
    form = form_of(dataset, root)
    splits = open_all(form, root)
    with looking(f"looking at {root}") as begin:
        parts = divide_poses(splits, shares, seed, progress=begin)
    target = form.name if form.name in WRITTEN else "pose-folder"
    with progress(f"writing {folder}", sum(map(len, parts)), unit="pictures") as advance:
        lost = write_pose(target, parts, folder, Copier(is_linked, advance))
    for note in lost:
        notify(note)
    _show_parts(parts, folder, target, seed, json)


def _refuse_classes(classes: str | None) -> None:
    from saccade.core import ConfigError

    if classes is not None:
        raise ConfigError("--classes is for boxes; what has key points has one class")


def _report(findings: "PoseFindings", split: str | None) -> dict[str, Any]:
    skeletons = {each.dataset.skeleton for each in findings.contents}
    people = findings.people
    return {
        "dataset": findings.form.name,
        "split": split,
        "root": str(findings.root),
        "splits": {each.split: len(each.images) for each in findings.contents if each.split is not None},
        "skeletons": {each.name: list(each.points) for each in skeletons},
        "pictures": len(findings.images),
        "people": len(people),
        "without_joints": sum(not person.num_labelled and not person.is_crowd for person in people),
        "crowds": sum(person.is_crowd for person in people),
        "joints": sum(person.num_labelled for person in people),
        "faults": [fault_json(fault) for fault in findings.faults],
        "remarks": [fault_json(fault) for fault in findings.remarks],
        "notes": list(findings.notes),
    }


def _show(findings: "PoseFindings", files: Mapping[str, str]) -> None:
    show_faults(findings.faults, findings.remarks, findings.root)
    report = _report(findings, None)
    splits = ", ".join(f"{name} {count:,}" for name, count in report["splits"].items())
    named = ", ".join(f"{name}, {len(points)} points" for name, points in report["skeletons"].items())
    shown = {"data set": f"{findings.form.name}, {findings.root}"} | ({"splits": splits} if splits else {})
    shown |= {
        "pictures": f"{report['pictures']:,}",
        "people": f"{report['people']:,}, {report['without_joints']:,} without joints, "
        f"{report['crowds']:,} crowds",
        "joints": f"{report['joints']:,} of {named}",
        "faults": f"{len(findings.faults):,}",
    }
    out.print(facts(shown | ({"notes": "\n".join(findings.notes)} if findings.notes else {}) | dict(files)))


def _show_parts(parts: "Sequence[PoseDataset]", folder: Path, form: str, seed: int, json: bool) -> None:
    counts = {
        str(part.split): Counter(
            "labelled" if person.is_learned else "others" for image in part.images for person in image.people
        )
        for part in parts
    }
    sizes = {str(part.split): len(part) for part in parts}
    if json:
        content = {name: {"pictures": sizes[name], "people": dict(counts[name])} for name in sizes}
        print_json({"seed": seed, "dataset": form, "splits": content, "files": [str(folder)]})
        return
    rows = [("pictures", *(f"{size:,}" for size in sizes.values()))]
    for what in ("labelled", "others"):
        rows.append((f"people, {what}", *(f"{each[what]:,}" for each in counts.values())))
    print_numbers(("", *sizes), rows)
    out.print(facts({"written": f"{folder}, as {form}"}))

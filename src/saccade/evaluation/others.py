"""Results of other trackers, as their own tools have left them, put beside ours.

DIR/<sequence>.txt, DIR/<sequence>_time.txt             PyTracking, OTB and most others
DIR/<sequence>.txt, DIR/times/<sequence>_time.txt       the got10k package on OTB, LaSOT …
DIR/<sequence>/<sequence>_001.txt, …_002.txt            GOT-10k and VOT, one file a repetition
DIR/<sequence>.json                                     the results published with OTB
"""

from collections import abc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int8

from saccade.core import DatasetError
from saccade.data import Dataset, Sequence
from saccade.data.formats.text import read_json, read_table
from saccade.evaluation.protocols import ONE_PASS, PROTOCOLS
from saccade.evaluation.results import DatasetResults
from saccade.evaluation.tracks import Code, Track, is_box, read_answers, track_files

_LAYOUT = "<sequence>.txt, <sequence>/<sequence>_001.txt or <sequence>.json"


def bring_results(
    name: str, folder: Path, dataset: Dataset, out: Path, *, protocol: str = ONE_PASS.name
) -> list[str]:
    """Reads the results of another tracker and writes them beside ours; all of them, or none.

    Args:
        name: what the tracker is to be called; its second repetition is called `<name>@1`, and so on.
        folder: where its results lie.
        protocol: by which it was run: one pass, or resets, with VOT's codes in the files.

    Returns:
        the names of what was brought.

    Raises:
        DatasetError: when a sequence has no result, the number of lines is not that of its frames, or a line
            is no box.
        ConfigError: when other results of that name are there already.
        OutputError: when they cannot be written.
    """
    if protocol not in (ONE_PASS.name, "resets"):
        raise DatasetError(
            f"{folder}: results of others are read for one-pass and resets, not for {protocol}"
        )
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; it should hold the results of {name}, {_LAYOUT}")
    found = [(sequence, _files(folder, sequence)) for sequence in dataset.sequences]
    repetitions = len(found[0][1])
    for sequence, files in found:
        if len(files) != repetitions:
            raise DatasetError(
                f"{folder}: {len(files)} results of '{sequence.name}', but {repetitions} of "
                f"'{found[0][0].name}'; give as many of each"
            )
    tracks = [
        [(sequence, _read(files[number], sequence, protocol)) for sequence, files in found]
        for number in range(repetitions)
    ]
    everything = DatasetResults.begin(out, dataset, protocol)
    names = [name, *(f"{name}@{number}" for number in range(1, repetitions))]
    for label, rows in zip(names, tracks, strict=True):
        results = everything.of(label)
        results.begin({"source": str(folder.resolve())}, {})
        for sequence, track in rows:
            job = PROTOCOLS[protocol].jobs(sequence)[0]
            results.save(job.stem, track_files({job.stem: track}, job.stem))
    return names


def _files(folder: Path, sequence: Sequence) -> list[Path]:
    """The result files of a sequence, one a repetition."""
    for name in (sequence.name, *sequence.aliases):
        for file in (folder / f"{name}.txt", folder / f"{name}.json"):
            if file.is_file():
                return [file]
        repeated = sorted((folder / name).glob(f"{name}_[0-9][0-9][0-9].txt"))
        if repeated:
            return repeated
    raise DatasetError(
        f"{folder}: no result of '{sequence.name}'; looked for {_LAYOUT}; give one of every sequence"
    )


def _read(file: Path, sequence: Sequence, protocol: str) -> Track:
    boxes, codes = _read_json(file) if file.suffix == ".json" else read_answers(file)
    if len(boxes) != len(sequence):
        raise DatasetError(
            f"{file} has {len(boxes)} lines, but sequence '{sequence.name}' has {len(sequence)} frames; "
            f"results have one line a frame"
        )
    if (codes is None) != (protocol == ONE_PASS.name):
        has = "no codes 0, 1 and 2" if codes is None else "codes instead of boxes"
        raise DatasetError(f"{file} has {has}; is {protocol} the protocol by which it was made?")
    is_answered = np.ones(len(boxes), bool) if codes is None else codes == Code.FOLLOWED
    bad = np.flatnonzero(is_answered & ~is_box(boxes))
    if len(bad):
        raise DatasetError(f"{file}, line {bad[0] + 1}: no box x,y,w,h: {boxes[bad[0]].tolist()}")
    track = Track.blank(len(boxes), codes)
    track.boxes[:] = boxes
    track.seconds[:] = _seconds(file, len(boxes))
    return track


def _seconds(file: Path, frames: int) -> Float64[np.ndarray, " F"]:
    """How long each frame took; NaN where nobody has written it down."""
    stem, column = file.stem, 0
    if file.stem[:-4] == file.parent.name and file.stem[-3:].isdecimal():
        stem, column = file.stem[:-4], int(file.stem[-3:]) - 1
    for place in (file.parent / f"{stem}_time.txt", file.parent / "times" / f"{stem}_time.txt"):
        if not place.is_file():
            continue
        table = read_table(place)
        if table is None or len(table) != frames or column >= table.shape[1]:
            raise DatasetError(
                f"{place}: expected {frames} lines, one a frame, with the seconds of {file.name} as number "
                f"{column + 1}; correct it, or take it away"
            )
        return table[:, column]
    return np.full(frames, np.nan)


def _read_json(file: Path) -> tuple[Float64[np.ndarray, "F 4"], Int8[np.ndarray, " F"] | None]:
    """A result as published with OTB: `[{"resType": "rect", "res": [[x, y, w, h], …]}]`."""
    content = read_json(file)
    runs = content if isinstance(content, list) else [content]
    try:
        rows = next(run["res"] for run in runs if run.get("resType", "rect") == "rect")
        boxes = np.array(list(_numbers(rows)), dtype=np.float64).reshape(-1, 4)
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        raise DatasetError(f'{file}: expected [{{"resType": "rect", "res": [[x, y, w, h], …]}}]') from None
    return boxes, None


def _numbers(rows: abc.Iterable[abc.Iterable[float]]) -> Iterator[tuple[float, ...]]:
    for row in rows:
        x, y, w, h = row
        yield float(x), float(y), float(w), float(h)

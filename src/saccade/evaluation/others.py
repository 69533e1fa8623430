"""Results of other trackers, as their own tools have left them, put beside ours.

Boxes of a target:
DIR/<sequence>.txt, DIR/<sequence>_time.txt             PyTracking, OTB and most others
DIR/<sequence>.txt, DIR/times/<sequence>_time.txt       the got10k package on OTB, LaSOT …
DIR/<sequence>/<sequence>_001.txt, …_002.txt            GOT-10k and VOT, one file a repetition
DIR/<sequence>.json                                     the results published with OTB
Of several targets in a sequence, each has such files, called <sequence>@<target> as ours are.

DIR/<sequence>.txt                                      tracks of all that was found: the MOTChallenge
DIR/<sequence>/<frame>.png                              masks: label pictures, as in DAVIS
"""

from collections import abc
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int8

from saccade.core import DatasetError
from saccade.data import Dataset
from saccade.data.formats.labels import read_labels
from saccade.data.formats.text import read_json, read_table
from saccade.data.formats.tracks import read_tracks
from saccade.data.truth import ObjectId
from saccade.evaluation.protocols import ONE_PASS, PROTOCOLS, Job, Kind, Protocol, jobs_of
from saccade.evaluation.results import DatasetResults, repetition_name, split_repetition
from saccade.evaluation.tracks import (
    A_BOX_A_FRAME,
    Track,
    find_misfit,
    read_answers,
    seconds_text,
    track_files,
)

_KNOWN = (ONE_PASS.name, "resets", "first-mask", "mot")
_LAYOUTS: Mapping[Kind, str] = {
    "boxes": "<sequence>.txt, <sequence>/<sequence>_001.txt or <sequence>.json",
    "tracks": "<sequence>.txt",
    "masks": "<sequence>/<frame>.png",
}

Files = Mapping[str, bytes | Path]
"""what a run leaves behind, by name: its content, or the file that has it"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherResults:
    """Results of another tracker on a data set: all were looked at, and fit.

    Attributes:
        name: what the tracker is to be called; its second repetition is called `<name>@1`, and so on.
        source: the folder that they lie in.
        jobs: the runs of which they are.
        repetitions: what each of these runs has left behind.
    """

    name: str
    source: Path
    jobs: Sequence[Job]
    repetitions: Sequence[Sequence[Files]]

    def write(self, results: DatasetResults) -> list[str]:
        """Writes them beside ours; what was brought from the same folder before is replaced.

        Returns:
            the names of what was brought.

        Raises:
            ConfigError: when other results of that name are there already.
            OutputError: when they cannot be written.
        """
        settings = {"source": str(self.source.resolve())}
        names = [repetition_name(self.name, number) for number in range(len(self.repetitions))]
        for label, files in zip(names, self.repetitions, strict=True):
            model = results.of(label)
            model.begin(settings, {})
            for job, left in zip(self.jobs, files, strict=True):
                contents = {k: v if isinstance(v, bytes) else v.read_bytes() for k, v in left.items()}
                model.save(job.stem, contents)
        for label in set(results.models()) - set(names):
            if split_repetition(label)[0] == self.name and results.of(label).settings == settings:
                results.of(label).remove()
        return names


def bring_results(name: str, folder: Path, dataset: Dataset, results: DatasetResults) -> list[str]:
    """Reads the results of another tracker and writes them beside ours; all of them, or none.

    Args:
        results: where they go. Their protocol is that by which the tracker was run.

    Returns:
        the names of what was brought; see `OtherResults.write`.

    Raises:
        DatasetError: when they cannot be used; see `read_others`.
        ConfigError: when other results of that name are there already.
        OutputError: when they cannot be written.
    """
    return read_others(name, folder, dataset, PROTOCOLS[results.protocol]).write(results)


def read_others(name: str, folder: Path, dataset: Dataset, protocol: Protocol) -> OtherResults:
    """Reads the results of another tracker, and writes nothing.

    Args:
        name: what the tracker is to be called.
        folder: where its results lie.
        protocol: by which it was run: one pass; resets, with VOT's codes in the files; first masks; or all
            that it found by itself.

    Raises:
        DatasetError: when a sequence has no result, the number of lines is not that of its frames, a line is
            no box, or a picture does not label its frame.
    """
    if protocol.name not in _KNOWN:
        raise DatasetError(
            f"{folder}: results of others are read for {', '.join(_KNOWN)}, not for {protocol.name}"
        )
    if not folder.is_dir():
        raise DatasetError(
            f"{folder}: no such folder; it should hold the results of {name}, {_LAYOUTS[protocol.kind]}"
        )
    jobs = jobs_of(protocol, dataset)
    sources = [_sources(folder, job, protocol.kind) for job in jobs]
    repetitions = _repetitions(folder, sources)
    runs = [
        [
            _read({stem: files[number] for stem, files in found.items()}, job, protocol)
            for job, found in zip(jobs, sources, strict=True)
        ]
        for number in range(repetitions)
    ]
    return OtherResults(name=name, source=folder, jobs=jobs, repetitions=runs)


def _sources(folder: Path, job: Job, kind: Kind) -> dict[str, list[Path]]:
    """What there is of a run, one file or folder a repetition, by the stems of our own files."""
    stems = job.target_stems.values() if kind == "boxes" else (job.stem,)
    return {stem: _find(folder, job, stem, kind) for stem in stems}


def _find(folder: Path, job: Job, stem: str, kind: Kind) -> list[Path]:
    for alias in (job.sequence.name, *job.sequence.aliases):
        name = alias + stem.removeprefix(job.sequence.name)
        if kind == "masks":
            found = [folder / name] if (folder / name).is_dir() else []
        else:
            endings = ("txt", "json") if kind == "boxes" else ("txt",)
            found = [file for file in (folder / f"{name}.{e}" for e in endings) if file.is_file()][:1]
        if kind == "boxes" and not found:
            found = sorted((folder / name).glob(f"{name}_[0-9][0-9][0-9].txt"))
        if found:
            return found
    raise DatasetError(
        f"{folder}: no result of '{stem}'; looked for {_LAYOUTS[kind]}; give one of every sequence"
    )


def _repetitions(folder: Path, sources: list[dict[str, list[Path]]]) -> int:
    """How many runs of everything there are."""
    counts = {stem: len(files) for found in sources for stem, files in found.items()}
    first, expected = next(iter(counts.items()))
    for stem, count in counts.items():
        if count != expected:
            raise DatasetError(
                f"{folder}: {count} results of '{stem}', but {expected} of '{first}'; give as many of each"
            )
    return expected


def _read(sources: Mapping[str, Path], job: Job, protocol: Protocol) -> Files:
    """The files of one run, checked."""
    frames = len(job.frames)
    if protocol.kind == "boxes":
        stems = job.target_stems.items()
        tracks = {stem: _track(sources[stem], job, target, protocol) for target, stem in stems}
        return track_files(tracks, job.stem)
    (source,) = sources.values()
    if protocol.kind == "tracks":
        read_tracks(source, frames)
        times, files = source.with_suffix(""), {f"{job.stem}.txt": source}
    else:
        times, images = source, job.sequence.images[job.first :]
        files = {f"{job.stem}/{image.stem}.png": source / f"{image.stem}.png" for image in images}
        for file, image in zip(files.values(), images, strict=True):
            read_labels(file, image)
    return {f"{job.stem}_time.txt": seconds_text(_seconds(times.parent, times.name, frames)), **files}


def _track(file: Path, job: Job, target: ObjectId, protocol: Protocol) -> Track:
    boxes, codes = _read_json(file) if file.suffix == ".json" else read_answers(file)
    frames = len(job.frames)
    if len(boxes) != frames:
        raise DatasetError(
            f"{file} has {len(boxes)} lines, but sequence '{job.sequence.name}' has {frames} frames; "
            f"results have one line a frame"
        )
    if (codes is not None) != job.has_codes:
        has = "no codes 0, 1 and 2" if codes is None else "codes instead of boxes"
        raise DatasetError(f"{file} has {has}; is {protocol.name} the protocol by which it was made?")
    bad = find_misfit(boxes, codes, job.frames.index(job.starts[target]))
    if bad is not None:
        raise DatasetError(f"{file}, line {bad + 1}: no box x,y,w,h: {boxes[bad].tolist()}; {A_BOX_A_FRAME}")
    track = Track.blank(frames, codes)
    track.boxes[:] = boxes
    stem, column = file.stem, 0
    if stem[:-4] == file.parent.name and stem[-3:].isdecimal():
        stem, column = stem[:-4], int(stem[-3:]) - 1
    # the seconds of a run are those of all its targets
    stem = stem.removesuffix(job.target_stems[target].removeprefix(job.stem))
    track.seconds[:] = _seconds(file.parent, stem, frames, column)
    return track


def _seconds(folder: Path, stem: str, frames: int, column: int = 0) -> Float64[np.ndarray, " F"]:
    """How long each frame took; NaN where nobody has written it down.

    Args:
        column: which number of a line it is.
    """
    for place in (folder / f"{stem}_time.txt", folder / "times" / f"{stem}_time.txt"):
        if not place.is_file():
            continue
        table = read_table(place)
        if table is None or len(table) != frames or column >= table.shape[1]:
            raise DatasetError(
                f"{place}: expected {frames} lines, one a frame, with the seconds of result {column + 1} as "
                f"number {column + 1}; correct it, or take it away"
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

"""Archives for the servers of benchmarks whose truth is not published: their layout, their number formats."""

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from saccade.core import DatasetError
from saccade.data import Dataset
from saccade.data.datasets import find_entry
from saccade.evaluation.protocols import PROTOCOLS, Job, jobs_of
from saccade.evaluation.results import DatasetResults, ModelResults, split_repetition
from saccade.evaluation.tracks import Track
from saccade.media.files import make_folder, replacing

REPETITIONS = 3
"""runs of a stochastic tracker that GOT-10k takes"""
NAMED = 5
"""sequences without a result that a message names"""
_STAMP = (1980, 1, 1, 0, 0, 0)
"""of the files in an archive, so that the same results make the same archive"""

Pack = Callable[[Job, list[ModelResults]], Iterator[tuple[str, bytes]]]
"""makes the files of a sequence, by their names in the archive, from the results of each repetition"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where results on a split are handed in, and in what form.

    Attributes:
        splits: those whose results it takes, by data set.
        protocol: by which models are run.
        pack: makes the files of a sequence.
        repetitions: how many runs of a model it takes.
        address: where the archive goes.
    """

    splits: Mapping[str, tuple[str, ...]]
    protocol: str
    pack: Pack
    address: str
    repetitions: int = 1


@dataclass(frozen=True, slots=True)
class Submission:
    """An archive that is ready to be handed in.

    Attributes:
        file: the archive.
        address: where it goes.
        sequences: how many it holds results on.
        files: how many files that are.
        repetitions: how many runs of the model are in it.
    """

    file: Path
    address: str
    sequences: int
    files: int
    repetitions: int


def pack_submission(results: DatasetResults, dataset: Dataset, model: str, file: Path) -> Submission:
    """Writes the results of a model as the archive that the server of the data set takes.

    Further runs of the model with other seeds, `<model>@1` and so on, are packed where the server takes them.

    Raises:
        DatasetError: when nothing is handed in of this split, results are missing, naming the sequences, or
            one does not fit its sequence.
        OutputError: when the archive cannot be written.
    """
    server = find_server(dataset)
    if results.protocol != server.protocol:
        raise DatasetError(
            f"{results.folder}: results by protocol {results.protocol}, but the server of {dataset.label} "
            f"takes those by {server.protocol}"
        )
    runs = [results.of(name) for name in _runs(results, model)[: server.repetitions]]
    jobs = jobs_of(PROTOCOLS[server.protocol], dataset)
    for run in runs:
        _check_complete(run, jobs, server)
    count = 0
    make_folder(file.parent)
    with replacing(file) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
        for job in jobs:
            for name, content in server.pack(job, runs):
                entry = zipfile.ZipInfo(name, _STAMP)
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content)
                count += 1
    return Submission(file, server.address, len(dataset.sequences), count, len(runs))


def find_server(dataset: Dataset) -> Server:
    """Where results on a data set are handed in.

    Raises:
        DatasetError: when there is no such server that we know, or it takes another split.
    """
    server = next((server for server in SERVERS if dataset.name in server.splits), None)
    if server is None:
        known = ", ".join(sorted(name for server in SERVERS for name in server.splits))
        raise DatasetError(
            f"results on {dataset.name} are handed in nowhere that we know; there are servers for {known}"
        )
    part, splits = find_entry(dataset.name).split(dataset.split), server.splits[dataset.name]
    if part not in splits:
        raise DatasetError(
            f"the server of {dataset.name} takes results on its split {' or '.join(splits)}, not on {part}; "
            f"evaluate with --split {splits[-1]}"
        )
    return server


def _runs(results: DatasetResults, model: str) -> list[str]:
    """A model and its repetitions, in the order of their seeds."""
    models = results.models()
    if model not in models:
        raise DatasetError(f"{results.folder}: no results of '{model}'; there are: {', '.join(models)}")
    seeds = {name: seed for name in models for base, seed in [split_repetition(name)] if base == model}
    again = {name: seed for name, seed in seeds.items() if seed is not None and name != model}
    return [model, *sorted(again, key=again.__getitem__)]


def _check_complete(run: ModelResults, jobs: list[Job], server: Server) -> None:
    missing = [job.stem for job in jobs if not run.has(PROTOCOLS[server.protocol].files(job))]
    if missing:
        named = ", ".join(missing[:NAMED]) + (" …" if len(missing) > NAMED else "")
        raise DatasetError(
            f"{run.folder}: {len(missing)} of {len(jobs)} sequences have no result: {named}; saccade eval "
            f"with the same --out makes what is missing"
        )


def _got10k(job: Job, runs: list[ModelResults]) -> Iterator[tuple[str, bytes]]:
    """A folder a sequence: `<sequence>_001.txt`, x,y,w,h a line, and the seconds of all runs beside."""
    name = job.sequence.name
    tracks = [_track(job, run) for run in runs]
    for number, track in enumerate(tracks, start=1):
        yield f"{name}/{name}_{number:03d}.txt", _table(track.boxes, ".3f")
    seconds = np.stack([track.seconds for track in tracks], axis=1)
    yield f"{name}/{name}_time.txt", _table(seconds, ".8f")


def _trackingnet(job: Job, runs: list[ModelResults]) -> Iterator[tuple[str, bytes]]:
    """A file a sequence, x,y,w,h a line."""
    yield f"{job.sequence.name}.txt", _table(_track(job, runs[0]).boxes, ".2f")


def _oxuva(job: Job, runs: list[ModelResults]) -> Iterator[tuple[str, bytes]]:
    """A file a track: video, object, frame, present, score, xmin, xmax, ymin, ymax as parts of the frame.

    The first frame, in which the target was pointed at, is left out, and so are boxes of absent targets.
    """
    track, sequence = _track(job, runs[0]), job.sequence
    video, _, target = sequence.name.partition("_")
    width, height = sequence.size_wh
    lines = io.StringIO()
    scores = np.where(np.isnan(track.scores), ~track.is_lost, track.scores)
    for place, frame in enumerate(job.frames):
        if place == 0:
            continue
        x, y, w, h = track.boxes[place].tolist()
        sides = (x / width, (x + w) / width, y / height, (y + h) / height)
        is_absent = bool(track.is_lost[place])
        cells = [""] * 4 if is_absent else [f"{side:.6f}" for side in sides]
        present = "false" if is_absent else "true"
        number = int(sequence.images[frame].stem)
        lines.write(",".join([video, target, f"{number}", present, f"{scores[place]:.6f}", *cells]) + "\n")
    yield f"{sequence.name}.csv", lines.getvalue().encode()


def _youtube_vos(job: Job, runs: list[ModelResults]) -> Iterator[tuple[str, bytes]]:
    """A label picture of each frame from the first object on, in a folder a video."""
    for name in PROTOCOLS["first-mask"].files(job):
        yield f"Annotations/{name}", (runs[0].folder / name).read_bytes()


SERVERS = (
    Server(
        splits={"got10k": ("test",)},
        protocol="one-pass",
        pack=_got10k,
        repetitions=REPETITIONS,
        address="http://got-10k.aitestunion.com/submit_instructions",
    ),
    Server(
        splits={"trackingnet": ("test",)},
        protocol="one-pass",
        pack=_trackingnet,
        address="https://eval.ai/web/challenges/challenge-page/1805",
    ),
    Server(
        splits={"oxuva": ("dev", "test")},
        protocol="one-pass",
        pack=_oxuva,
        address="https://competitions.codalab.org/competitions/19529",
    ),
    Server(
        splits={"youtubevos2018": ("valid", "test"), "youtubevos2019": ("valid", "test")},
        protocol="first-mask",
        pack=_youtube_vos,
        address="https://youtube-vos.org/dataset/vos",
    ),
)


def _track(job: Job, run: ModelResults) -> Track:
    (track,) = run.read_job(job).values()
    return track


def _table(rows: Float64[np.ndarray, "F K"], form: str) -> bytes:
    return "".join(",".join(format(v, form) for v in row) + "\n" for row in rows.tolist()).encode()

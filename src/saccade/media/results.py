"""What a run leaves behind in its folder, written frame by frame, and read back."""

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from saccade.core import Instances, OutputError, SourceError
from saccade.core.config import to_json
from saccade.core.errors import reason_of
from saccade.core.instances import id_array
from saccade.core.numerals import decimal, whole
from saccade.core.targets import TargetId
from saccade.media.files import LineFile, csv_lines, make_folder, output_error, replacing
from saccade.ops.masks import VOID, write_palette_png

_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")

HEADER = ("frame", "target", "x", "y", "w", "h", "score", "status")
"""of `boxes.csv`; other columns may follow, such as `name`"""


@runtime_checkable
class RunFiles(Protocol):
    """What a run leaves in its folder beside `run.json`; files get their names when it is closed."""

    leftovers: ClassVar[tuple[str, ...]]
    """patterns of what an earlier run may have left in the folder"""

    def write(self, found: Instances) -> None:
        """Writes what was found in the next frame."""
        ...

    def facts(self) -> Mapping[str, Any]:
        """What `run.json` says of the files."""
        ...

    def close(self) -> None:
        """Gives the files their names; doing so twice is no harm."""
        ...


class RunWriter:
    """Writes the files of a run; a context manager that takes what was found, frame by frame.

    `run.json` holds what is in `run`, completed by the number of frames, mean milliseconds by stage, and
    whether the run came to its end; what else there is, `files` say: `TargetFiles` if nothing else is wished.

    What an earlier run left in the same folder is removed first. Everything is finished and whole after an
    error or Ctrl-C too; memory does not grow with the number of frames.

    Args:
        folder: where to write; made when it is missing.
        run: what to note in `run.json`: model, configuration, versions, device; more can be put into the
            attribute `run` until the end. Dataclasses and paths are welcome.
        files: from the folder to the other files.
        leftovers: patterns of what else an earlier run may have left there.

    Raises:
        OutputError: when a file cannot be written, e.g. on a full disk; what was written before is kept.
    """

    def __init__(
        self,
        folder: Path | str,
        run: Mapping[str, Any] | None = None,
        files: Callable[[Path], RunFiles] | None = None,
        leftovers: Sequence[str] = (),
    ) -> None:
        self.folder = Path(folder)
        self.run: dict[str, Any] = dict(run or {})
        self.num_frames = 0
        make_folder(self.folder)
        self._milliseconds: dict[str, float] = defaultdict(float)
        self._is_closed = False
        self._files = (files or TargetFiles)(self.folder)
        self._patterns = ("run.json", *self._files.leftovers, *leftovers)
        self._clear()
        self._write_run(finished=False)

    def _clear(self) -> None:
        # without a run.json the folder is not a run's, and what is in it is not ours to remove
        if not (self.folder / "run.json").is_file():
            return
        try:
            for pattern in self._patterns:
                for path in self.folder.glob(pattern):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise output_error(self.folder, error) from error

    @property
    def ms_per_frame(self) -> dict[str, float]:
        """Mean milliseconds of a frame by stage."""
        frames = max(self.num_frames, 1)
        return {stage: round(spent / frames, 3) for stage, spent in self._milliseconds.items()}

    @property
    def names(self) -> list[str]:
        """What the run has left in the folder, files and folders of files, by name."""
        there = (pattern for pattern in self._patterns if any(self.folder.glob(pattern)))
        return sorted({pattern.partition("/")[0] for pattern in there})

    def write(self, found: Instances) -> None:
        """Writes what was found in the next frame."""
        self._files.write(found)
        for stage, spent in found.timings.items():
            self._milliseconds[stage] += spent
        self.num_frames += 1

    def _write_run(self, *, finished: bool) -> None:
        ending = {"frames": self.num_frames, "finished": finished, "ms_per_frame": self.ms_per_frame}
        record = {**self.run, **ending, **self._files.facts()}
        with replacing(self.folder / "run.json") as part:
            part.write_text(json.dumps(to_json(record), indent=2, default=str) + "\n")

    def close(self, *, finished: bool = True) -> None:
        """Gives the files their names; doing so twice is no harm.

        Args:
            finished: whether the run came to its end, for `run.json`.
        """
        if self._is_closed:
            return
        self._is_closed = True
        # each of them, even when another fails
        with ExitStack() as endings:
            endings.callback(self._write_run, finished=finished)
            endings.callback(self._files.close)

    def __enter__(self) -> "RunWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(finished=error is None)


class TargetFiles:
    """What is left of targets that are followed.

    - `boxes.csv`: `frame,target,x,y,w,h,score,status`, a line for each target in each frame; frames from 0,
      boxes as top-left corner and size in frame pixels. A field that the model does not tell is empty.
    - `boxes.txt`: only when each frame holds one and the same target; `x,y,w,h` a line (the layout of OTB),
      beginning with the first frame that was run. A frame that was left out is a line of `nan`, so that lines
      stay frames.
    - `masks/<frame>.png`: when there are masks; palette PNG in the colours of DAVIS. An id from 1 to 254 is
      its own pixel value where that is free, any other takes the lowest free one (255 is what DAVIS does not
      score); where masks overlap the later row is on top. `run.json` tells the pixel value of each.
    """

    leftovers: ClassVar[tuple[str, ...]] = ("boxes.csv", "boxes.txt", "masks/[0-9]*.png")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mask_values: dict[TargetId, int] = {}
        self._csv = LineFile(folder / "boxes.csv")
        self._csv.append(",".join(HEADER) + "\n")
        self._single = _SingleTarget(folder / "boxes.txt")

    def write(self, found: Instances) -> None:
        """Writes what was found in the next frame."""
        self._csv.append(boxes_csv_lines(found))
        self._single.write(found)
        if found.masks is not None:
            self._write_masks(found)

    def _write_masks(self, found: Instances) -> None:
        path = self._folder / "masks" / f"{found.frame:05d}.png"
        make_folder(path.parent)
        with replacing(path) as part:
            write_palette_png(part, self._paint(found))

    def _paint(self, found: Instances) -> UInt8[np.ndarray, "H W"]:
        assert found.masks is not None
        picture = np.zeros(found.masks.shape[1:], np.uint8)
        for row, mask in enumerate(found.masks):
            picture[mask] = self._mask_value(row if found.ids is None else found.ids[row])
        return picture

    def _mask_value(self, target: TargetId) -> int:
        if target not in self._mask_values:
            free = set(range(1, VOID)).difference(self._mask_values.values())
            if not free:
                raise OutputError(
                    f"{self._folder / 'masks'}: more than {VOID - 1} targets have had masks, and a palette "
                    "PNG holds no more; run over a shorter part with --start and --end"
                )
            self._mask_values[target] = int(target) if target in free else min(free)
        return self._mask_values[target]

    def facts(self) -> Mapping[str, Any]:
        """The pixel value of each mask."""
        values = {str(target): value for target, value in self._mask_values.items()}
        return {"mask_values": values} if values else {}

    def close(self) -> None:
        """Gives the files their names."""
        with ExitStack() as endings:
            endings.callback(self._single.close)
            endings.callback(self._csv.close)


class _SingleTarget:
    """`boxes.txt`, for as long as there is one and the same target in every frame."""

    def __init__(self, path: Path) -> None:
        self._file: LineFile | None = LineFile(path)
        self._last: tuple[int, Any] | None = None

    def write(self, found: Instances) -> None:
        if self._file is None:
            return
        target = found.ids[0] if found.ids is not None and len(found) else None
        if len(found) != 1 or (self._last is not None and self._last[1] != target):
            self._file.discard()
            self._file = None
            return
        left_out = found.frame - self._last[0] - 1 if self._last else 0
        box = ",".join(_number(v) for v in found.xywh[0].tolist())
        self._file.append("nan,nan,nan,nan\n" * left_out + box + "\n")
        self._last = (found.frame, target)

    def close(self) -> None:
        if self._file is None:
            return
        if self._last is None:
            self._file.discard()
        else:
            self._file.close()


def _number(value: float) -> str:
    # a ten-thousandth of a pixel is below what any tracker knows, and files stay readable
    return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")


def boxes_csv_lines(found: Instances, *, names: bool = False) -> str:
    """The lines of `boxes.csv` for a frame.

    Args:
        names: whether they end in the name of the class, as a further column says.
    """
    rows = []
    for row, box in enumerate(found.xywh.tolist()):
        target = "" if found.ids is None else found.ids[row]
        status = "" if found.status is None else found.status[row]
        name = ["" if found.names is None else found.names[row]] if names else []
        values = [*(_number(v) for v in box), f"{found.scores[row]:.6g}"]
        rows.append([found.frame, target, *values, status, *name])
    return csv_lines(rows)


def read_boxes_csv(path: Path | str) -> Iterator[Instances]:
    """Reads `boxes.csv` back, one record for each frame that has a line.

    Targets that look like whole numbers come back as numbers.

    Raises:
        SourceError: when the file is missing, or a line is none of `boxes.csv`; it is named.
    """
    path = Path(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            if tuple(header[: len(HEADER)]) != HEADER:
                raise SourceError(
                    f"{path}: line 1 is not '{','.join(HEADER)}'; give a boxes.csv as a run leaves it"
                )
            rows: list[list[str]] = []
            for row in reader:
                _check_row(row, header, f"{path}: line {reader.line_num}")
                if rows and rows[0][0] != row[0]:
                    yield _instances(rows, header)
                    rows = []
                rows.append(row)
            if rows:
                yield _instances(rows, header)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{path}: cannot be read ({reason_of(error)}); check the name") from error


def _check_row(row: list[str], header: list[str], where: str) -> None:
    try:
        frame, numbers = whole(row[0]), [decimal(value) for value in row[2:7]]
        # nobody knows the score of some
        if frame < 0 or not np.isfinite(numbers[:4]).all() or np.isinf(numbers).any():
            raise ValueError
    except (IndexError, ValueError):
        numbers = []
    if len(row) != len(header) or len(numbers) != 5:
        raise SourceError(
            f"{where}: expected {','.join(header)}, got '{','.join(row)}'; mend or remove the line"
        )


def _instances(rows: list[list[str]], header: list[str]) -> Instances:
    table = np.array([[float(value) for value in row[2:7]] for row in rows])
    targets = [int(row[1]) if _WHOLE_NUMBER.fullmatch(row[1]) else row[1] for row in rows]
    status = [row[7] for row in rows]
    names = [row[header.index("name")] for row in rows] if "name" in header else []
    return Instances(
        boxes=np.concatenate([table[:, :2], table[:, :2] + table[:, 2:4]], axis=1),
        scores=table[:, 4],
        ids=id_array(targets) if any(row[1] for row in rows) else None,
        status=np.array(status) if any(status) else None,
        names=np.array(names) if any(names) else None,
        frame=int(rows[0][0]),
    )

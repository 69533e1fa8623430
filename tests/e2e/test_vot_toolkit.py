"""Models under the real VOT toolkit, in its own Python and over TraX; needs the extra [vot]."""

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.cli import main
from saccade.data import GroundTruth, Sequence, open_dataset
from saccade.data.datasets.vot import vot_sequence
from saccade.data.formats.regions import Regions, read_regions
from saccade.evaluation.metrics import overlap

pytestmark = pytest.mark.slow
FRAMES = 6
LATE = 2
"""frame in which the second dog appears"""

# the kind of experiment that VOTS has had since 2023, and that takes several targets at once
STACK = """title: test
experiments:
  baseline:
    type: unsupervised
    repetitions: 1
    multiobject: true
"""

# answers the mask that it was given
SEGMENTER = """
import numpy as np
from saccade.adapters.vot import VOTTracker, serve
from saccade.core import Instances
from saccade.core.instances import id_array

class Still:
    name, config, masks = "still-mask", None, {}
    def start(self, *, seed=0):
        self.masks = {}
        return self
    def step(self, frame, targets=None, *, color="rgb"):
        if targets is not None:
            for row, target in enumerate(targets.ids):
                mask = np.zeros(frame.size_wh[::-1], dtype=bool)
                x, y, w, h = targets.on_frame(frame.size_wh, "here").astype(int)[row]
                mask[y:y + h, x:x + w] = True
                self.masks[target] = mask if targets.masks is None else targets.masks[row]
        ids = list(self.masks)
        return Instances(boxes=np.zeros((len(ids), 4)), scores=np.ones(len(ids)), ids=id_array(ids),
                         masks=np.array(list(self.masks.values())))

def load():
    return VOTTracker(Still())

if __name__ == "__main__":
    serve(Still(), regions="mask")
"""


@pytest.fixture(scope="module")
def work(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a target in a rectangle, one in a mask, and two in masks, of which one comes later."""
    pytest.importorskip("vot", reason="the VOT toolkit is not installed: pip install 'saccade[vot]'")
    pytest.importorskip("trax", reason="TraX is not installed: pip install 'saccade[vot]'")
    folder = tmp_path_factory.mktemp("vot")
    rectangles = {item.name: item for item in open_dataset("folder", shared_data / "sot").sequences}
    masks = {item.name: item for item in open_dataset("folder", shared_data / "vos", lazy=True).sequences}
    crossing, libby, dogs = rectangles["OTB_Crossing"], masks["libby"], masks["dogs_jump-multi"]
    _write(folder, "crossing", crossing, {"groundtruth": _rectangles(crossing.truth)})
    _write(folder, "libby", libby, {"groundtruth": _masks(libby.objects[1])})
    late = ["0"] * LATE + _masks(dogs.objects[2])[LATE:]
    _write(folder, "dogs", dogs, {"groundtruth_1": _masks(dogs.objects[1]), "groundtruth_2": late})
    (folder / "sequences" / "list.txt").write_text("crossing\nlibby\ndogs\n")
    (folder / "config.yaml").write_text("registry: [./trackers.ini]\nstack: ./stack.yaml\n")
    (folder / "stack.yaml").write_text(STACK)
    assert main(["vot", "init", str(folder), "still", "eco"]) == 0
    (folder / "segmenter.py").write_text(SEGMENTER)
    with (folder / "trackers.ini").open("a") as file:
        file.write("[masks]\nprotocol = python\ncommand = segmenter:load\nconvert = rectangle\n")
        command = shlex.join([sys.executable, str(folder / "segmenter.py")])
        file.write(f"[masks_trax]\nprotocol = trax\ntimeout = 120\ncommand = {command}\n")
    return folder


def _rectangles(truth: GroundTruth) -> list[str]:
    return [",".join(f"{value:.2f}" for value in box) for box in truth.boxes[:FRAMES]]


def _masks(truth: GroundTruth) -> list[str]:
    lines = []
    assert truth.masks is not None
    for index in range(FRAMES):
        mask = truth.masks[index]
        assert mask is not None
        changes = np.flatnonzero(np.diff(mask.ravel().astype(int))) + 1
        runs = np.diff(np.concatenate([[0], changes, [mask.size]]))
        # runs begin with background
        lines.append(",".join(map(str, ["m0", 0, *mask.shape[::-1], *([0] if mask[0, 0] else []), *runs])))
    return lines


def _write(folder: Path, name: str, source: Sequence, truths: dict[str, list[str]]) -> None:
    place = folder / "sequences" / name
    (place / "color").mkdir(parents=True)
    for index in range(FRAMES):
        cv2.imwrite(str(place / "color" / f"{index + 1:08d}.jpg"), cv2.imread(str(source.images[index])))
    for stem, lines in truths.items():
        (place / f"{stem}.txt").write_text("\n".join(lines) + "\n")
    width, height = source.size_wh
    facts = f"name={name}\nfps=25\nformat=default\nwidth={width}\nheight={height}\nlength={FRAMES}\n"
    (place / "sequence").write_text(facts + "channels.color=color/%08d.jpg\n")


@pytest.fixture(scope="module")
def evaluate(work: Path) -> Callable[[str, str], Regions]:
    """Runs a tracker under the toolkit, once, and gives its regions of a target."""
    log: dict[str, str] = {}

    def read(tracker: str, target: str) -> Regions:
        if tracker not in log:
            command = [sys.executable, "-m", "vot", "evaluate", "--workspace", ".", tracker]
            environment = {"VOT_RESULTS_BINARY": "false", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(work)}
            ran = subprocess.run(
                command, cwd=work, env=environment, capture_output=True, text=True, timeout=280, check=False
            )
            log[tracker] = ran.stdout + ran.stderr
        sequence = target.partition("_")[0]
        file = work / "results" / tracker / "baseline" / sequence / f"{target}_001.txt"
        # the toolkit says what went wrong, but its exit status does not
        assert file.is_file(), log[tracker]
        assert file.with_name(f"{target}_001_confidence.value").is_file()
        return read_regions(file)

    return read


def truth(work: Path, target: str) -> GroundTruth:
    sequence = vot_sequence(work / "sequences" / target.partition("_")[0])
    return sequence.objects[target.partition("_")[2] or 0]


@pytest.mark.parametrize("tracker", ["still", "still_trax"])
@pytest.mark.parametrize(
    ("target", "start"), [("crossing", 0), ("libby", 0), ("dogs_1", 0), ("dogs_2", LATE)]
)
def test_a_tracker_that_stands_still_answers_the_first_box(work, evaluate, tracker, target, start):
    found = evaluate(tracker, target).boxes
    first = truth(work, target).boxes[start]
    # the toolkit turns masks into rectangles whose last row and column it leaves out
    np.testing.assert_allclose(found[start + 1 :], np.tile(first, (FRAMES - start - 1, 1)), atol=1.01)
    assert len(found) == FRAMES


@pytest.mark.parametrize("target", ["crossing", "libby", "dogs_1"])
def test_eco_follows_in_process_as_over_trax(work, evaluate, target):
    inside, over_trax = (evaluate(tracker, target).boxes[1:] for tracker in ("eco", "eco_trax"))
    if target == "crossing":
        np.testing.assert_allclose(inside, over_trax, atol=1e-3)
    # masks become rectangles in two ways, of which the toolkit's own is a pixel smaller
    assert overlap(inside, over_trax).min() > 0.9
    true = truth(work, target).boxes[1:FRAMES]
    assert overlap(inside, true).mean() > 0.5
    assert len(np.unique(inside, axis=0)) > 1


@pytest.mark.parametrize("tracker", ["masks", "masks_trax"])
@pytest.mark.parametrize(("target", "start"), [("libby", 0), ("dogs_1", 0), ("dogs_2", LATE)])
def test_masks_are_answered(work, evaluate, tracker, target, start):
    regions = evaluate(tracker, target)
    assert regions.masks is not None
    true = truth(work, target).masks
    assert true is not None
    first = true[start]
    assert first is not None
    for row in regions.masks[start + 1 :]:
        assert row is not None
        found = row.on_frame(first.shape[::-1])
        if tracker == "masks_trax":
            np.testing.assert_array_equal(found, first)
        else:
            # the toolkit can give no masks in its own process: it is the rectangle around it that comes back
            assert found.sum() >= 0.9 * first.sum()
            assert (found & first).sum() >= 0.9 * first.sum()

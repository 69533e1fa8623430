"""Our association and our scores beside those of the package's own runner, on real detections.

Its runner is what `trackers track --detections … --mot-output …` and then `trackers eval` do.
"""

from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from saccade.association import ASSOCIATORS, Associator
from saccade.core import Instances
from saccade.core.instances import NOBODY
from saccade.data import Tracks
from saccade.data.formats.tracks import read_tracks
from saccade.evaluation.metrics.mot import combine_tracks, score_tracks

pytest.importorskip("trackers", reason="the extra 'mot' is not installed")

FRAMES = {"TUD-Campus": 71, "TUD-Stadtmitte": 179}
RUNNERS_FPS = 30
"""it asks for no other"""


def files(shared_data: Path, name: str) -> tuple[Path, Path]:
    folder = shared_data / "mot" / name
    return folder / "det" / "det_sort_fasterrcnn.txt", folder / "gt" / "gt.txt"


def associated(detections: Path, frames: int, method: str, **settings: object) -> Tracks:
    """The tracks that our association makes of detections."""
    given = read_tracks(detections, frames)
    associator = Associator.of(method, fps=RUNNERS_FPS, **settings)
    kept, ids = [], []
    for index in range(frames):
        rows = given.at(index)
        boxes, scores = given.corners[rows], given.confidence[rows]
        found = associator.update(Instances(boxes=boxes, scores=scores, frame=index))
        kept.append(found.ids != NOBODY)
        ids.append(found.ids)
    chosen = np.concatenate(kept)
    columns = (given.boxes, given.confidence, given.categories, given.visibility)
    return Tracks(
        frames, given.frames[chosen], np.concatenate(ids)[chosen], *(column[chosen] for column in columns)
    )


def run_package(detections: Path, method: str, out: Path) -> None:
    """Lets the package associate the same, with the settings that its class has.

    From the shell it would take those of another method where their names are the same, such as the model of
    motion.
    """
    from trackers.scripts.track import run_track

    nothing = dict.fromkeys(("source", "output", "classes", "track_ids"))
    given = {"detections": detections, "tracker": method, "mot_output": out} | dict.fromkeys(
        ("display", "overwrite"), False
    )
    assert run_track(Namespace(**nothing, **given)) == 0


@pytest.fixture
def truths(shared_data: Path, tmp_path: Path) -> Path:
    """The true tracks as the package reads them, to which a row without a class, as in MOT15, is nobody."""
    for name in FRAMES:
        table = np.loadtxt(files(shared_data, name)[1], delimiter=",")[:, :7]
        rows = np.column_stack([table, np.ones((len(table), 2))])
        folder = tmp_path / "truth" / name / "gt"
        folder.mkdir(parents=True)
        np.savetxt(folder / "gt.txt", rows, fmt="%g", delimiter=",")
    return tmp_path / "truth"


@pytest.mark.parametrize("method", ASSOCIATORS)
def test_scores_equal_those_of_the_packages_runner(
    shared_data: Path, tmp_path: Path, truths: Path, method: str
) -> None:
    from trackers.eval import evaluate_mot_sequences

    ours = {}
    for name, frames in FRAMES.items():
        detections, truth = files(shared_data, name)
        run_package(detections, method, tmp_path / "made" / f"{name}.txt")
        ours[name] = score_tracks(associated(detections, frames, method), read_tracks(truth, frames), "mot15")
    theirs = evaluate_mot_sequences(truths, tmp_path / "made", metrics=["CLEAR", "HOTA", "Identity"])
    pairs = [(ours[name], theirs.sequences[name]) for name in FRAMES]
    for scores, expected in (*pairs, (combine_tracks(list(ours.values())), theirs.aggregate)):
        quoted = scores.summary()
        assert quoted["MOTA"] == pytest.approx(expected.CLEAR.MOTA, abs=1e-9)
        assert quoted["IDF1"] == pytest.approx(expected.Identity.IDF1, abs=1e-9)
        # their files round boxes to a hundredth of a pixel
        assert quoted["HOTA"] == pytest.approx(expected.HOTA.HOTA, abs=1e-4)
        assert quoted["IDSW"] == expected.CLEAR.IDSW


def test_sort_comes_near_what_its_authors_publish(shared_data: Path) -> None:
    """On the same detections SORT's README has MOTA 62.7, MOTP 73.7, 15 wrong, 113 missed, 6 switches.

    The package's SORT is another program: it answers the detector's boxes, not those that the Kalman filter
    makes of them, and none of the first two frames.
    """
    detections, truth = files(shared_data, "TUD-Campus")
    found = associated(detections, 71, "sort", lost_track_buffer=1)
    scores = score_tracks(found, read_tracks(truth, 71), "mot15")
    assert scores.summary()["MOTP"] == pytest.approx(0.737, abs=0.01)
    assert scores.summary()["MOTA"] == pytest.approx(0.627, abs=0.08)
    assert scores.clear["CLR_FN"] == pytest.approx(113, abs=12)
    assert scores.summary()["IDSW"] == pytest.approx(6, abs=2)

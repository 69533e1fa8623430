"""Samples by number: the same whoever makes them, and what happens to frames that cannot be used."""

import pickle
import random
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from saccade.core import DatasetError
from saccade.core.errors import SaccadeWarning
from saccade.data.samples.crop import Crop
from saccade.data.samples.dataset import MAX_FAILURES, MOST_NAMED, SampleDataset, make_loader
from saccade.data.samples.footage import Moments, Shot
from saccade.data.samples.mixture import Mixture
from saccade.data.samples.opening import open_footage
from saccade.data.samples.processing import Processing
from saccade.data.samples.proposals import PerturbedProposals
from saccade.data.samples.sampling import Sampling
from saccade.data.samples.targets import Labels

PROCESSING = Processing(
    crop=Crop(size_wh=(32, 32)), proposals=PerturbedProposals(), labels=Labels(cells_wh=(4, 4))
)


class Noise:
    """A video of noise; boxes may be anything."""

    name = "noise"
    is_video = True
    has_occlusion = True
    has_masks = False

    def __init__(self, frames: int = 40, box: tuple[float, ...] = (20.0, 15.0, 12.0, 10.0)) -> None:
        self.boxes = np.tile(np.array(box, np.float32), (frames, 1))
        self.visible = np.ones(frames, bool)
        self.visibility = np.ones(frames, np.float32)

    def __len__(self) -> int:
        return 3

    def moments(self, index: int) -> Moments:
        return Moments(self.boxes, self.visible, (self.boxes[:, 2:] > 0).all(axis=1), self.visibility)

    def shots(self, index: int, ids, rng: random.Random) -> list[Shot]:
        images = np.random.default_rng(index).integers(0, 256, (48, 64, 3), dtype=np.uint8)
        return [Shot(images, self.boxes[i]) for i in ids]

    def describe(self, index: int, ids) -> str:
        return f"noise/{index}:{','.join(map(str, ids))}"


def _dataset(footage, sampling: Sampling | None = None, **settings) -> SampleDataset:
    settings = {"samples": 8, "seed": 3} | settings
    return SampleDataset(Mixture([footage]), sampling or Sampling(), PROCESSING, **settings)


def _same(first, second) -> bool:
    pairs = zip((*first.train, *first.test), (*second.train, *second.test), strict=True)
    return first.origins == second.origins and all(a is b is None or torch.equal(a, b) for a, b in pairs)


def test_a_sample_follows_from_seed_and_number():
    dataset = _dataset(Noise())
    third = dataset[3]
    assert _same(third, pickle.loads(pickle.dumps(dataset))[3])
    assert _same(third, _dataset(Noise(), start=2)[1])
    assert not _same(third, dataset[4])
    assert not _same(third, _dataset(Noise(), seed=4)[3])
    assert len(dataset) == 8


def test_samples_leave_global_chance_alone(unchecked_shapes):
    # the checks of types draw from it
    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].copy()
    _dataset(Noise())[0]
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert (np.random.get_state()[1] == states[2]).all()


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Three sequences of pictures on the disk."""
    rng = np.random.default_rng(0)
    for number in range(3):
        home = tmp_path / f"video-{number}"
        (home / "img").mkdir(parents=True)
        for frame in range(1, 31):
            picture = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            cv2.imwrite(str(home / "img" / f"{frame:08d}.jpg"), picture)
        (home / "groundtruth_rect.txt").write_text("20,15,12,10\n" * 30)
    return tmp_path


def test_workers_make_the_same_samples(film):
    dataset = _dataset(open_footage("folder", film), samples=6)
    alone = list(make_loader(dataset, 2))
    together = list(make_loader(dataset, 2, workers=2))
    assert len(alone) == len(together) == 3
    assert all(_same(a, b) for a, b in zip(alone, together, strict=True))
    assert alone[0].train.images.shape == (3, 2, 3, 32, 32)
    assert alone[0].test.proposals.shape == (3, 2, 8, 4)
    assert len(alone[0].origins) == 2


def test_loaders_leave_global_chance_alone(unchecked_shapes):
    state = torch.get_rng_state()
    assert len(list(make_loader(_dataset(Noise()), 2))) == 4
    assert torch.equal(torch.get_rng_state(), state)


def test_a_loader_makes_the_samples_that_are_asked_for(film):
    dataset = _dataset(open_footage("folder", film), samples=6)
    (batch,) = make_loader(dataset, 2, indices=[5, 9])
    assert batch.origins == dataset[5].origins + dataset[9].origins
    assert [len(batch.origins) for batch in make_loader(dataset, 4, drops_last=False)] == [4, 2]
    assert len(make_loader(dataset, 4)) == 1


def test_a_broken_picture_is_named_counted_and_replaced(film):
    broken = film / "video-1" / "img"
    for picture in broken.iterdir():
        picture.write_bytes(picture.read_bytes()[:200])
    dataset = _dataset(open_footage("folder", film))
    with pytest.warns(SaccadeWarning, match=r"video-1.*jpg") as warned:
        samples = [dataset[i] for i in range(24)]
    assert 2 <= len(warned) == dataset.num_failures <= MOST_NAMED
    assert all("video-1" not in sample.origins[0] for sample in samples)
    # what takes the place of a sample follows from the same two numbers
    with pytest.warns(SaccadeWarning):
        assert all(_same(sample, dataset[i]) for i, sample in enumerate(samples))


def test_failures_of_workers_are_counted(film):
    for picture in (film / "video-1" / "img").iterdir():
        picture.write_bytes(b"")
    dataset = _dataset(open_footage("folder", film))
    batches = list(make_loader(dataset, 4, workers=2))
    assert len(batches) == 2
    counted = dataset.num_failures
    with pytest.warns(SaccadeWarning):
        again = _dataset(open_footage("folder", film))
        assert all(sample is not None for sample in map(again.__getitem__, range(8)))
    assert counted == again.num_failures > 0


def test_many_failures_in_a_row_name_the_files(film):
    for picture in film.glob("*/img/*.jpg"):
        picture.write_bytes(b"no picture")
    dataset = _dataset(open_footage("folder", film))
    with (
        pytest.warns(SaccadeWarning) as warned,
        pytest.raises(DatasetError, match=r"samples in a row") as refused,
    ):
        dataset[0]
    assert "00000" in str(refused.value)
    assert dataset.num_failures == MAX_FAILURES
    assert len(warned) == MOST_NAMED < MAX_FAILURES
    assert "others like it are counted" in str(warned[-1].message)


@pytest.mark.parametrize(
    ("footage", "reason"),
    [
        # one frame, though it shows the target
        (Noise(frames=1), "visible in enough frames"),
        # too short for a train and a test frame
        (Noise(frames=19), "visible in enough frames"),
        (Noise(box=(20.0, 15.0, 0.0, 10.0)), "no area"),
        (Noise(box=(20.0, 15.0, 12.0, -1.0)), "no area"),
        # a slip of the pen must not ask for all memory
        (Noise(box=(20.0, 15.0, 120_000.0, 10_000.0)), "too large"),
        (Noise(box=(20.0, 15.0, np.inf, 10.0)), "too large"),
    ],
)
def test_useless_targets_are_refused(footage, reason):
    with pytest.warns(SaccadeWarning, match=reason), pytest.raises(DatasetError, match=reason):
        _dataset(footage)[0]


def test_a_mask_that_is_missing_is_named():
    dataset = _dataset(Noise())
    dataset.processing = replace(PROCESSING, has_masks=True)
    with pytest.warns(SaccadeWarning, match=r"noise/\d:.*mask"), pytest.raises(DatasetError, match="mask"):
        dataset[0]


def test_frames_around_an_occlusion_say_so():
    footage = Noise(frames=60)
    footage.visibility[30:35] = 0.1
    footage.visible[31:34] = False
    sampling = Sampling(policy="occlusion", num_train=3, num_test=40)
    test = _dataset(footage, sampling)[0].test
    assert test.is_valid.tolist() == [1.0] * 40
    assert (test.visibility < 0.5).any() and (test.visibility == 1).any()
    empty = test.labels.sum(dim=(1, 2)) == 0
    # a few visible targets may be cropped away by jitter; no hidden one has a label
    assert empty[test.visibility < 0.05].all()
    assert empty.any() and not empty.all()


def test_frames_beyond_the_end_are_marked():
    sampling = Sampling(policy="occlusion", num_train=3, num_test=50)
    dataset = _dataset(Noise(frames=34), sampling)
    test = dataset[0].test
    assert test.is_valid[0] == 1
    assert test.is_valid[-1] == 0
    assert test.visibility.tolist() == [1.0] * 50
    assert dataset[0].train.is_valid is None

"""DiMP and its kin on the synthetic sequence against the originals, from the first box to the last frame."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from saccade.core import Frame, Stopwatch
from saccade.online import discriminative
from saccade.online.localization import Peak, localize
from saccade.ops.crops import CropView
from saccade.trackers.dimp import (
    DIMP18,
    DIMP50,
    PRDIMP18,
    PRDIMP50,
    SUPER_DIMP,
    SUPER_DIMP_SIMPLE,
    DiMPConfig,
    DiMPNet,
)
from saccade.trackers.dimp.tracker import make_tracker

GoldenScript = Callable[[str], ModuleType]

BOX, SCORE = 0.02, 5e-3
"""tolerances: frame pixels; height of the score map"""
FLAGS = ("normal", "hard_negative", "uncertain", "not_found")


def legacy(config: DiMPConfig) -> DiMPConfig:
    return replace(config, search=replace(config.search, legacy=True))


def frames_of(recorded: dict[str, Any], golden_script: GoldenScript) -> list[Frame]:
    pictures = [image for image, _, _ in golden_script("synthetic_sequence").frames(recorded["num_frames"])]
    if recorded["sequence"] == "gap":
        pictures[5:8] = [np.full_like(pictures[0], 128)] * 3
    return [Frame.of(picture, index=t) for t, picture in enumerate(pictures)]


TRACKS = [
    ("dimp_dimp18_synthetic", DIMP18),
    ("dimp_dimp18_gap", DIMP18),
    ("dimp_dimp18_synthetic_legacydiv", legacy(DIMP18)),
    ("dimp_prdimp18_synthetic", PRDIMP18),
    ("dimp_dimp50_synthetic", DIMP50),
    ("dimp_dimp50_synthetic_legacydiv", legacy(DIMP50)),
    ("dimp_prdimp50_synthetic", PRDIMP50),
    ("dimp_prdimp50_synthetic_legacydiv", legacy(PRDIMP50)),
    ("dimp_super_dimp_synthetic", SUPER_DIMP),
    ("dimp_simple_super_dimp_simple_synthetic", SUPER_DIMP_SIMPLE),
]

# one of each kind of optimiser, and of border; the others are slow
QUICK = {
    "dimp_dimp18_synthetic",
    "dimp_dimp18_gap",
    "dimp_prdimp18_synthetic",
}


@pytest.mark.parametrize(
    ("name", "config"),
    [
        pytest.param(name, config, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, config in TRACKS
    ],
)
@torch.inference_mode()
def test_the_track_is_the_originals(
    golden: Path,
    golden_script: GoldenScript,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    config: DiMPConfig,
) -> None:
    recorded = json.loads((golden / "tracks" / f"{name}.json").read_text())
    frames = frames_of(recorded, golden_script)
    network = golden_script("seeded_weights").load_seeded(DiMPNet(config.network))
    tracker = make_tracker(network, config, device=torch.device("cpu"), precision="float32")
    generators, stopwatch = [torch.Generator().manual_seed(0)], Stopwatch()

    box = torch.tensor([recorded["init_box"]], dtype=torch.float64)
    state = tracker.begin(frames[0], box, generators, stopwatch)
    first = recorded["init_attributes"]
    assert state.scale.item() == pytest.approx(first["target_scale"], rel=1e-6)
    assert state.base_size[0].tolist() == pytest.approx(first["base_target_sz"][::-1], rel=1e-6)

    peaks = []

    def localize_and_tell(maps: Any, scale_index: Any, view: CropView, *rest: Any) -> Peak:
        peak = localize(maps, scale_index, view, *rest)
        peaks.append((FLAGS[peak.finding], (peak.displacement * view.scale[:, None])[0].tolist()))
        return peak

    monkeypatch.setattr(discriminative, "localize", localize_and_tell)
    for frame, wanted in zip(frames[1:], recorded["frames"], strict=True):
        found = tracker.track(frame, state, generators, stopwatch)
        where = f"frame {wanted['frame']}"
        assert found.boxes[0].tolist() == pytest.approx(wanted["box"], abs=BOX), where
        assert found.scores.item() == pytest.approx(wanted["max_score"], abs=SCORE), where
        flag, translation = peaks.pop()
        assert flag == wanted["flag"], where
        # a cell is 16 crop pixels: equal translations are equal places on the score map
        assert translation == pytest.approx(wanted["translation_vec"][::-1], abs=BOX), where

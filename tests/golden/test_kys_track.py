"""KYS on the synthetic sequence against the original, from the first box to the last frame."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from saccade.core import Frame, Stopwatch
from saccade.online.localization import Peak
from saccade.trackers.kys import KYS, KYSNet
from saccade.trackers.kys.scene import KYSScene
from saccade.trackers.kys.tracker import make_tracker

GoldenScript = Callable[[str], ModuleType]

BOX, SCORE = 0.02, 5e-3
"""tolerances: frame pixels; height of the response"""
FLAGS = ("normal", "hard_negative", "uncertain", "not_found")


@dataclass
class Telling:
    """A scene that tells which places were chosen."""

    scene: KYSScene
    peaks: list[Peak] = field(default_factory=list)

    def begin(self, *given: Any) -> Any:
        return self.scene.begin(*given)

    def localize(self, *given: Any) -> Any:
        peak, later = self.scene.localize(*given)
        self.peaks.append(peak)
        return peak, later

    def follow(self, *given: Any) -> None:
        self.scene.follow(*given)


@pytest.mark.parametrize(
    "length", [pytest.param(5, id="short"), pytest.param(24, id="full", marks=pytest.mark.slow)]
)
@torch.inference_mode()
def test_the_track_is_the_originals(golden: Path, golden_script: GoldenScript, length: int) -> None:
    recorded = json.loads((golden / "tracks" / "kys_default_synthetic.json").read_text())
    pictures = [image for image, _, _ in golden_script("synthetic_sequence").frames(length)]
    network = golden_script("seeded_weights").load_seeded(KYSNet(KYS.network))
    tracker = make_tracker(network, KYS, device=torch.device("cpu"), precision="float32")
    assert isinstance(tracker.scene, KYSScene)
    telling = Telling(tracker.scene)
    tracker = replace(tracker, scene=telling)
    generators, stopwatch = [torch.Generator().manual_seed(0)], Stopwatch()

    box = torch.tensor([recorded["init_box"]], dtype=torch.float64)
    state = tracker.begin(Frame.of(pictures[0], index=0), box, generators, stopwatch)
    first = recorded["init_attributes"]
    assert state.scale.item() == pytest.approx(first["target_scale"], rel=1e-6)
    assert state.base_size[0].tolist() == pytest.approx(first["base_target_sz"][::-1], rel=1e-6)

    for t, wanted in enumerate(recorded["frames"][: length - 1], 1):
        scale = state.scale.clone()
        found = tracker.track(Frame.of(pictures[t], index=t), state, generators, stopwatch)
        where = f"frame {wanted['frame']}"
        assert found.boxes[0].tolist() == pytest.approx(wanted["box"], abs=BOX), where
        assert found.scores.item() == pytest.approx(wanted["max_score"], abs=SCORE), where
        peak = telling.peaks.pop()
        assert FLAGS[peak.finding] == wanted["flag"], where
        moved = (peak.displacement * scale)[0].tolist()
        # a cell is 16 crop pixels: translations this equal are of the same cell
        assert moved == pytest.approx(wanted["translation_vec"][::-1], abs=1), where

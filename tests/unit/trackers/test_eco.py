"""The parts of hand-crafted ECO, each against what its equation says."""

import numpy as np
import pytest
import torch

from saccade.core import ConfigError, Frame, ModelError, Stopwatch
from saccade.core.config import override
from saccade.online.scale_filter import measure_scale, scale_model, scale_spectrum
from saccade.ops.crops import CropView
from saccade.trackers.eco import ECO, ECO_DEEP, build
from saccade.trackers.eco.appearance import Region, compress, principal_axes
from saccade.trackers.eco.correlation import (
    FilterEquation,
    from_spectrum,
    label,
    penalty,
    recentre,
    solve,
    spectrum,
)
from saccade.trackers.eco.histogram import BINS, color_bins, color_scores, count_colors
from saccade.trackers.eco.tracker import ECOTracker


def sample(n: int = 8, channels: int = 3, count: int = 2, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return spectrum(torch.randn(count, channels, n, n, generator=generator))


def equation(x: torch.Tensor, n: int = 8) -> FilterEquation:
    gram = x.conj()[:, :, None] * x[:, None]
    return FilterEquation(gram, penalty(torch.full((len(x), 2), 3.0), n, ECO.filter), ECO.filter)


class TestCorrelation:
    def test_the_filter_satisfies_its_equation(self) -> None:
        x = sample()
        cross = x.conj() * label(torch.tensor([1.0, 1.5]), 8)[:, None]
        h = solve(torch.zeros_like(cross), cross, equation(x), 300)
        (left,) = equation(x).apply((h,))
        torch.testing.assert_close(left, cross, rtol=0, atol=1e-4 * float(cross.abs().max()))

    def test_its_scores_peak_on_the_label(self) -> None:
        x = sample(n=16, channels=6)
        cross = x.conj() * label(torch.tensor([1.0, 1.0]), 16)[:, None]
        h = solve(torch.zeros_like(cross), cross, equation(x, 16), 60)
        scores = from_spectrum((h * x).sum(1))
        assert [divmod(int(i), 16) for i in scores.flatten(1).argmax(1)] == [(8, 8), (8, 8)]

    def test_the_equation_is_self_adjoint(self) -> None:
        problem, a, b = equation(sample()), (sample(seed=1),), (sample(seed=2),)
        left, right = problem.inner(problem.apply(a), b), problem.inner(a, problem.apply(b))
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-6)

    def test_its_inner_product_is_that_of_the_maps(self) -> None:
        a, b = sample(seed=1), sample(seed=2)
        expected = (from_spectrum(a) * from_spectrum(b)).mean((-1, -2)).sum(1)
        torch.testing.assert_close(equation(sample()).inner((a,), (b,)), expected, rtol=1e-4, atol=1e-5)

    def test_recentring_moves_the_content(self) -> None:
        maps = torch.randn(1, 2, 8, 8)
        # the highest frequency of an even size has no phase of its own: leave it out of the maps
        smooth = from_spectrum(_without_nyquist(spectrum(maps)))
        moved = from_spectrum(recentre(spectrum(smooth), torch.tensor([[2.0, -3.0]])))
        torch.testing.assert_close(moved, smooth.roll((3, -2), dims=(-2, -1)), rtol=0, atol=1e-5)

    def test_the_penalty_is_least_between_the_middle_cells_and_grows_with_distance(self) -> None:
        weights = penalty(torch.tensor([[4.0, 2.0]]), 8, ECO.filter)[0]
        assert weights[0, 0] == weights[0, 1] == weights[1, 0] == weights.min()
        assert weights[0, 4] < weights[4, 0]  # the target is wider than high


def _without_nyquist(coefficients: torch.Tensor) -> torch.Tensor:
    coefficients[..., coefficients.shape[-2] // 2, :] = 0
    coefficients[..., -1] = 0
    return coefficients


class TestHistogram:
    def test_colours_of_the_box_score_where_the_box_is(self) -> None:
        color = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
        color[:, 12:20, 12:20] = torch.tensor([200, 30, 30], dtype=torch.uint8)
        centre, size = torch.tensor([[15.5, 15.5]]), torch.tensor([[8.0, 8.0]])
        foreground, background = count_colors(color_bins(color), centre, size, ECO.histogram)
        moved = color.roll((4, -6), dims=(1, 2))  # two cells down, three to the left
        scores = color_scores(color_bins(moved), foreground, background, size, 16)[0]
        assert divmod(int(scores.argmax()), 16) == (8 + 2, 8 - 3)
        assert float(scores.max()) == pytest.approx(1.0, abs=0.01)

    def test_unseen_colours_count_half(self) -> None:
        none = torch.zeros(1, BINS)
        bins, size = torch.zeros(1, 32, 32, dtype=torch.int32), torch.tensor([[5.5, 3.25]])
        scores = color_scores(bins, none, none, size, 16)
        assert float(scores[0, 8, 8]) == pytest.approx(0.5)

    def test_frequencies_sum_to_one_target_by_target(self) -> None:
        color = torch.randint(0, 256, (2, 32, 32, 3), dtype=torch.uint8)
        centre, size = torch.full((2, 2), 15.5), torch.tensor([[8.0, 4.0], [3.0, 9.0]])
        for table in count_colors(color_bins(color), centre, size, ECO.histogram):
            torch.testing.assert_close(table.sum(1), torch.ones(2))


def textured(side: int = 160) -> torch.Tensor:
    coarse = torch.rand(1, 1, side // 8, side // 8, generator=torch.Generator().manual_seed(3))
    return 255 * torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)[0]


class TestScale:
    @pytest.mark.parametrize("factor", [0.94, 0.97, 1.0, 1.03, 1.07])
    def test_measures_how_much_a_target_has_grown(self, factor: float) -> None:
        config = ECO.scale
        gray, centre = textured(), torch.full((1, 2), 79.5, dtype=torch.float64)
        size = torch.full((1, 2), 60.0, dtype=torch.float64)
        model = scale_model(scale_spectrum(gray, centre, size, config), config)
        # a target that has grown by a factor looks at size * factor as it did at size
        seen = scale_spectrum(gray, centre, size / factor, config)
        assert float(measure_scale(seen, *model, config)) == pytest.approx(factor, abs=0.012)


class TestAppearance:
    def test_channels_have_unit_energy_and_no_colour_on_grayscale(self) -> None:
        image = np.random.default_rng(0).integers(0, 256, (200, 240, 3), dtype=np.uint8)
        two = torch.tensor([[100.0, 90.0], [140.0, 100.0]], dtype=torch.float64)
        region = Region.cut(image, CropView(two, torch.tensor([0.5, 0.8], dtype=torch.float64), (80, 80)))
        cues = region.cues()
        bases = principal_axes(cues[0], 10), principal_axes(cues[1], 3)
        channels = compress(cues, bases, torch.tensor([1.0, 0.0]))
        assert channels.shape == (2, 14, 20, 20)
        for group in (slice(0, 10), slice(10, 11), slice(11, 14)):
            assert float(channels[0, group].square().mean()) == pytest.approx(1, abs=1e-4)
        assert not channels[1, 11:].any()

    def test_principal_axes_are_orthonormal(self) -> None:
        axes = principal_axes(torch.randn(2, 31, 12, 12), 10)
        torch.testing.assert_close(axes @ axes.mT, torch.eye(10).expand(2, -1, -1), rtol=0, atol=1e-5)


def test_scheduled_learning_follows_each_targets_own_age() -> None:
    """Targets of different ages in one batch improve their filters on different frames."""
    tracker = ECOTracker(ECO)
    frame = Frame.of(np.random.default_rng(1).integers(0, 256, (120, 160, 3), dtype=np.uint8))
    boxes = torch.tensor([[40.0, 40, 30, 30], [80.0, 50, 30, 30]], dtype=torch.float64)
    with torch.inference_mode():
        state = tracker.begin(frame, boxes, [], Stopwatch())
        state.age[1] = 3
        changed = []
        for _ in range(ECO.filter.interval):
            before = state.filter.clone()
            tracker.track(frame, state, [], Stopwatch())
            changed.append((state.filter != before).flatten(1).any(1).tolist())
    assert changed == [[False, False], [False, True], [False, False], [False, False], [True, False]]


def test_a_target_of_a_pixel_can_grow_and_one_of_twice_the_frame_shrink() -> None:
    """The limits of size only keep a target from going further beyond them."""
    tracker = ECOTracker(ECO)
    frame = Frame.of(np.random.default_rng(1).integers(0, 256, (60, 80, 3), dtype=np.uint8))
    for side, factor, expected in [
        (1.0, 1.1, 1.1),
        (1.0, 0.9, 1.0),
        (200.0, 0.9, 180.0),
        (200.0, 1.1, 200.0),
    ]:
        boxes = torch.tensor([[40.0, 30, side, side]], dtype=torch.float64)
        with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
            state = tracker.begin(frame, boxes, [], Stopwatch())
            patch.setattr(
                "saccade.trackers.eco.tracker.measure_scale", lambda *_, f=factor: torch.tensor([f]).double()
            )
            found = tracker.track(frame, state, [], Stopwatch())
        assert found.boxes[0, 2:].tolist() == pytest.approx([expected] * 2)


def test_numbers_stay_finite() -> None:
    """Of a target of one pixel, one of the whole frame, and one that leaves it."""
    boxes = [[80.0, 60, 1, 1], [0.0, 0, 160, 120], [140.0, 40, 20, 30]]
    tracker = ECOTracker(ECO)
    scene = np.random.default_rng(2).integers(0, 256, (240, 320, 3), dtype=np.uint8)
    with torch.inference_mode():
        start = Frame.of(scene[:120, :160])
        state = tracker.begin(start, torch.tensor(boxes, dtype=torch.float64), [], Stopwatch())
        for t in range(100):
            # the camera moves right and back, and the picture goes black for a while
            left = min(2 * t, 100, 200 - 2 * t)
            picture = scene[:120, left : left + 160] * (not 60 < t < 80)
            found = tracker.track(Frame.of(picture.astype(np.uint8)), state, [], Stopwatch())
            assert torch.isfinite(found.boxes).all()
            assert torch.isfinite(found.scores).all()
            assert (found.boxes[:, 2:] > 0).all()
    for name, value in state.tensors().items():
        assert torch.isfinite(torch.view_as_real(value) if value.is_complex() else value).all(), name


@pytest.mark.parametrize(
    "setting",
    [
        "search.cells=41",
        "search.cells=0",
        "filter.interval=0",
        "scale.count=4",
        "scale.cells=0",
        "scale.step=1",
    ],
)
def test_settings_that_cannot_work_are_refused(setting: str) -> None:
    name, value = setting.split("=")
    with pytest.raises(ConfigError, match=f"{name} is {value}.*; it must be"):
        override(ECO, {name: value})


@pytest.mark.parametrize(
    "changes",
    [{"num_scales": 4}, {"scale_step": 1}, {"update_interval": 0}, {"min_side": 300}, {"min_side": 0}],
)
def test_deep_settings_that_cannot_work_are_refused(changes: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(changes))} is {next(iter(changes.values()))}"):
        override(ECO_DEEP, changes)


def test_other_devices_are_refused() -> None:
    with pytest.raises(ModelError, match="'eco' runs on the CPU only, not on meta"):
        build("eco", ECO, weights=None, device=torch.device("meta"), precision="auto")

"""LWL while it runs: N targets at once, each segmented in its own region, all compared in the frame.

    look at the region -> features -> encode -> decode -> compete -> remember -> improve -> move

What depends on pictures lives on the device; where to look lives on the host, which hears from the device
once a frame.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Integer
from torch import Tensor

from saccade.core.errors import TargetError
from saccade.core.frame import Frame
from saccade.core.timing import Stopwatch
from saccade.nets.filter_learning import FilterProblem
from saccade.nets.inference import exact_float32
from saccade.nets.resnet import normalise_bgr
from saccade.online.insight import Insight, insights
from saccade.online.memory import Samples, first_free_slot
from saccade.online.run import LOST, TRACKED, UNCERTAIN, Estimate
from saccade.online.segmentation import Prompts, Segmentation
from saccade.online.state import TargetState
from saccade.ops.soft_masks import aggregate_with_background, soft_aggregate, spread
from saccade.segmenters.lwl.config import LWLConfig
from saccade.segmenters.lwl.learner import CHANNELS, ENCODING, KERNEL
from saccade.segmenters.lwl.network import LWLNet
from saccade.segmenters.lwl.region import NOWHERE, SURE, paste


@dataclass(slots=True)
class LWLState(TargetState):
    """What is remembered of N targets."""

    host = ("centre", "scale", "base_size", "age")

    centre: Float[Tensor, "N 2"]
    """(x, y) in frame pixels"""
    scale: Float[Tensor, " N"]
    """frame pixels in a pixel of the region's crop"""
    base_size: Float[Tensor, "N 2"]
    """(w, h) in crop pixels, on all frames"""
    age: Integer[Tensor, " N"]
    """frames since the first"""
    filter: Float[Tensor, "N M C k k"]
    """encodes the target's mask"""
    samples: Samples
    """features, and beside them the labels of their encodings and the weights of these"""
    encodings: Float[Tensor, "N T M h w"]
    """what the filter makes of the samples"""

    @property
    def size(self) -> Float[Tensor, "N 2"]:
        """(w, h) in frame pixels."""
        return self.base_size * self.scale[:, None]


@dataclass(slots=True)
class Sight(TargetState):
    """What is seen of N targets in a frame."""

    scores: Float[Tensor, "N H W"]
    """of the frame's pixels, for each target as if it were alone"""
    features: Float[Tensor, "N C h w"]
    """that filters work on"""
    encoding: Float[Tensor, "N M h w"]
    """what the target's filter makes of them"""


@dataclass(frozen=True, slots=True)
class LWLSegmenter:
    """The method, as a `Segmenter`.

    Attributes:
        config: what is chosen.
        network: ready for inference on the device.
        device: where the network is.
        is_exact: whether a GPU must not round the factors of convolutions, as it does by default.
    """

    config: LWLConfig
    network: LWLNet
    device: torch.device
    is_exact: bool = True

    @property
    def State(self) -> type[LWLState]:  # noqa: N802
        """See `Segmenter`."""
        return LWLState

    def _precision(self) -> AbstractContextManager[None]:
        return exact_float32() if self.is_exact and self.device.type == "cuda" else nullcontext()

    def learn(self, frame: Frame, prompts: Prompts, stopwatch: Stopwatch) -> tuple[LWLState, Sight]:
        """Learns the filters of N targets from their first frame."""
        size = prompts.boxes[:, 2:]
        centre = prompts.boxes[:, :2] + (size - 1) / 2
        scale = self.config.search.scale(size)
        with self._precision():
            scores = self._first_scores(frame, prompts, stopwatch)
            with stopwatch.stage("crop"):
                looks = zip(scores.sigmoid().split(1), centre, scale, strict=True)
                crops = [self.config.search.look_first(frame, *each) for each in looks]
            with stopwatch.stage("backbone"):
                _, features = self._features(torch.stack([picture for picture, _ in crops]))
            with stopwatch.stage("optimiser"):
                samples = self._first_samples(features, torch.stack([mask for _, mask in crops]))
                filters = features.new_zeros((len(size), ENCODING, CHANNELS, KERNEL, KERNEL))
                encodings = torch.zeros_like(samples.places[:, :, 0])
                age = torch.zeros(len(size), dtype=torch.long)
                state = LWLState(centre, scale, size / scale[:, None], age, filters, samples, encodings)
                self._improve(state, torch.arange(len(size)), steps=self.config.learning.first_steps)
        return state, Sight(scores, features, state.encodings[:, 0])

    def _first_scores(self, frame: Frame, prompts: Prompts, stopwatch: Stopwatch) -> Float[Tensor, "N H W"]:
        """The scores of pixels that masks stand for, or that the network guesses from boxes."""
        if self.config.starts_from == "box":
            with stopwatch.stage("backbone"):
                picture = torch.tensor(frame.image).permute(2, 0, 1)[None].float()
                levels, features = self._features(picture)
            with stopwatch.stage("decoder"):
                hw = (frame.size_wh[1], frame.size_wh[0])
                encoding = self.network.encode_boxes(features, prompts.boxes, hw)
                same = torch.zeros(len(prompts), dtype=torch.long, device=self.device)
                return self.network.decoder(encoding, levels, same, hw)
        if any(mask is None for mask in prompts.masks):
            raise TargetError(
                f"frame {frame.index}: this model learns targets from masks, and was given a box alone; give "
                f"a mask, or take lwl_box"
            )
        masks = torch.stack([mask for mask in prompts.masks if mask is not None]).to(self.device)
        return torch.where(masks, SURE, NOWHERE)

    def look(self, frame: Frame, state: LWLState, stopwatch: Stopwatch) -> Sight:
        """Scores the frame's pixels for each of N targets."""
        search = self.config.search
        with self._precision():
            with stopwatch.stage("crop"):
                view, crops, crop_of = search.look(frame, state.centre, state.scale)
                crop_of = crop_of.to(self.device)
            with stopwatch.stage("backbone"):
                levels, features = self._features(crops)
                features = features[crop_of]
            with stopwatch.stage("decoder"):
                encoding = self.network.target_model.encode(features, state.filter)
                scores = self.network.decoder(encoding, levels, crop_of, search.size_hw)
                scores = paste(scores, view, frame.size_wh)
        state.age += 1
        return Sight(scores, features, encoding)

    def inspect(self, frame: Frame, state: LWLState) -> list[Insight]:
        """The probability of the region's pixels, for each target as if it were alone; see `Inspectable`."""
        search = self.config.search
        with self._precision():
            view, crops, crop_of = search.look(frame, state.centre, state.scale)
            crop_of = crop_of.to(self.device)
            levels, features = self._features(crops)
            encoding = self.network.target_model.encode(features[crop_of], state.filter)
            scores = self.network.decoder(encoding, levels, crop_of, search.size_hw).sigmoid()
            losses = torch.zeros(len(state), device=self.device)
            for some, problem, measured in self._problems(state, torch.arange(len(state))):
                losses[some] = problem.value(state.filter[some], measured)
        return insights(view, scores, losses, state.samples.weights)

    def conclude(self, frame: Frame, state: LWLState, sight: Sight, stopwatch: Stopwatch) -> Segmentation:
        """Lets the targets of a frame compete for its pixels, and learns from what each one won."""
        with self._precision():
            with stopwatch.stage("merge"):
                masks, probability = self._compare(sight.scores)
            with stopwatch.stage("optimiser"):
                self._remember(sight, probability, state)
                age = state.age + 1
                turn = (state.age > 0) & (age % self.config.learning.interval == 0)
                self._improve(state, turn.nonzero()[:, 0], steps=self.config.learning.steps)
            with stopwatch.stage("host"):
                return Segmentation(self._move(masks, probability, state), masks.cpu())

    def _compare(
        self, scores: Float[Tensor, "N H W"]
    ) -> tuple[Bool[Tensor, "N H W"], Float[Tensor, "N H W"]]:
        """Masks and probabilities, such as targets have that compete, or do not."""
        if not self.config.targets_compete:
            return scores > 0, scores.sigmoid()
        return aggregate_with_background(scores) if self.config.lone_competes else soft_aggregate(scores)

    def _features(self, pictures: Float[Tensor, "b 3 H W"]) -> tuple[dict[str, Tensor], Tensor]:
        """All levels of the backbone, and what filters work on."""
        levels = self.network.levels(normalise_bgr(pictures.to(self.device, non_blocking=True)))
        return levels, self.network.target_model.features(levels["layer3"])

    def _first_samples(
        self, features: Float[Tensor, "N C h w"], masks: Float[Tensor, "N height width"]
    ) -> Samples:
        """The memories of N targets, each with the sample of its first frame."""
        encodings = self.network.encode_masks(masks)
        size = self.config.memory.size
        pairs = zip(features.split(1), encodings.split(1), strict=True)
        samples = Samples.cat([Samples.of_first_frame(*pair, size) for pair in pairs])
        if not self.config.memory.first_is_sure:
            samples.weights.previous[:] = 0  # see `_remember`
        return samples

    def _remember(self, sight: Sight, probability: Float[Tensor, "N H W"], state: LWLState) -> None:
        """Adds what was seen, but for that of first frames, which is remembered already."""
        memory, rows = self.config.memory, (state.age > 0).nonzero()[:, 0]
        if not len(rows):
            return
        here = rows.to(self.device)
        masks = self.config.search.look_at_masks(probability[here], state.centre[rows], state.scale[rows])
        rates = torch.full((len(rows),), memory.learning_rate)
        if not memory.first_is_sure:
            # as much as the sample before it, which is the first one
            rates[state.age[rows] == 1] = 0
        state.samples.add(
            rows,
            sight.features[here],
            self.network.encode_masks(masks),
            rates,
            slot_rule=first_free_slot,
            initial_minimum=memory.initial_minimum,
        )
        newest = state.samples.weights.previous[rows]
        state.encodings[rows, newest] = sight.encoding[here]

    def _improve(self, state: LWLState, rows: Integer[Tensor, " M"], *, steps: int) -> None:
        """Goes on with the optimisation of some targets' filters, on what they remember."""
        for some, problem, measured in self._problems(state, rows):
            state.filter[some], state.encodings[some, : measured.shape[1]] = (
                self.network.target_model.improve(state.filter[some], measured, problem, steps=steps)
            )

    def _problems(
        self, state: LWLState, rows: Integer[Tensor, " M"]
    ) -> Iterator[tuple[Tensor | slice, FilterProblem, Float[Tensor, "n T M h w"]]]:
        """Some targets in parts: what their filters should make of what they remember, and what they do."""
        for some, features, encoded, shares in state.samples.stored(rows):
            labels, weights = encoded.unbind(2)
            weights = shares[:, :, None, None, None] * weights
            problem = self.network.target_model.problem(features, labels, weights)
            yield some, problem, state.encodings[some, : labels.shape[1]]

    def _move(
        self,
        masks: Bool[Tensor, "N H W"],
        probability: Float[Tensor, "N H W"],
        state: LWLState,
    ) -> Estimate:
        """Looks next where the targets were seen; those hardly seen stay where they were."""
        config = self.config.box
        total, centre, deviation = spread(probability)
        pixels = masks.sum(dim=(1, 2))
        score = (probability * masks).sum(dim=(1, 2)) / pixels.clamp(min=1)
        # the one transfer from the device in a frame, but for the masks
        table = torch.cat([torch.stack([total, pixels, score], dim=1), centre, deviation], dim=1).cpu()
        total, pixels, score = table[:, :3].unbind(1)
        centre, size = table[:, 3:5], config.deviations * table[:, 5:7]

        is_seen = (total >= config.smallest) & size.isfinite().all(dim=1)
        if self.config.starts_from == "box" and len(state) == 1 and not self.config.lone_competes:
            # as the original, which trusts the guessed mask of a single target from the next frame on
            is_seen &= state.age > 0
        state.centre, size = (
            torch.where(is_seen[:, None], new, old)
            for new, old in ((centre, state.centre), (size, state.size))
        )
        scale = (size.prod(dim=1) / state.base_size.prod(dim=1)).sqrt()
        change = (scale / state.scale).clamp(config.slowest, config.fastest)
        state.scale = (state.scale * change).clamp(min=self.config.search.smallest_scale)
        sides = size.where(size > 0, 1.0)  # of a line, whose pixels deviate along one axis only
        boxes = torch.cat([state.centre - (sides - 1) / 2, sides], dim=1)
        status = torch.where(is_seen, TRACKED, UNCERTAIN).where(pixels > 0, LOST)
        return Estimate(boxes, score, status.to(torch.int8))

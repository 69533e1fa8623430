"""What DiMP, PrDiMP and SuperDiMP learn: filters that tell targets apart after few steps, and boxes."""

from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from saccade.core import ConfigError
from saccade.core.ranges import above, at_least, check_ranges
from saccade.data.samples.sample import FrameSet, Sample
from saccade.nets.dimp import TargetClassifier, TrainingSamples
from saccade.trackers.dimp.network import DiMPNet, DiMPNetConfig
from saccade.training.box_head import BoxLoss, Levels, score_proposals
from saccade.training.losses import hinge_errors, map_divergence
from saccade.training.task import Task, in_float32


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterLoss:
    """What is learned of filters: the loss of test frames' score maps, for the filter after each step."""

    target: Literal["label", "density"] = "label"
    """what score maps should be: Gaussian labels, but for the depth of the background; or, behind a softmax,
    densities"""
    background_below: float = 0.05
    """label up to which a cell is background, where scores below 0 are as good as 0"""
    final_weight: float = 100.0
    """of the loss of the last filter"""
    initial_weight: float = 100.0
    """of that of the first, before any step"""
    between_weight: float | tuple[float, ...] = 400.0
    """of the mean loss of the filters between; or of each of them"""

    def __post_init__(self) -> None:
        check_ranges(
            "task.filters",
            self,
            final_weight=at_least(0),
            initial_weight=at_least(0),
            between_weight=at_least(0),
        )

    def __call__(self, scores: list[Tensor], test: FrameSet) -> dict[str, Tensor]:
        """The loss of the score maps (F, B, h, w) of each filter, and its parts as the log names them."""
        losses = torch.stack([self._each(maps, test) for maps in scores])
        first, between, last = losses[0], losses[1:-1], losses[-1]
        weighted = [self.final_weight * last, self.initial_weight * first]
        raw = [last, first]
        if len(between):
            weights = self.between_weight
            weights = (weights / len(between),) * len(between) if isinstance(weights, float) else weights
            weighted.append((between * between.new_tensor(weights)).sum())
            raw.append(between.mean())
        named = zip(_PARTS[self.target], weighted, raw, strict=False)
        parts = {
            name: value.detach()
            for (weighted_name, raw_name), value, raw_value in named
            for name, value in ((weighted_name, value), (raw_name, raw_value))
        }
        return {"loss": torch.stack(weighted).sum(), **parts}

    def _each(self, scores: Float[Tensor, "F B h w"], test: FrameSet) -> Float[Tensor, ""]:
        if self.target == "density":
            assert test.densities is not None
            return map_divergence(scores, test.densities).mean()
        assert test.labels is not None
        return hinge_errors(scores, test.labels, threshold=self.background_below).mean()


_PARTS = {
    "label": (
        ("Loss/target_clf", "ClfTrain/test_loss"),
        ("Loss/test_init_clf", "ClfTrain/test_init_loss"),
        ("Loss/test_iter_clf", "ClfTrain/test_iter_loss"),
    ),
    "density": (
        ("Loss/clf_ce", "ClfTrain/clf_ce"),
        ("Loss/clf_ce_init", "ClfTrain/clf_ce_init"),
        ("Loss/clf_ce_iter", "ClfTrain/clf_ce_iter"),
    ),
}
"""what logs call the losses of the last filter, the first and those between: weighted, and raw"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DiMPTaskConfig:
    """What is learned: a network, and what its answers should be."""

    network: DiMPNetConfig
    """what it is made of"""
    steps: int = 5
    """of the filter optimiser in a sample"""
    label_sigma: float = 0.9
    """standard deviation in cells of the labels that filters are learned from, for optimisers with none"""
    filters: FilterLoss = FilterLoss()
    """what filters should do"""
    boxes: BoxLoss = BoxLoss()
    """what proposals should be scored with"""
    stored_norms: tuple[str, ...] = ()
    """parts of the network that normalise with stored statistics"""

    def __post_init__(self) -> None:
        check_ranges("task", self, steps=at_least(1), label_sigma=above(0))
        between = self.filters.between_weight
        if isinstance(between, tuple) and len(between) != self.steps - 1:
            raise ConfigError(
                f"'task.filters.between_weight': {len(between)} weights, but {self.steps} steps have "
                f"{self.steps - 1} filters between the first and the last; give one each, or one number"
            )

    def build(self) -> "DiMPTask":
        """A task with a randomly initialised network."""
        return DiMPTask(self)


class DiMPTask(Task):
    """Learns filters from the train frames, and judges what they and the IoU-Net make of the test frames.

    The reference of the IoU-Net is the first train frame alone.
    """

    network: DiMPNet

    def __init__(self, config: DiMPTaskConfig) -> None:
        super().__init__(DiMPNet(config.network), stored_norms=config.stored_norms)
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`."""
        train = self.network.backbone_features(batch.train.images.flatten(0, 1))
        test = self.network.backbone_features(batch.test.images.flatten(0, 1))
        with in_float32(batch.test.images):
            filters = self.config.filters(self.score_maps(train, test, batch), batch.test)
            proposals = score_proposals(self.network.bb_regressor, train, test, batch.train, batch.test)
            boxes = self.config.boxes(proposals, batch.test)
        loss = filters.pop("loss") + self.config.boxes.weight * boxes
        return {"loss": loss, "Loss/total": loss.detach(), **self.config.boxes.parts(boxes), **filters}

    def score_maps(self, train: Levels, test: Levels, batch: Sample) -> list[Float[Tensor, "F B h w"]]:
        """The score maps of the test frames with the filter before the first step, and after each."""
        classifier = self.network.classifier
        frames, samples = batch.train.boxes.shape[:2]
        features = _by_sample(classifier, train[1], frames)
        boxes = batch.train.boxes.transpose(0, 1)
        learned_from = TrainingSamples(
            features,
            boxes,
            features.new_full((samples, frames), 1 / frames),
            features.new_full((samples,), self.config.label_sigma),
        )
        filters = classifier.filter_optimizer.iterates(
            classifier.initial_filters(features, boxes), learned_from, steps=self.config.steps
        )
        seen = _by_sample(classifier, test[1], len(batch.test.boxes))
        return [classifier.classify(seen, each).transpose(0, 1) for each in filters]


def _by_sample(classifier: TargetClassifier, layer3: Float[Tensor, "n c h w"], frames: int) -> Tensor:
    """The classifier's features (B, F, C, h, w) of frames (F * B)."""
    return classifier.features(layer3).unflatten(0, (frames, -1)).transpose(0, 1)

"""What KYS learns: to carry along what surrounds a target, and to tell by it where the target is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from zlib import crc32

import torch
from jaxtyping import Bool, Float, Shaped
from torch import Tensor

from saccade.core.ranges import at_least, check_ranges, within
from saccade.data.samples.sample import FrameSet, Sample
from saccade.nets.dimp import TrainingSamples
from saccade.trackers.kys.network import KYSNET, KYSNet, KYSNetConfig
from saccade.training.losses import hinge_errors, is_right, presence_errors, weighted_mean
from saccade.training.task import Task, in_float32

HALF_HIDDEN = (0.25, 0.75)
"""share of the target in sight between which nobody knows what the response should be"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreJitter:
    """How score maps are spoiled, so that the surroundings are needed: a distractor's score rises."""

    probability: float = 0.3
    """of a score map being spoiled"""
    distractor_ratio: float = 0.1
    """second peak / peak from which there is something to spoil"""
    enhancement: tuple[float, float] = (0.8, 1.3)
    """range of the second peak then / peak"""
    blank_probability: float = 0.0
    """of a map that is not spoiled becoming 0"""

    def __post_init__(self) -> None:
        check_ranges(
            "task.jitter",
            self,
            probability=within(0, 1),
            distractor_ratio=at_least(0),
            enhancement=at_least(0),
            blank_probability=within(0, 1),
        )

    def __call__(
        self, scores: Float[Tensor, "n h w"], labels: Float[Tensor, "n h w"], draws: Float[Tensor, "3 n"]
    ) -> Float[Tensor, "n h w"]:
        """Score maps, some of them spoiled.

        Args:
            draws: uniform random numbers in [0, 1): whether each map is spoiled, how much, and whether it
                becomes 0.
        """
        rolls, factors, blanks = draws
        flat, label = scores.flatten(1), labels.flatten(1)
        peak = (flat * (label > ON_TARGET)).amax(dim=1)
        second, place = (flat * (label < OFF_TARGET)).max(dim=1)
        low, high = (bound * peak for bound in self.enhancement)
        raised = (low + factors * (high - low)).detach()
        is_spoiled = (rolls < self.probability) & (second / peak > self.distractor_ratio)
        is_blank = ~is_spoiled & (blanks < self.blank_probability)
        spoiled = flat.detach().scatter(1, place[:, None], raised[:, None])
        flat = torch.where(is_spoiled[:, None], spoiled, flat)
        return flat.masked_fill(is_blank[:, None], 0).reshape(scores.shape)


ON_TARGET, OFF_TARGET = 0.2, 1e-4
"""labels above and below which a cell is the target's, and is not"""


@dataclass(frozen=True, slots=True, kw_only=True)
class KYSTaskConfig:
    """What is learned."""

    network: KYSNetConfig = KYSNET
    """what it is made of"""
    steps: int = 3
    """of the filter optimiser in a sample"""
    least_score: float = 0.05
    """score of the filter up to which a response is 0"""
    background_below: float = 0.05
    """label up to which a cell is background, where responses below 0 are as good as 0"""
    is_right_above: float = 0.25
    """label at the peak of a response from which it counts as right"""
    response_weight: float = 500.0
    """of the loss of responses"""
    unbounded_weight: float = 50.0
    """of that of responses also where the filter's score is low, which is divided by the number of frames
    once more, as in the original"""
    presence_weight: float = 50.0
    """of whether states know the target in the frame that they come from"""
    moved_presence_weight: float = 50.0
    """of the same once they are carried along"""
    presence_needs_valid: bool = False
    """whether frames that no loss of responses counts do not count there either; in the original, all do"""
    jitter: ScoreJitter = ScoreJitter()
    """how the filter's scores are spoiled"""

    def __post_init__(self) -> None:
        check_ranges(
            "task",
            self,
            steps=at_least(0),
            response_weight=at_least(0),
            unbounded_weight=at_least(0),
            presence_weight=at_least(0),
            moved_presence_weight=at_least(0),
        )

    def build(self) -> "KYSTask":
        """A task with a randomly initialised network."""
        return KYSTask(self)


@dataclass(slots=True)
class Answers:
    """What a network says of the test frames of B samples, one entry a frame behind the first.

    Attributes:
        responses: as the tracker sees them.
        unbounded: also where the filter's score is low.
        presences: logits of what the states know of the frame before.
        moved_presences: the same, carried along into this frame.
        scores: of the filter.
    """

    responses: list[Float[Tensor, "B h w"]] = field(default_factory=list)
    unbounded: list[Float[Tensor, "B h w"]] = field(default_factory=list)
    presences: list[Float[Tensor, "B h w"]] = field(default_factory=list)
    moved_presences: list[Float[Tensor, "B h w"]] = field(default_factory=list)
    scores: list[Float[Tensor, "B h w"]] = field(default_factory=list)


class KYSTask(Task):
    """Follows the surroundings of B targets over the test frames, of which the first only starts it off.

    Backbone and classifier are those of a trained DiMP, and stay; the classifier learns a filter for each
    sample from its train frames.
    """

    goes_on_from: ClassVar[Mapping[str, str]] = {
        "feature_extractor.": "backbone_feature_extractor.",
        "classifier.": "dimp_classifier.",
        "bb_regressor.": "bb_regressor.",
    }
    network: KYSNet

    def __init__(self, config: KYSTaskConfig) -> None:
        super().__init__(
            KYSNet(config.network), stored_norms=("backbone_feature_extractor", "dimp_classifier")
        )
        self.config = config

    def forward(self, batch: Sample) -> dict[str, Tensor]:
        """See `Task`.

        Frames are moved to the network's device one at a time, so that a batch may stay on the host.
        """
        test = batch.test
        assert test.labels is not None and test.is_valid is not None and test.visibility is not None
        # the filter's score maps have one row and column more than the features
        labels = test.labels[..., :-1, :-1].to(self._device)
        with in_float32(labels):
            answers = self.answers(batch, labels)
        is_valid = frames_that_count(test.is_valid, test.visibility)[1:].to(self._device)
        return kys_losses(answers, labels, is_valid, self.config)

    def answers(self, batch: Sample, labels: Float[Tensor, "F B h w"]) -> Answers:
        """What the network says of the test frames, whose labels are as large as the features."""
        config, predictor, answers = self.config, self.network.predictor, Answers()
        filters = self._filters(batch.train)
        draws = self._draws(batch.origins, len(labels))
        last, _ = self._look(batch.test.images[0], filters)
        state = predictor.first_state(labels[0])
        for images, label, draw in zip(batch.test.images[1:], labels[1:], draws[1:], strict=True):
            features, scores = self._look(images, filters)
            spoiled = config.jitter(scores, label, draw)
            fusion = predictor.fuse(features, last, state, spoiled, least_score=config.least_score)
            answers.presences.append(predictor.presence(state))
            answers.moved_presences.append(predictor.presence(fusion.moved))
            answers.responses.append(fusion.response)
            answers.unbounded.append(fusion.unbounded)
            answers.scores.append(scores)
            last, state = features, fusion.state
        return answers

    @torch.no_grad()
    def _filters(self, train: FrameSet) -> Float[Tensor, "B C k k"]:
        """DiMP's filter of each sample, from its train frames."""
        classifier = self.network.dimp_classifier
        features = [self._features(images)[1] for images in train.images]
        stacked, boxes = torch.stack(features, dim=1), train.boxes.transpose(0, 1).to(self._device)
        samples, frames = boxes.shape[:2]
        learned_from = TrainingSamples(
            stacked,
            boxes,
            stacked.new_full((samples, frames), 1 / frames),
            stacked.new_ones(samples),
        )
        initial = classifier.initial_filters(stacked, boxes)
        return classifier.optimize(initial, learned_from, steps=self.config.steps)

    @torch.no_grad()
    def _look(
        self, images: Float[Tensor, "B 3 H W"], filters: Float[Tensor, "B C k k"]
    ) -> tuple[Float[Tensor, "B c h w"], Float[Tensor, "B h w"]]:
        """The backbone's features of a frame, and the filters' scores of as many cells."""
        layer3, features = self._features(images)
        scores = self.network.dimp_classifier.classify(features[:, None], filters)[:, 0]
        return layer3, scores[..., :-1, :-1]

    def _features(self, images: Float[Tensor, "B 3 H W"]) -> tuple[Tensor, Tensor]:
        _, layer3 = self.network.backbone_features(images.to(self._device))
        return layer3, self.network.dimp_classifier.features(layer3)

    def _draws(self, origins: Sequence[str], frames: int) -> Float[Tensor, "F 3 B"]:
        """The random numbers of each sample and frame: a sample is spoiled in the same way each time."""
        rolls = [
            torch.rand(frames, 3, generator=torch.Generator().manual_seed(crc32(origin.encode())))
            for origin in origins
        ]
        return torch.stack(rolls, dim=2).to(self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.network.predictor.parameters()).device


def frames_that_count(
    is_valid: Shaped[Tensor, "F B"], visibility: Float[Tensor, "F B"]
) -> Bool[Tensor, "F B"]:
    """The frames of which it is known what responses should be."""
    low, high = HALF_HIDDEN
    return (is_valid > 0) & ~((visibility > low) & (visibility < high))


def kys_losses(
    answers: Answers,
    labels: Float[Tensor, "F B h w"],
    is_valid: Bool[Tensor, "f B"],
    config: KYSTaskConfig,
) -> dict[str, Tensor]:
    """The loss of what the network says of f = F - 1 frames, and what is logged.

    A frame's loss of responses is the mean over its valid samples, and all frames count alike.
    """
    now, before, valid = labels[1:], labels[:-1], is_valid.to(labels.dtype)

    def of_scores(maps: list[Tensor]) -> Tensor:
        errors = [
            weighted_mean(hinge_errors(each, label, threshold=config.background_below).mean((-2, -1)), counts)
            for each, label, counts in zip(maps, now, valid, strict=True)
        ]
        return torch.stack(errors).mean()

    def of_presences(maps: list[Tensor], wished: Tensor) -> Tensor:
        counts = valid if config.presence_needs_valid else torch.ones_like(valid)
        errors = [
            weighted_mean(presence_errors(each, label).mean((-2, -1)), count)
            for each, label, count in zip(maps, wished, counts, strict=True)
        ]
        return torch.stack(errors).mean()

    responses, unbounded = of_scores(answers.responses), of_scores(answers.unbounded) / len(now)
    presences = of_presences(answers.presences, before)
    moved_presences = of_presences(answers.moved_presences, now)
    loss = (
        config.response_weight * responses
        + config.unbounded_weight * unbounded
        + config.presence_weight * presences
        + config.moved_presence_weight * moved_presences
    )
    parts = {
        "Loss/total": loss,
        "Loss/test_clf": config.response_weight * responses,
        "Loss/raw/test_clf": responses,
        "Loss/raw/test_clf_orig": unbounded,
        "Loss/raw/dimp_clf": of_scores(answers.scores),
        "Loss/raw/is_target": presences,
        "Loss/raw/is_target_after_prop": moved_presences,
        **_accuracies(answers, now, is_valid, config.is_right_above),
    }
    return {"loss": loss, **{name: part.detach() for name, part in parts.items()}}


def _accuracies(
    answers: Answers, labels: Float[Tensor, "f B h w"], is_valid: Bool[Tensor, "f B"], threshold: float
) -> dict[str, Tensor]:
    """How often responses, and for comparison the filter's scores, are right: of frames, and of samples."""
    found = {}
    for name, maps in (("test", answers.responses), ("dimp", answers.scores)):
        right = torch.stack(
            [is_right(each, label, threshold=threshold) for each, label in zip(maps, labels, strict=True)]
        )
        counts = is_valid.sum(dim=1)
        each = ((right & is_valid).sum(dim=1) / counts.clamp(min=1)).where(counts > 0, 1.0)
        found[f"Loss/raw/{name}_clf_acc"] = each.mean()
        found[f"Loss/raw/{name}_seq_acc"] = (right | ~is_valid).all(dim=0).float().mean()
    return found

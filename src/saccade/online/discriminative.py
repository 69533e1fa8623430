"""The loop of the discriminative trackers: ATOM, DiMP and their kin, N targets at once.

    look at the search region -> features -> score -> localize -> refine the box -> remember -> improve

A tracker of the family is this loop with a network, a target model and a configuration. What depends on
pictures lives on the device; positions, schedules and the memory's book-keeping live on the host, which hears
from the device once a frame, after the boxes and before the learning.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float, Integer
from torch import Tensor

from saccade.core.frame import Frame
from saccade.core.timing import Stopwatch
from saccade.nets.inference import exact_float32
from saccade.nets.iou_net import IoUNet, Modulation
from saccade.nets.resnet import normalise_rgb
from saccade.online.augmentation import channel_dropout
from saccade.online.discriminative_config import DiscriminativeConfig
from saccade.online.discriminative_state import DiscriminativeState
from saccade.online.exchange import Briefing, Sighting
from saccade.online.insight import Insight, insights
from saccade.online.localization import (
    FOUND,
    HARD_NEGATIVE,
    MISSING,
    STATUS,
    Localization,
    Peak,
    best_scale,
    localize,
    scores_at,
)
from saccade.online.refinement import draw_uniform, refine
from saccade.online.relocation import middle
from saccade.online.run import Estimate
from saccade.online.scene import Scene
from saccade.online.search_region import keep_inside
from saccade.online.state import TargetState
from saccade.online.target_model import TargetModel
from saccade.ops.crops import CropView


@runtime_checkable
class TrackingNetwork(Protocol):
    """What the loop asks of a network."""

    bb_regressor: IoUNet

    def backbone_features(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """The features of layer2 and layer3 (strides 8 and 16) of normalised pictures."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where N targets are, to a cell of the score map.

    Attributes:
        peak: what was made of the score maps.
        view: the search region at the best scale.
        centre: (x, y) in frame pixels.
        scene: what will be known of the surroundings, for targets that are indeed there.
    """

    peak: Peak
    view: CropView
    centre: Float[Tensor, "N 2"]
    scene: TargetState


@dataclass(frozen=True, slots=True)
class DiscriminativeTracker:
    """The loop, as a `Tracker`.

    Attributes:
        State: `DiscriminativeState` with the model's own.
        config: what is chosen.
        network: backbone and IoU-Net, ready for inference on the device.
        model: the target model.
        device: where the network is.
        is_exact: whether a GPU must not round the factors of convolutions, as it does by default.
        scene: what knows the surroundings of targets, and localizes them by that; None for trackers that go
            by their score maps alone.
    """

    State: type[DiscriminativeState]
    config: DiscriminativeConfig
    network: TrackingNetwork
    model: TargetModel[Any]
    device: torch.device
    is_exact: bool = True
    scene: Scene[Any] | None = None

    def cohort(self, frame: Frame, box: Any) -> None:
        """All targets share one batch: every search region has the same number of pixels."""

    def begin(
        self,
        frame: Frame,
        boxes: Float[Tensor, "N 4"],
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> DiscriminativeState:
        """Learns N targets, (x, y, w, h) in frame pixels, from their first frame, one after the other."""
        with self._precision():
            return self.State.cat(
                [
                    self._learn_target(frame, box, generator, stopwatch)
                    for box, generator in zip(boxes.float(), generators, strict=True)
                ]
            )

    def _precision(self) -> AbstractContextManager[None]:
        return exact_float32() if self.is_exact and self.device.type == "cuda" else nullcontext()

    def _learn_target(
        self, frame: Frame, box: Float[Tensor, "4"], generator: torch.Generator, stopwatch: Stopwatch
    ) -> DiscriminativeState:
        config, search, augmentation = self.config, self.config.search, self.config.augmentation
        size, centre = box[2:], box[:2] + (box[2:] - 1) / 2
        scale = search.scale(size)
        with stopwatch.stage("crop"):
            patch_wh = augmentation.patch_size(search.side_wh)
            view, patch = search.look_first(frame, centre, scale, patch_wh)
            transforms = augmentation.transforms(search.side_wh, generator)
            pictures = torch.stack([transform(patch, search.side_wh) for transform in transforms])
        with stopwatch.stage("backbone"):
            layer2, layer3 = self._backbone(pictures)
        with stopwatch.stage("optimiser"):
            features = self.model.extract(layer3)
            copies, probability = augmentation.dropout_copies, augmentation.dropout_probability
            features = torch.cat([features, channel_dropout(features[:1], copies, probability, generator)])
            # a box moves with its picture; that it is turned or mirrored does not change it
            boxes = view.to_crop(box[None]).repeat(len(features), 1)
            boxes[: len(transforms), :2] += torch.tensor([transform.shift for transform in transforms])
            boxes = boxes.to(self.device)
            model = self.model.learn(features, boxes, generator)
        with stopwatch.stage("refinement"):
            modulation: tuple[Tensor, ...] = ()
            if config.refines_boxes:
                modulation = self.network.bb_regressor.modulation(layer2[:1], layer3[:1], boxes[:1])
        return self.State(
            centre=centre[None],
            size=size[None].clone(),
            scale=scale[None],
            base_size=(size / scale)[None],
            refined_centre=centre[None].clone() if config.refinement.first_is_refined else _nowhere(),
            age=torch.zeros(1, dtype=torch.long),
            draws=torch.zeros(1, config.refinement.random_proposals, 4),
            is_drawn=torch.zeros(1, dtype=torch.bool),
            modulation=modulation,
            model=model,
            scene=self._first_scene(frame, centre[None], size[None], scale[None]),
        )

    def _first_scene(
        self,
        frame: Frame,
        centre: Float[Tensor, "1 2"],
        size: Float[Tensor, "1 2"],
        scale: Float[Tensor, "1"],
    ) -> TargetState:
        """What surrounds a target, seen as in the frames to come."""
        if self.scene is None:
            return TargetState()
        search = self.config.search
        views, crops = search.look(frame, centre, scale, self.model.offset(search.side))
        _, layer3 = self._backbone(crops[:, 0])
        return self.scene.begin(layer3, _box_in_crop(views[:, 0], centre, size), size / scale[:, None])

    def track(
        self,
        frame: Frame,
        state: DiscriminativeState,
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> Estimate:
        """Finds N targets in the next frame and updates their state in place."""
        with self._precision():
            return self._track(frame, state, generators, stopwatch)

    def _track(
        self,
        frame: Frame,
        state: DiscriminativeState,
        generators: Sequence[torch.Generator],
        stopwatch: Stopwatch,
    ) -> Estimate:
        config = self.config
        with stopwatch.stage("crop"):
            offset = self.model.offset(config.search.side)
            views, crops = config.search.look(frame, state.centre, state.scale, offset)
            draws = self._draw(state, generators)
            told = Briefing(state.centre, state.size, state.scale, views, draws).to(self.device)
        with stopwatch.stage("backbone"):
            layer2, layer3 = self._backbone(crops.flatten(0, 1))
        with stopwatch.stage("classifier"):
            features = self.model.extract(layer3).unflatten(0, crops.shape[:2])
            place = self._localize(frame, features, layer3, told, state)
        with stopwatch.stage("refinement"):
            sighting = self._measure((layer2, layer3), place, told, state)
        with stopwatch.stage("host"):
            sighting = sighting.on_host()
            view = _at_scale(views, sighting.scale_index)
            refines = config.refines_boxes
            state.move(sighting, view, frame.size_wh, refines_boxes=refines)
        with stopwatch.stage("optimiser"):
            best = features[torch.arange(len(state)), sighting.scale_index.to(self.device)]
            self._learn(best, place.scene, view, sighting, state)
        return self._estimate(sighting, state)

    def inspect(self, frame: Frame, state: DiscriminativeState) -> list[Insight]:
        """The score maps of the target models, at the best scale; see `Inspectable`.

        A scene changes nothing in them: it decides which of their peaks to believe.
        """
        config = self.config
        with self._precision():
            offset = self.model.offset(config.search.side)
            views, crops = config.search.look(frame, state.centre, state.scale, offset)
            _, layer3 = self._backbone(crops.flatten(0, 1))
            maps = self.model.score(self.model.extract(layer3).unflatten(0, crops.shape[:2]), state.model)
            index = best_scale(maps, config.localization).cpu()
            scores = maps.values[torch.arange(len(state)), index.to(self.device)]
            loss = self.model.loss(state.model)
        return insights(_at_scale(views, index), scores, loss, self.model.sample_weights(state.model))

    @property
    def recognised_from(self) -> float:
        """Twice the score under which targets are lost; see `Recognising`.

        Where a scene localizes, its limit is one of responses; the target model's is DiMP's.
        """
        return 2 * (self.config.localization if self.scene is None else Localization()).lost_below

    def appearance(
        self, frame: Frame, state: DiscriminativeState, boxes: Float[Tensor, "K 4"]
    ) -> Float[Tensor, "N K"]:
        """The scores of the target models in search regions around K boxes; see `Recognising`."""
        search, (centre, size) = self.config.search, middle(boxes.float())
        with self._precision():
            views, crops = search.look(frame, centre, search.scale(size), self.model.offset(search.side))
            _, layer3 = self._backbone(crops.flatten(0, 1))
            features = self.model.extract(layer3)
            maps = self.model.score(features.expand(len(state), *features.shape), state.model)
        scales = crops.shape[1]
        places = (each.repeat_interleave(scales, dim=0) for each in (centre, size))
        views = CropView(views.centre.flatten(0, 1), views.scale.flatten(), views.size_wh)
        at_each: Tensor = scores_at(maps, views, *places).unflatten(1, (-1, scales))
        return at_each.amax(dim=2)

    def relocate(self, frame: Frame, state: DiscriminativeState, boxes: Float[Tensor, "N 4"]) -> None:
        """Puts targets into boxes; what is known of their surroundings begins anew. See `Recognising`."""
        state.relocate(boxes, refines_boxes=self.config.refines_boxes)
        if self.scene is None:
            return
        for row in range(len(state)):
            one = slice(row, row + 1)
            first = self._first_scene(frame, state.centre[one], state.size[one], state.scale[one])
            state.scene.put(one, first)

    def _backbone(self, pictures: Float[Tensor, "B 3 side side"]) -> tuple[Tensor, Tensor]:
        return self.network.backbone_features(normalise_rgb(pictures.to(self.device, non_blocking=True)))

    def _localize(
        self,
        frame: Frame,
        features: Float[Tensor, "N S C h w"],
        layer3: Float[Tensor, "B c h w"],
        told: Briefing,
        state: DiscriminativeState,
    ) -> Place:
        """Where the score maps say that targets are; and the scene, where one is known."""
        maps = self.model.score(features, state.model)
        index = best_scale(maps, self.config.localization)
        view = _at_scale(told.views, index)
        # ATOM moves by cells of the last scale, not of the one that it found
        is_nominal = self.config.search.geometry == "nominal"
        cells = CropView(view.centre, told.scale, view.size_wh) if is_nominal else view
        scene = state.scene
        if self.scene is None:
            peak = localize(maps, index, cells, told.centre, told.size, self.config.localization)
        else:
            peak, scene = self.scene.localize(maps, layer3, view, told.size, scene)
        moved = cells.centre + peak.displacement * cells.scale[:, None]
        return Place(peak, view, keep_inside(moved, told.size, frame.size_wh), scene)

    def _measure(
        self,
        layers: tuple[Tensor, Tensor],
        place: Place,
        told: Briefing,
        state: DiscriminativeState,
    ) -> Sighting:
        """Box and finding of each target."""
        peak, view, centre, size = place.peak, place.view, place.centre, told.size
        is_refined = torch.zeros_like(peak.finding, dtype=torch.bool)
        if self.config.refines_boxes:
            overlap = self.network.bb_regressor.overlap_in(
                *self._best_layers(layers, peak.scale_index), _pair(state.modulation)
            )
            refined = refine(overlap, _box_in_crop(view, centre, size), told.draws, self.config.refinement)
            better_centre, better_size = refined.in_frame(view)
            is_refined = refined.found
            centre = torch.where(is_refined[:, None], better_centre, centre)
            size = torch.where(is_refined[:, None], better_size, size)
        return Sighting(centre, size, is_refined, peak.score, peak.finding, peak.scale_index)

    def _best_layers(
        self, layers: tuple[Tensor, Tensor], scale_index: Integer[Tensor, " N"]
    ) -> tuple[Tensor, Tensor]:
        """The backbone's features at the best scale."""
        scales = len(self.config.search.scale_factors)
        if scales == 1:
            return layers
        rows = torch.arange(len(scale_index), device=self.device) * scales + scale_index
        return layers[0][rows], layers[1][rows]

    def _draw(
        self, state: DiscriminativeState, generators: Sequence[torch.Generator]
    ) -> Float[Tensor, "N R 4"]:
        """The draws of this frame; those that the last one had no use for are not drawn again."""
        if not self.config.refines_boxes:
            return state.draws
        fresh = draw_uniform(generators, self.config.refinement, (~state.is_drawn).tolist())
        state.draws = torch.where(state.is_drawn[:, None, None], state.draws, fresh)
        return state.draws

    def _learn(
        self,
        features: Float[Tensor, "N C h w"],
        scene: TargetState,
        view: CropView,
        sighting: Sighting,
        state: DiscriminativeState,
    ) -> None:
        """Remembers what was seen for sure, and improves the target models whose turn it is."""
        learning, memory = self.config.learning, self.config.memory
        is_contested = sighting.finding == HARD_NEGATIVE
        is_sure = (sighting.finding == FOUND) | is_contested
        state.age += 1
        if self.scene is not None:
            boxes = _box_in_crop(view, state.centre, state.size)
            self.scene.follow(scene, boxes, sighting.finding != MISSING, state.scene)
        if is_sure.any():
            sure = is_sure.nonzero()[:, 0]
            rates = torch.where(is_contested, memory.hard_negative_rate, memory.learning_rate)
            # the box as it was measured, also where the state goes back to an older one
            boxes = _box_in_crop(view, sighting.centre, state.size).to(self.device)
            here = sure.to(self.device)
            self.model.remember(features[here], boxes[here], rates[sure], state.model, sure)
        steps = torch.where(state.age % learning.interval == 0, learning.steps, 0)
        steps = torch.where(is_contested, learning.hard_negative_steps, steps)
        if not learning.improves_unseen:
            steps = torch.where(is_sure, steps, 0)
        for count in sorted(set(steps.tolist()) - {0}):
            self.model.improve(state.model, (steps == count).nonzero()[:, 0], steps=count)

    def _estimate(self, sighting: Sighting, state: DiscriminativeState) -> Estimate:
        boxes = torch.cat([state.centre - (state.size - 1) / 2, state.size], dim=1)
        status = torch.tensor(STATUS, dtype=torch.int8)[sighting.finding]
        return Estimate(boxes, sighting.score, status)


def _nowhere() -> Float[Tensor, "1 2"]:
    return torch.full((1, 2), torch.nan)


def _at_scale(views: CropView, scale_index: Integer[Tensor, " N"]) -> CropView:
    """The view of each target at one of its scales."""
    return views[torch.arange(len(scale_index), device=scale_index.device), scale_index]


def _pair(modulation: tuple[Tensor, ...]) -> Modulation:
    fine, coarse = modulation
    return fine, coarse


def _box_in_crop(
    view: CropView, centre: Float[Tensor, "N 2"], size: Float[Tensor, "N 2"]
) -> Float[Tensor, "N 4"]:
    """The boxes (x, y, w, h) of targets in crop pixels, their centres and sizes being in frame pixels."""
    inside = size / view.scale[:, None]
    return torch.cat([view.to_crop(centre) - (inside - 1) / 2, inside], dim=1)

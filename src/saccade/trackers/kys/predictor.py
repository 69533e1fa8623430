"""The response predictor: where the target is, by what is known of its surroundings (KYS, section 3).

Each cell of the search region has a state vector that says what is there: target, distractor, background.
From frame to frame these vectors are carried along with what they describe, and are kept up to date.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from saccade.core.errors import ConfigError
from saccade.core.ranges import at_least, check_ranges
from saccade.nets.convolution import ManyMapsConv2d
from saccade.ops.constants import literal
from saccade.ops.cost_volume import cost_volume

STEADY = 1e-4
"""added to probabilities before their logarithm is taken"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictorConfig:
    """What a response predictor is made of."""

    patch: int = 3
    """cells along each side of the patches by which two frames are compared; odd"""
    reach: int = 9
    """cells by which anything may move from frame to frame, along each axis"""
    state_channels: int = 8
    """numbers in a state vector"""
    hidden_channels: tuple[int, ...] = (16,)
    """channels of the layers between what is known of a cell and its response"""
    kernel: int = 3
    """taps of the recurrent unit's convolutions along each axis; odd"""
    confidence: Literal["entropy", "max"] = "entropy"
    """how sure it is where a cell comes from: entropy or maximum of the probabilities"""

    def __post_init__(self) -> None:
        check_ranges(
            "network.predictor",
            self,
            patch=at_least(1),
            reach=at_least(0),
            state_channels=at_least(1),
            hidden_channels=at_least(1),
            kernel=at_least(1),
        )
        for name in ("patch", "kernel"):
            if getattr(self, name) % 2 == 0:
                raise ConfigError(f"network.predictor.{name} is {getattr(self, name)}; it must be odd")


class Fusion(NamedTuple):
    """What a response predictor makes of a frame of N targets.

    Attributes:
        response: where each is, in [0, 1].
        unbounded: the same, also where the filter's score is low.
        moved: the state vectors of the last frame, carried along into this one.
        state: those of this frame.
    """

    response: Float[Tensor, "N h w"]
    unbounded: Float[Tensor, "N h w"]
    moved: Float[Tensor, "N D h w"]
    state: Float[Tensor, "N D h w"]


class ResponsePredictor(nn.Module):
    """Carries state vectors into the next frame, and fuses them with the scores of a filter there.

    Everything is batched over N targets. Parameters have the names of the original's checkpoints.
    """

    never_run = ("is_target_predictor",)

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.config = config
        channels = config.state_channels
        layers = (channels + 2, *config.hidden_channels)
        self.cost_volume_proc1 = MatchingHead()
        self.cost_volume_proc2 = MatchingHead()
        self.representation_predictor = nn.Sequential(*(_block(*sizes) for sizes in pairwise(layers)))
        self.response_predictor = nn.Sequential(_block(layers[-1], 1, has_relu=False))
        self.state_predictor = ConvGRU(4, channels, config.kernel)
        self.init_hidden_state_predictor = nn.Sequential(
            nn.Sequential(nn.Conv2d(1, channels, 3, padding=1, bias=False))
        )
        # tells during training whether states know the target from all else
        self.is_target_predictor = nn.Sequential(_block(channels, 4), _block(4, 1, has_relu=False))
        self.apply(_initialise)

    def first_state(self, label: Float[Tensor, "N h w"]) -> Float[Tensor, "N D h w"]:
        """The state vectors of a frame in which nothing is known but where the target is."""
        state: Tensor = self.init_hidden_state_predictor(label[:, None])
        return state.tanh()

    def forward(
        self,
        features: Float[Tensor, "N C h w"],
        last_features: Float[Tensor, "N C h w"],
        state: Float[Tensor, "N D h w"],
        scores: Float[Tensor, "N h w"],
        *,
        least_score: float,
        window: Float[Tensor, "h w"] | float = 1.0,
    ) -> Fusion:
        """The response in a frame and the state vectors there, and what they are made of.

        Args:
            features: of the frame.
            last_features: of the last frame.
            state: of the last frame.
            scores: of the target's filter in the frame.
            least_score: score of the filter up to which the response is 0.
            window: what responses are multiplied with.
        """
        origin = self.origins(features, last_features)
        moved = propagate(state, origin)
        known = torch.cat([moved, scores[:, None], self.confidence(origin)[:, None]], dim=1)
        unbounded = self.response_predictor(self.representation_predictor(known)).sigmoid()
        response = unbounded * (scores[:, None] > least_score) * window
        seen = torch.cat([scores[:, None], response], dim=1)
        highest = seen.amax(dim=(-2, -1), keepdim=True).expand_as(seen)
        later = self.state_predictor(torch.cat([seen, highest], dim=1), moved)
        return Fusion(response[:, 0], unbounded[:, 0], moved, later)

    def presence(self, state: Float[Tensor, "N D h w"]) -> Float[Tensor, "N h w"]:
        """What states know of where the target is, as a logit for each cell."""
        logits: Tensor = self.is_target_predictor(state)
        return logits[:, 0]

    def origins(
        self, features: Float[Tensor, "N C h w"], last_features: Float[Tensor, "N C h w"]
    ) -> Float[Tensor, "N P h w"]:
        """Where the content of each cell was in the last frame: a probability for each of its P = h w cells.

        Each cell of the last frame is first looked for in this one, by a softmax over where it may be; then
        each cell of this one chooses, by a softmax over those that claim it.
        """
        volume = cost_volume(
            features.float(), last_features.float(), patch=self.config.patch, reach=self.config.reach
        )
        matches: Tensor = self.cost_volume_proc1(volume.flatten(1, 2))
        destinations = matches.flatten(2).softmax(dim=2).reshape(matches.shape)
        origins: Tensor = self.cost_volume_proc2(destinations).softmax(dim=1)
        return origins

    def confidence(self, origin: Float[Tensor, "N P h w"]) -> Float[Tensor, "N h w"]:
        """How sure it is where each cell comes from."""
        if self.config.confidence == "max":
            return origin.amax(dim=1)
        return -(origin * (origin + STEADY).log()).sum(dim=1)


class MatchingHead(nn.Sequential):
    """Makes sharp what each cell of the last frame matches, on its map of all cells of this one."""

    def __init__(self) -> None:
        super().__init__(_block(1, 8, has_norm=True), _block(8, 1, has_norm=True, has_relu=False))
        self.is_split = False

    def forward(self, maps: Float[Tensor, "N P h w"]) -> Float[Tensor, "N P h w"]:
        parts = maps if self.is_split else maps.flatten(0, 1)[None]
        sharp = []
        for part in parts:
            each = part[:, None]
            for block in self:
                each = block(each)
            sharp.append(each)
        return torch.stack(sharp).reshape(maps.shape)

    def prepare(self) -> None:
        """On a CPU, go target by target, whose maps its cache holds, and lay them out as it wants them."""
        for block in self:
            assert isinstance(block, nn.Sequential)
            convolution = block[0]
            if isinstance(convolution, nn.Conv2d) and convolution.weight.device.type == "cpu":
                block[0], self.is_split = ManyMapsConv2d(convolution), True


class AlignedPredictor(nn.Module):
    """A response predictor for scores of even filters, which lie between the cells of the features.

    Scores and labels are moved towards the cells before, and responses back afterwards; states stay. The
    original means half a cell, but moves by a quarter of one, as its unit is half a map.
    """

    def __init__(self, config: PredictorConfig) -> None:
        super().__init__()
        self.predictor = ResponsePredictor(config)

    def first_state(self, label: Float[Tensor, "N h w"]) -> Float[Tensor, "N D h w"]:
        """See `ResponsePredictor.first_state`."""
        return self.predictor.first_state(_onto_cells(label))

    def forward(
        self,
        features: Float[Tensor, "N C h w"],
        last_features: Float[Tensor, "N C h w"],
        state: Float[Tensor, "N D h w"],
        scores: Float[Tensor, "N h w"],
        *,
        least_score: float,
        window: Float[Tensor, "h w"],
    ) -> tuple[Float[Tensor, "N h w"], Float[Tensor, "N D h w"]]:
        """The response and the state vectors; see `ResponsePredictor.forward`."""
        fusion: Fusion = self.predictor(
            features, last_features, state, _onto_cells(scores), least_score=least_score, window=window
        )
        return _onto_cells(fusion.response, back=True), fusion.state

    def fuse(
        self,
        features: Float[Tensor, "N C h w"],
        last_features: Float[Tensor, "N C h w"],
        state: Float[Tensor, "N D h w"],
        scores: Float[Tensor, "N h w"],
        *,
        least_score: float,
    ) -> Fusion:
        """All that a training asks for; see `ResponsePredictor.forward`."""
        fusion: Fusion = self.predictor(
            features, last_features, state, _onto_cells(scores), least_score=least_score
        )
        response, unbounded = (_onto_cells(maps, back=True) for maps in (fusion.response, fusion.unbounded))
        return fusion._replace(response=response, unbounded=unbounded)

    def presence(self, state: Float[Tensor, "N D h w"]) -> Float[Tensor, "N h w"]:
        """See `ResponsePredictor.presence`."""
        return _onto_cells(self.predictor.presence(state), back=True)


class ConvGRU(nn.Module):
    """A gated recurrent unit in each cell, that sees the cells around it (Ballas et al. 2016)."""

    def __init__(self, inputs: int, channels: int, kernel: int) -> None:
        super().__init__()
        both, padding = inputs + channels, kernel // 2
        self.conv_reset = nn.Conv2d(both, channels, kernel, padding=padding)
        self.conv_update = nn.Conv2d(both, channels, kernel, padding=padding)
        self.conv_state_new = nn.Conv2d(both, channels, kernel, padding=padding)

    def forward(
        self, x: Float[Tensor, "N c h w"], state: Float[Tensor, "N D h w"]
    ) -> Float[Tensor, "N D h w"]:
        both = torch.cat([x, state], dim=1)
        reset, update = self.conv_reset(both).sigmoid(), self.conv_update(both).sigmoid()
        proposed = self.conv_state_new(torch.cat([x, reset * state], dim=1)).tanh()
        return (1 - update) * state + update * proposed


def propagate(state: Float[Tensor, "N D h w"], origin: Float[Tensor, "N P h w"]) -> Float[Tensor, "N D h w"]:
    """The state vectors of the cells that the content of each cell comes from, averaged."""
    return (state.flatten(2) @ origin.flatten(2)).reshape(state.shape)


def shift(maps: Float[Tensor, "N c h w"], by: Float[Tensor, "N 2"]) -> Float[Tensor, "N c h w"]:
    """Maps read `by` (x, y) half sizes further right and down, bilinearly; what lies beyond them is 0.

    All cells of a map move alike, so that rows and columns can be taken one after the other.
    """
    height, width = maps.shape[-2:]
    along_x, along_y = _hats(width, by[:, 0]), _hats(height, by[:, 1])
    cells = maps.permute(0, 2, 3, 1)  # as they lie in memory, where there are many channels
    moved: Tensor = (along_y @ cells.flatten(2)).unflatten(2, cells.shape[2:])
    moved = along_x[:, None] @ moved
    return moved.permute(0, 3, 1, 2)


def _hats(side: int, by: Float[Tensor, " N"]) -> Float[Tensor, "N side side"]:
    """How much of each cell (last axis) is read in the place of each (the axis before)."""
    cells = torch.arange(side, dtype=by.dtype, device=by.device)
    read = cells + 0.5 * side * by[:, None]
    return (1 - (read[..., None] - cells).abs()).clamp(min=0)


def _onto_cells(scores: Float[Tensor, "N h w"], *, back: bool = False) -> Float[Tensor, "N h w"]:
    height, width = scores.shape[-2:]
    by = literal((0.5 / width, 0.5 / height), scores).expand(len(scores), 2)
    return shift(scores[:, None], by if back else -by)[:, 0]


def _block(inputs: int, outputs: int, *, has_norm: bool = False, has_relu: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(inputs, outputs, 3, padding=1)]
    if has_norm:
        layers.append(nn.BatchNorm2d(outputs))
    if has_relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_in")
        if module.bias is not None:
            nn.init.zeros_(module.bias)

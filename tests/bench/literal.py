"""A training pipeline as textbooks have it: one class a step, each of which hands whole frames to the next.

It follows the steps of DiMP's training to the letter and in their order, from the same dice, and is what the
package's pipeline is measured against, for speed and for being right.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from saccade.data.samples.dice import Dice
from saccade.data.samples.processing import Processing
from saccade.data.samples.proposals import GaussianProposals, PerturbedProposals

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

Item = dict[str, Any]


@dataclass
class Transform:
    """A step that rolls, and changes an image and the box in it accordingly."""

    dice: Dice

    def roll(self) -> Any:
        return None

    def image(self, image: Any, rolled: Any) -> Any:
        return image

    def point(self, x: Tensor, y: Tensor, size_wh: tuple[int, int], rolled: Any) -> tuple[Tensor, Tensor]:
        return x, y

    def box(self, box: Tensor, size_wh: tuple[int, int], rolled: Any) -> Tensor:
        x, y, w, h = box
        xs, ys = torch.stack([x, x + w, x + w, x]), torch.stack([y, y, y + h, y + h])
        xs, ys = self.point(xs, ys, size_wh, rolled)
        low, high = torch.stack([xs.min(), ys.min()]), torch.stack([xs.max(), ys.max()])
        return torch.cat([low, high - low])


@dataclass
class ToGrayscale(Transform):
    probability: float

    def roll(self) -> bool:
        return self.dice.random.random() < self.probability

    def image(self, image: np.ndarray, rolled: bool) -> np.ndarray:
        if not rolled:
            return image
        gray = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        return np.stack([gray, gray, gray], axis=2)


@dataclass
class RandomFlip(Transform):
    probability: float

    def roll(self) -> bool:
        return self.dice.random.random() < self.probability

    def image(self, image: Any, rolled: bool) -> Any:
        if not rolled:
            return image
        return image.flip((2,)) if isinstance(image, Tensor) else np.fliplr(image).copy()

    def point(self, x: Tensor, y: Tensor, size_wh: tuple[int, int], rolled: bool) -> tuple[Tensor, Tensor]:
        return (size_wh[0] - 1) - x if rolled else x, y


@dataclass
class ToTensorAndJitter(Transform):
    brightness: float

    def roll(self) -> float:
        return float(self.dice.numpy.uniform(max(0.0, 1 - self.brightness), 1 + self.brightness))

    def image(self, image: np.ndarray, rolled: float) -> Tensor:
        tensor = torch.from_numpy(image.transpose((2, 0, 1)))
        return tensor.float().mul(rolled / 255.0).clamp(0.0, 1.0)


@dataclass
class Normalize(Transform):
    def image(self, image: Tensor, rolled: None) -> Tensor:
        return (image - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]


@dataclass
class Pipeline:
    """Steps one after another, each on all images before the next; together or each image by itself."""

    steps: Sequence[Transform]

    def rolls(self) -> list[Any]:
        return [step.roll() for step in self.steps]

    def __call__(self, image: Any, box: Tensor, rolls: Sequence[Any]) -> tuple[Any, Tensor]:
        for step, rolled in zip(self.steps, rolls, strict=True):
            shape = image.shape[-2:] if isinstance(image, Tensor) else image.shape[:2]
            image, box = step.image(image, rolled), step.box(box, (shape[1], shape[0]), rolled)
        return image, box


@dataclass
class JitteredBox:
    centre: float
    scale: float

    def __call__(self, box: Tensor, dice: Dice) -> Tensor:
        size = box[2:4] * torch.exp(torch.randn(2, generator=dice.torch) * self.scale)
        reach = (size.prod().sqrt() * torch.tensor(self.centre)).float()
        offset = reach * (torch.rand(2, generator=dice.torch) - 0.5)
        centre = box[:2] + 0.5 * box[2:4] + offset
        return torch.cat((centre - 0.5 * size, size), dim=0)


def sample_target(image: np.ndarray, box: Tensor, area: float, side: int) -> tuple[np.ndarray, float]:
    """A square around the box, which keeps its middle."""
    x, y, w, h = box.tolist()
    crop = math.ceil(math.sqrt(w * h) * area)
    x1, y1 = round(x + 0.5 * w - crop * 0.5), round(y + 0.5 * h - crop * 0.5)
    padded = _padded(image, x1, y1, x1 + crop, y1 + crop)
    return cv2.resize(padded, (side, side)), side / crop


def sample_target_adaptive(
    image: np.ndarray, box: Tensor, area: float, size_wh: tuple[int, int], mode: str, most: float | None
) -> tuple[np.ndarray, Tensor]:
    """A rectangle around the box, moved into the frame and, in some modes, shrunk."""
    height, width = image.shape[:2]
    output = torch.Tensor(size_wh)
    crop = (output * ((box[2] * box[3] / output.prod()).sqrt() * area)).ceil()
    if mode.startswith("inside"):
        ratios = crop[0].item() / width, crop[1].item() / height
        shrink = min(max(1.0, max(ratios) if mode == "inside" else min(ratios)), most or math.inf)
        crop = torch.tensor([math.floor(side / shrink) for side in crop.tolist()])
    edges = []
    for start, side, extent, frame in zip(
        box[:2].tolist(), crop.tolist(), box[2:].tolist(), (width, height), strict=True
    ):
        low = round(start + extent / 2 - side / 2)
        high = low + int(side)
        shift = max(0, -low) + min(0, frame - high)
        low, high = low + shift, high + shift
        outside = (max(0, -low) + max(0, high - frame)) // 2
        if outside > 0:
            low, high = -outside, high - low - outside
        edges.append((low, high))
    (x1, x2), (y1, y2) = edges
    resized = cv2.resize(_padded(image, x1, y1, x2, y2), size_wh)
    return resized, torch.tensor([x1, y1, x2 - x1, y2 - y1], dtype=torch.float32)


def _padded(image: np.ndarray, x1: int, y1: int, x2: int, y2: int) -> np.ndarray:
    height, width = image.shape[:2]
    left, right = max(0, -x1), max(x2 - width + 1, 0)
    top, bottom = max(0, -y1), max(y2 - height + 1, 0)
    patch = image[y1 + top : y2 - bottom, x1 + left : x2 - right, :]
    return cv2.copyMakeBorder(patch, top, bottom, left, right, cv2.BORDER_REPLICATE)


def iou(first: Tensor, second: Tensor) -> Tensor:
    low = torch.max(first[:, :2], second[:, :2])
    high = torch.min(first[:, :2] + first[:, 2:], second[:, :2] + second[:, 2:])
    common = (high - low).clamp(0).prod(dim=1)
    return common / (first[:, 2:].prod(dim=1) + second[:, 2:].prod(dim=1) - common)


def perturb_box(box: Tensor, min_iou: float, sigmas: Sequence[float], dice: Dice) -> tuple[Tensor, Tensor]:
    """A box that overlaps the target enough, found by trying."""
    sigma = dice.random.choice(sigmas)
    spread = torch.full((4,), float((box[2] * box[3]).sqrt() * sigma))

    def small(side: Tensor) -> Tensor:
        return side * (0.15 + 0.35 * torch.rand(1, generator=dice.torch)[0])

    for _ in range(100):
        cx = dice.random.gauss(float(box[0] + box[2] / 2), float(spread[0]))
        cy = dice.random.gauss(float(box[1] + box[3] / 2), float(spread[1]))
        w = dice.random.gauss(float(box[2]), float(spread[2]))
        h = dice.random.gauss(float(box[3]), float(spread[3]))
        width = torch.tensor(w) if w > 1 else small(box[2])
        height = torch.tensor(h) if h > 1 else small(box[3])
        perturbed = torch.stack([cx - 0.5 * width, cy - 0.5 * height, width, height]).round()
        if perturbed[2] <= 1:
            perturbed[2] = small(box[2])
        if perturbed[3] <= 1:
            perturbed[3] = small(box[3])
        overlap = iou(perturbed.view(1, 4), box.view(1, 4))
        if overlap > min_iou:
            break
        spread *= 0.9
    return perturbed, overlap[0]


def _perturbed(settings: PerturbedProposals, box: Tensor, dice: Dice) -> Item:
    boxes, overlaps = torch.zeros(settings.count, 4), torch.zeros(settings.count)
    for place in range(settings.count):
        boxes[place], overlaps[place] = perturb_box(box, settings.min_iou, settings.sigmas, dice)
    return {"proposals": boxes, "proposal_ious": overlaps * 2 - 1}


def _gaussian(settings: GaussianProposals, box: Tensor, dice: Dice) -> Item:
    sigmas = torch.tensor([(c, c, s, s) for c, s in settings.sigmas])
    component = torch.randint(len(sigmas), (settings.count,), generator=dice.torch)
    offsets = sigmas[component] * torch.randn(settings.count, 4, generator=dice.torch)
    relative = torch.cat([(box[:2] + box[2:] / 2) / box[2:], box[2:].log()]) + offsets
    size = relative[:, 2:].exp()
    boxes = torch.cat([relative[:, :2] * box[2:] - size / 2, size], dim=1)

    def density(sigma: Tensor) -> Tensor:
        return (torch.exp(-0.5 * (offsets / sigma) ** 2) / (math.sqrt(2 * math.pi) * sigma)).prod(dim=1)

    truth = torch.tensor([settings.truth_sigma[0]] * 2 + [settings.truth_sigma[1]] * 2)
    return {
        "proposals": boxes,
        "proposal_densities": torch.stack([density(sigma) for sigma in sigmas]).mean(dim=0),
        "truth_densities": density(truth),
    }


def gaussian_label(box: Tensor, sigma: float, kernel: int, cells: int, side: int) -> Tensor:
    """The score map of one frame of `side` pixels, by `cells` cells and one."""
    centre = cells * ((box[:2] + 0.5 * box[2:]) / side - 0.5) + 0.5 * ((kernel + 1) % 2)
    grid = torch.arange(-(cells - 1) / 2, (cells + 1) / 2 + (kernel + 1) % 2)
    width = sigma * cells
    gauss_x = torch.exp(-0.5 * ((grid - centre[0]) / width) ** 2)
    gauss_y = torch.exp(-0.5 * ((grid - centre[1]) / width) ** 2)
    return gauss_y.view(-1, 1) * gauss_x.view(1, -1)


class LiteralProcessing:
    """The processing of DiMP, PrDiMP and SuperDiMP with the settings of the package's."""

    def __init__(self, settings: Processing, dice: Dice) -> None:
        self.settings = settings
        joint = settings.joint
        self.together = Pipeline(
            [ToGrayscale(dice, joint.grayscale)] + ([RandomFlip(dice, joint.flip)] if joint.flip else [])
        )
        changes = settings.changes
        flip = [RandomFlip(dice, changes.flip)] if changes.flip else []
        self.apart = Pipeline([ToTensorAndJitter(dice, changes.brightness), *flip, Normalize(dice)])
        self.dice = dice

    def __call__(self, train: Item, test: Item) -> dict[str, Item]:
        """Each of them holds lists of images and boxes."""
        data = {"train": train, "test": test}
        rolls = self.together.rolls()
        for part in data.values():
            pairs = [self.together(*row, rolls) for row in zip(part["images"], part["boxes"], strict=True)]
            part["images"], part["boxes"] = map(list, zip(*pairs, strict=True))
        for name, part in data.items():
            self._crop(part, getattr(self.settings, f"{name}_jitter"))
            rows = zip(part["images"], part["boxes"], strict=True)
            pairs = [self.apart(image, box, self.apart.rolls()) for image, box in rows]
            part["images"], part["boxes"] = map(list, zip(*pairs, strict=True))
        self._propose(data["test"])
        for part in data.values():
            for key, values in part.items():
                part[key] = torch.stack(values)
            self._label(part)
        return data

    def _crop(self, part: Item, jitter: Any) -> None:
        crop = self.settings.crop
        draw = JitteredBox(jitter.centre[0], jitter.scale)
        around = [draw(box, self.dice) for box in part["boxes"]]
        images, boxes = [], []
        for image, box, middle in zip(part["images"], part["boxes"], around, strict=True):
            if crop.mode == "centred":
                pixels, factor = sample_target(image, middle, crop.area, crop.size_wh[0])
                offset = box[:2] + 0.5 * box[2:] - (middle[:2] + 0.5 * middle[2:])
                centre = (crop.size_wh[0] - 1) / 2 + offset * factor
                moved = torch.cat([centre - 0.5 * box[2:] * factor, box[2:] * factor])
            else:
                pixels, region = sample_target_adaptive(
                    image, middle, crop.area, crop.size_wh, crop.mode, crop.max_scale_change
                )
                factor = torch.tensor(crop.size_wh) / region[2:]
                moved = torch.cat([(box[:2] - region[:2]) * factor, box[2:] * factor])
            images.append(pixels)
            boxes.append(moved)
        part["images"], part["boxes"] = images, boxes

    def _propose(self, part: Item) -> None:
        settings = self.settings.proposals
        draw: Callable[..., Item] = _perturbed if isinstance(settings, PerturbedProposals) else _gaussian
        found = [draw(settings, box, self.dice) for box in part["boxes"]]
        for key in found[0]:
            part[key] = [row[key] for row in found]

    def _label(self, part: Item) -> None:
        labels = self.settings.labels
        assert labels is not None
        rows = [
            gaussian_label(
                box, labels.sigma, labels.kernel, labels.cells_wh[0], self.settings.crop.size_wh[0]
            )
            for box in part["boxes"]
        ]
        part["labels"] = torch.stack(rows)

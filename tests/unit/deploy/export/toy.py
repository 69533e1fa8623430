"""A detector so small that a file of it is written in a second."""

from typing import Any

import torch
from torch import Tensor, nn

from saccade.deploy.export.part import Part
from saccade.deploy.export.run import SAYS
from saccade.deploy.export.selection import select

SIZE = (32, 48)
"""(height, width) of its pictures"""
CLASSES = ("dark", "light")
ABOUT: dict[str, Any] = {
    "format": SAYS,
    "model": "toy",
    "part": "detections",
    "classes": list(CLASSES),
    "limits": {"threshold": 0.2, "nms": 0.5, "max_detections": 10},
    "sight": {"size": SIZE, "inner": SIZE, "shorter": 32, "longer": 48, "fill": [0.0, 0.0, 0.0]},
}


class Toy(nn.Module):
    """Cells of 8 pixels are light or dark."""

    def __init__(self) -> None:
        super().__init__()
        ys, xs = torch.meshgrid(torch.arange(0, 32, 8), torch.arange(0, 48, 8), indexing="ij")
        corners = torch.stack([xs.flatten(), ys.flatten()], 1).float()
        self.register_buffer("boxes", torch.cat([corners, corners + 8], 1))
        self.mean = nn.Conv2d(3, 1, 8, stride=8)
        nn.init.constant_(self.mean.weight, 1 / 192)
        nn.init.zeros_(self.mean.bias)

    def forward(self, pictures: Tensor, sizes: Tensor) -> Any:
        light = self.mean(pictures).flatten(1)[..., None]
        edges = sizes.flip(1).repeat(1, 2)[:, None]
        boxes = torch.minimum(self.boxes.expand(light.shape[0], -1, -1), edges)
        return select(
            boxes[:, :, None],
            torch.cat([1 - light, light], 2),
            torch.arange(2),
            limit=10,
            threshold=0.2,
            nms=0.5,
        )


def toy(*pictures: Tensor) -> Part:
    """The part of a model, with these pictures as examples."""
    network = Toy().requires_grad_(False)
    size = torch.tensor([SIZE], dtype=torch.float32)
    return Part(
        name="detections",
        kind="detections",
        network=network,
        reference=network,
        ready=network,
        inputs=("pictures", "sizes"),
        outputs=("boxes", "scores", "labels"),
        examples=[(picture[None], size) for picture in pictures or (shaded(0), shaded(1))],
    )


def shaded(seed: int) -> Tensor:
    """A picture whose cells are of many shades."""
    generator = torch.Generator().manual_seed(seed)
    cells = torch.rand(1, 1, SIZE[0] // 8, SIZE[1] // 8, generator=generator)
    return nn.functional.interpolate(cells, SIZE, mode="nearest")[0].expand(3, -1, -1).contiguous()

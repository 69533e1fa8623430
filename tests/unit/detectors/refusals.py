"""What every detection network refuses, and what the refusal names."""

from typing import Any

import torch

NOTHING: dict[str, Any] = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
PICTURE = torch.full((3, 64, 64), 0.5)


def _target(*corners: float, label: int = 0) -> dict[str, Any]:
    return {"boxes": torch.tensor([corners]), "labels": torch.tensor([label])}


PICTURES = {
    "0 to 255": (PICTURE * 255, "values from 128 to 128; expected 0 to 1: divide it by 255"),
    "bytes": ((PICTURE * 255).to(torch.uint8), "is uint8 of shape"),
    "normalised": (PICTURE * 4 - 4, "leave normalising to the network"),
    "gray": (PICTURE[:1], r"of shape \(1, 64, 64\); expected"),
    "channels last": (PICTURE.permute(1, 2, 0), "expected floats of shape"),
    "without pixels": (PICTURE[:, :0], "expected floats of shape"),
}
"""pictures that are none, by what they are; and the complaint"""
TARGETS = {
    "missing": (None, "no targets for 2 images"),
    "too few": ([NOTHING], "1 targets for 2 images"),
    "no width": ([NOTHING, _target(9, 9, 9, 20)], r"image 1 of the batch, box 0: \(9, 9, 9, 20\)"),
    "turned round": ([_target(9, 9, 2, 20), NOTHING], "image 0 of the batch, box 0"),
    "no number": ([NOTHING, _target(9, 9, float("nan"), 20)], "image 1 of the batch, box 0"),
    "no class": ([NOTHING, _target(1, 1, 9, 9, label=2)], "label 2; expected .* a label from 0 to 1"),
    "background": ([NOTHING, _target(1, 1, 9, 9, label=-1)], "label -1"),
    "flat": ([NOTHING, {"boxes": torch.zeros(0), "labels": NOTHING["labels"]}], "also for N = 0"),
    "rows apart": ([NOTHING, {"boxes": torch.zeros(0, 4), "labels": torch.zeros(1).long()}], "expected"),
}
"""targets of two pictures and two classes that nothing can be learned from; and the complaint"""

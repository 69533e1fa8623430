"""What detectors learn from: every picture once a round, whoever makes it; and what they take over."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import mobilenet_v3_large, resnet50, resnet101, vgg16

from saccade.core import ConfigError, DatasetError, TrainingError, WeightsError
from saccade.core.errors import SaccadeWarning
from saccade.data.detection import AnnotatedImage, DetectionDataset
from saccade.data.detection.augment import Augmentation, Mosaic
from saccade.training.backbones import backbones
from saccade.training.detection import DetectionBatch, DetectionTask
from saccade.training.detection_feed import DetectionFeed
from saccade.training.fit import Machines, Plan, fit
from saccade.training.initialisation import initialise
from saccade.training.loop import Rhythm
from saccade.training.recipe import DetectionRecipe
from saccade.training.rounds import Rounds
from saccade.zoo.recipes import DETECTION, find_recipe
from tests.unit.training.toys import Log

CLASSES = ("square", "disk")
FILES = {
    "vgg16_features": vgg16,
    "mobilenet_v3_large": mobilenet_v3_large,
    "resnet50": resnet50,
    "resnet101": resnet101,
}
"""what torchvision's weight files are called, and what makes their networks"""
BACKBONES = {
    "fasterrcnn_resnet50_fpn": 265,
    "fasterrcnn_mobilenet_v3_large_320_fpn": 258,
    "rfcn_resnet101": 520,
}
"""tensors that the backbone of each has, at least"""


def annotated(folder: Path, number: int, boxes: Sequence[Sequence[float]]) -> AnnotatedImage:
    """A picture of white squares on grey."""
    pixels = np.full((48, 64, 3), 90, np.uint8)
    for x1, y1, x2, y2 in boxes:
        pixels[int(y1) : int(y2), int(x1) : int(x2)] = 255
    file = folder / f"p{number:02d}.png"
    cv2.imwrite(str(file), pixels)
    return AnnotatedImage(
        name=file.stem,
        file=file,
        annotation=None,
        size_wh=(64, 48),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        labels=np.zeros(len(boxes), np.int64),
        is_crowd=np.zeros(len(boxes), bool),
        is_difficult=np.zeros(len(boxes), bool),
        id=number,
    )


def squares(folder: Path, count: int = 6, **changes) -> DetectionDataset:
    """Pictures with a square each, but for the last, which has none."""
    folder.mkdir(parents=True, exist_ok=True)
    images = [
        annotated(folder, number, [(4 * number + 2, 6, 4 * number + 26, 34)] if number < count - 1 else [])
        for number in range(count)
    ]
    made = DetectionDataset(name="voc", root=folder, split="train", classes=CLASSES, images=tuple(images))
    return replace(made, **changes)


def recipe_for(name: str = "yolox_nano", **changes) -> DetectionRecipe:
    recipe = find_recipe(name)
    assert isinstance(recipe, DetectionRecipe)
    task = replace(
        recipe.task.of_classes(CLASSES).from_scratch(), **({"size": 64} if "yolox" in name else {})
    )
    return replace(recipe, **{"task": task, "samples": 6, "batch": 2, "epochs": 2, **changes})


def feed_for(folder: Path, recipe: DetectionRecipe | None = None, count: int = 6) -> DetectionFeed:
    return DetectionFeed(recipe or recipe_for(), (squares(folder, count),), (1.0,), 0)


@pytest.mark.parametrize(("counts", "weights"), [((5,), (1.0,)), ((4, 7), (1.0, 1.0)), ((4, 6), (2.0, 0.5))])
def test_every_picture_comes_as_often_as_its_weight_says(
    counts: tuple[int, ...], weights: tuple[float, ...]
) -> None:
    rounds = Rounds(counts, weights, seed=3)
    turns = 4
    seen = Counter(rounds.at(place) for place in range(turns * rounds.total))
    for number, (count, weight) in enumerate(zip(counts, weights, strict=True)):
        assert [seen[number, index] for index in range(count)] == [round(turns * weight)] * count
    orders = [[rounds.at(turn * rounds.total + place) for place in range(rounds.total)] for turn in (0, 1)]
    assert orders[0] != orders[1]


def test_a_sample_is_a_function_of_its_number(tmp_path: Path) -> None:
    feed = feed_for(tmp_path, count=8)
    whole, later = feed.train(0, 20), feed.train(11, 9)
    for index in (8, 2, 5):
        one, other = whole[11 + index], later[index]
        assert one.origins == other.origins
        assert torch.equal(one.images[0], other.images[0])
        assert torch.equal(one.targets[0]["boxes"], other.targets[0]["boxes"])


def test_pictures_stay_alone_in_the_last_epochs(tmp_path: Path) -> None:
    augmentation = Augmentation(mosaic=Mosaic(probability=1.0), plain_epochs=1)
    samples = feed_for(tmp_path, recipe_for(augmentation=augmentation)).train(0, 12)
    assert [samples[index].is_plain for index in range(12)] == [False] * 6 + [True] * 6


def test_all_pictures_of_a_step_have_one_size(tmp_path: Path) -> None:
    recipe = recipe_for(batch=3, samples=30, augmentation=Augmentation(scales=1))
    feed = feed_for(tmp_path, recipe)
    samples = feed.train(0, 120)
    sides = [
        feed.collate([samples[3 * step + k] for k in range(3)]).shapes["images"][2:] for step in range(40)
    ]
    assert all(sides[step] == sides[step // 10 * 10] for step in range(40))
    assert {side[0] for side in sides} <= {32, 64, 96}
    assert len(set(sides)) > 1


def test_a_picture_that_cannot_be_read_is_named_replaced_and_counted(tmp_path: Path) -> None:
    feed = feed_for(tmp_path, recipe_for(augmentation=Augmentation()))
    broken = feed.sets[0].images[2].file
    broken.write_bytes(broken.read_bytes()[:60])
    samples = feed.train(0, 6)
    with pytest.warns(SaccadeWarning, match=r"p02\.png: cannot be read.*another sample takes its place"):
        origins = [samples[index].origins[0] for index in range(6)]
    assert "voc/p02" not in origins
    assert samples.num_failures == 1


def test_data_that_nothing_can_be_learned_from_is_refused(tmp_path: Path) -> None:
    first = squares(tmp_path / "a")
    other = squares(tmp_path / "b", classes=("disk", "square"))
    with pytest.raises(
        ConfigError, match=r"classes square, disk, and .* disk, square; name those.*--classes"
    ):
        DetectionFeed(recipe_for(), (first, other), (1.0, 1.0), 0)
    with pytest.raises(DatasetError, match="no picture has a box"):
        DetectionFeed(recipe_for(), (replace(first, images=first.images[-1:]),), (1.0,), 0)
    with pytest.raises(DatasetError, match="no pictures"):
        DetectionFeed(recipe_for(), (replace(first, images=()),), (1.0,), 0)


def test_batches_are_drawn_with_their_boxes(tmp_path: Path) -> None:
    feed = feed_for(tmp_path, recipe_for(augmentation=Augmentation(flip=0.0)))
    samples = feed.train(0, 6)
    batch = feed.collate([samples[index] for index in range(6)])
    drawn = feed.draw(batch)
    assert drawn.shape == (640, 1280, 3)
    assert ((drawn[..., 0] > 200) & (drawn[..., 1] < 60)).any()  # the first class is red
    plain = batch.first(2).plain()
    assert len(plain["images"]) == len(plain["targets"]) == len(plain["origins"]) == 2


class Net(nn.Module):
    """A detector to try weights with."""

    class_parts = ("head",)

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(4, 4), nn.Linear(4, classes)


def test_for_other_classes_the_head_stays_random() -> None:
    theirs, task = Net(80), DetectionTask(Net(2))
    head = task.network.head.weight.clone()
    task.go_on_from(theirs.state_dict())
    assert torch.equal(task.network.body.weight, theirs.body.weight)
    assert torch.equal(task.network.head.weight, head)
    same = Net(2)
    task.go_on_from(same.state_dict())
    assert torch.equal(task.network.head.weight, same.head.weight)
    with pytest.raises(WeightsError, match=r"body\.weight.*same model"):
        task.go_on_from({"head.weight": head})


def test_a_file_of_another_number_of_classes_is_gone_on_from(tmp_path: Path) -> None:
    theirs = Net(80)
    torch.save(theirs.state_dict(), tmp_path / "coco.pth")
    task = DetectionTask(Net(2))
    initialise(task, str(tmp_path / "coco.pth"), None)
    assert torch.equal(task.network.body.bias, theirs.body.bias)


def test_published_files_bear_names_of_their_time(tmp_path: Path) -> None:
    name = "fasterrcnn_mobilenet_v3_large_320_fpn"
    theirs = find_recipe(name).task.build().network.state_dict()
    old = {
        key.replace("_blocks.0.0.", "_blocks.0.").replace("rpn.head.conv.0.0.", "rpn.head.conv."): value
        for key, value in theirs.items()
    }
    assert old.keys() != theirs.keys()
    task = recipe_for(name).task.build()
    task.go_on_from(old)
    own = task.network.state_dict()
    assert torch.equal(own["rpn.head.conv.0.0.weight"], theirs["rpn.head.conv.0.0.weight"])
    assert own["roi_heads.box_predictor.cls_score.weight"].shape[0] == 3


@pytest.mark.parametrize("name", ["ssd300_vgg16", "ssdlite320_mobilenet_v3_large", *BACKBONES])
def test_imagenet_weights_find_their_place_in_detectors(name: str) -> None:
    network = recipe_for(name).task.build().network
    (found,) = backbones(network)
    make = next(make for file, make in FILES.items() if f"/{file}-" in found.address)
    tensors = make(weights=None).state_dict()
    taken = found.taken(network, tensors)
    part = network.get_submodule(found.path)
    part.load_state_dict(taken, strict=False)
    assert len(taken) >= BACKBONES.get(name, 26)
    first = next(value for value in tensors.values() if value.ndim == 4)
    assert any(torch.equal(first, value) for value in part.state_dict().values())


SMALL = ("ssdlite320_mobilenet_v3_large", "yolox_nano", "fasterrcnn_mobilenet_v3_large_320_fpn")


@pytest.mark.parametrize("name", SMALL)
def test_a_batch_without_any_box_has_a_finite_loss(name: str, tmp_path: Path) -> None:
    recipe = recipe_for(name)
    feed = feed_for(tmp_path, recipe)
    samples = feed.train(0, 4)
    images = feed.collate([samples[index] for index in range(4)]).images
    nothing = {
        "boxes": torch.zeros(0, 4),
        "labels": torch.zeros(0, dtype=torch.int64),
        "is_crowd": torch.zeros(0, dtype=torch.bool),
    }
    batch = DetectionBatch(images[:2], (nothing, nothing), True, ("a", "b"))
    parts = recipe.task.build().train()(batch)
    assert parts["loss"].isfinite()
    assert all(name == "loss" or name.startswith("Loss/") for name in parts)


@pytest.mark.parametrize("name", DETECTION)
def test_the_settings_of_a_training_make_its_model(name: str) -> None:
    recipe = find_recipe(name)
    assert isinstance(recipe, DetectionRecipe)
    assert recipe.name == name
    assert DETECTION[recipe.model]().name == recipe.model
    assert recipe.task.of_classes(("a", "b")).network.classes == ("a", "b")


def plan_for(out: Path, folder: Path, **changes) -> Plan:
    recipe = recipe_for(**changes)
    return Plan(
        recipe=recipe,
        settings={"task.network.classes": list(CLASSES), "task.size": 64},
        feed=feed_for(folder, recipe),
        data=[{"dataset": "voc", "split": "train", "weight": 1.0}],
        out=out,
        machines=Machines(device="cpu", workers=0),
        rhythm=Rhythm(patience=2),
    )


def test_a_training_ends_once_its_patience_does(tmp_path: Path) -> None:
    scores = iter((0.1, 0.3, 0.2, 0.25, 0.9))
    plan = plan_for(tmp_path / "out", tmp_path / "data", epochs=8, validation_every=1)
    log = Log()
    fitted = fit(plan, log, lambda weights, epoch: {"mAP/voc": next(scores)})
    assert fitted.steps == 4 * 3
    assert fitted.weights.is_file()
    best = torch.load(tmp_path / "out" / "best.ckpt", weights_only=True)
    assert best["step"] == 2 * 3
    # run again, it has nothing left to do
    again = fit(plan, Log(), lambda weights, epoch: {"mAP/voc": next(scores)})
    assert again.steps == fitted.steps
    # with more patience it goes on
    patient = replace(plan, rhythm=Rhythm(patience=5))
    assert fit(patient, Log(), lambda weights, epoch: {"mAP/voc": 0.0}).steps > fitted.steps


def test_a_loss_that_is_no_number_stops_with_its_batch_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward = DetectionTask.forward

    def poisoned(self: DetectionTask, batch: DetectionBatch) -> dict[str, torch.Tensor]:
        parts = forward(self, batch)
        return parts | {"loss": parts["loss"] * float("nan")}

    monkeypatch.setattr(DetectionTask, "forward", poisoned)
    with pytest.raises(TrainingError, match="step 1: the loss is not finite"):
        fit(plan_for(tmp_path / "out", tmp_path / "data"), Log())
    kept = torch.load(tmp_path / "out" / "stopped" / "batch.pt", weights_only=True)
    assert len(kept["images"]) == 2
    assert kept["origins"][0].startswith("voc/p")
    assert (tmp_path / "out" / "stopped" / "batch.png").is_file()


def test_want_of_memory_is_answered_with_smaller_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: DetectionTask, batch: DetectionBatch) -> dict[str, torch.Tensor]:
        raise torch.OutOfMemoryError("too many")

    monkeypatch.setattr(DetectionTask, "forward", refuse)
    with pytest.raises(TrainingError, match=r"take smaller pictures \(--set task\.size"):
        fit(plan_for(tmp_path / "out", tmp_path / "data"), Log())

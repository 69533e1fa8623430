"""What a weight file looks like: by its constructor, else by the names of its tensors."""

import json
from pathlib import Path

import pytest
import torch

from saccade.weights import Checkpoint, Constructor, recognise
from saccade.weights.recognition import looks_like

NETWORKS = {
    "atom_resnet18": "ATOM",
    "dimpnet18": "DiMP-18",
    "dimpnet50": "DiMP-50 or SuperDiMP",
    "klcedimpnet18": "PrDiMP-18",
    "klcedimpnet50": "PrDiMP-50",
    "kysnet_res50": "KYS",
    "lwl_boxinit": "LWL with boxes",
    "lwl_stage2": "LWL",
    "resnet18_vggm": "the features of ECO",
    "super_dimp": "DiMP-50 or SuperDiMP",
    "super_dimp_simple": "SuperDiMP-simple",
}


def checkpoint(*names: str, made_by: str | None = None) -> Checkpoint:
    constructor = None if made_by is None else Constructor(made_by, {})
    return Checkpoint(Path("w.pth"), {name: torch.zeros(1) for name in names}, constructor)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_of_the_original_are_recognised(golden: Path, name: str) -> None:
    recorded = json.loads((golden / "keys" / f"{name}.json").read_text())
    keys = [entry[0] for entry in recorded["entries"]]
    made_by = recorded["constructor"].rpartition(".")[2]
    for found in (recognise(checkpoint(*keys)), recognise(checkpoint(*keys, made_by=made_by))):
        assert found is not None
        assert (found.title, found.constructor) == (NETWORKS[name], made_by)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            checkpoint("a.weight", "b", "c", "d"),
            "looks like no network that saccade knows (tensors: 4, such as a.weight, b, c)",
        ),
        (checkpoint(), "looks like no network that saccade knows (tensors: 0)"),
        (checkpoint("a.weight", made_by="mynet"), "was made by 'mynet', which saccade does not know"),
        (checkpoint(made_by="tompnet50"), "looks like ToMP-50 (tompnet50)"),
        (checkpoint(made_by="L2dimpnet18"), "looks like DiMP-18 with an L2 loss (L2dimpnet18)"),
        (checkpoint("bb_regressor.a", made_by="kysnet_res50"), "looks like KYS (kysnet_res50)"),
    ],
)
def test_what_a_file_looks_like_in_words(given: Checkpoint, said: str) -> None:
    assert looks_like(given) == said


@pytest.mark.parametrize(
    ("names", "constructor"),
    [
        (["hg.0.hg.0.0.a"], "hg1"),
        ([f"hg.{stack}.hg.0.0.a" for stack in range(2)], "hg2"),
        ([f"hg.{stack}.hg.0.0.a" for stack in range(4)], "hg"),
        ([f"hg.{stack}.hg.0.0.a" for stack in range(8)], "hg8"),
        (["deconv_layers.0.weight", "layer1.0.conv1.weight", "layer3.1.conv1.weight"], "pose_resnet18"),
        (["deconv_layers.0.weight", "layer1.0.conv1.weight", "layer3.5.conv1.weight"], "pose_resnet34"),
        (["deconv_layers.0.weight", "layer1.0.conv3.weight", "layer3.5.conv1.weight"], "pose_resnet50"),
        (["deconv_layers.0.weight", "layer1.0.conv3.weight", "layer3.22.conv1.weight"], "pose_resnet101"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pose_networks_are_told_by_how_deep_they_are(names: list[str], constructor: str) -> None:
    found = recognise(checkpoint(*names))
    assert found is not None and found.constructor == constructor


def test_pictures_are_prepared_as_the_network_was_trained() -> None:
    atom, lwl = (
        recognise(checkpoint(made_by="atom_resnet18")),
        recognise(checkpoint("label_encoder.a", "target_model.a")),
    )
    assert atom is not None and lwl is not None
    assert atom.preprocessing.colours == "rgb"
    assert atom.preprocessing.mean == pytest.approx([255 * m for m in (0.485, 0.456, 0.406)])
    assert atom.preprocessing.scale == pytest.approx([255 * s for s in (0.229, 0.224, 0.225)])
    assert (lwl.preprocessing.colours, lwl.preprocessing.scale) == ("bgr", (1, 1, 1))

"""`saccade train`: what is asked for is understood or refused, before anything is trained."""

import json
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from saccade.cli import main
from saccade.cli.train import workers_of
from saccade.cli.train_data import Given, mix
from saccade.core import ConfigError, DatasetError, SaccadeError
from saccade.training.recipe import Part
from saccade.zoo.recipes import RECIPES
from tests.unit.training.toys import toy_recipe

FRAMES = 25


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sequence, long enough to learn from."""
    root = tmp_path_factory.mktemp("sequences")
    folder = root / "s"
    (folder / "img").mkdir(parents=True)
    for index in range(FRAMES):
        cv2.imwrite(str(folder / "img" / f"{index:04d}.png"), np.full((40, 60, 3), 90, dtype=np.uint8))
    (folder / "groundtruth_rect.txt").write_text("9,9,9,9\n" * FRAMES)
    return root


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("folder=a b", Given("folder", None, None, Path("a b"))),
        ("lasot:train=/d/L", Given("lasot", "train", None, Path("/d/L"))),
        ("lasot@0.25=/d/L", Given("lasot", None, 0.25, Path("/d/L"))),
        # what stands behind the first = is a folder, whatever it is called
        ("lasot:train@2=/d/a=b:c@d", Given("lasot", "train", 2.0, Path("/d/a=b:c@d"))),
        # the field's other names
        ("davis17=/d", Given("davis2017", None, None, Path("/d"))),
    ],
)
def test_data_is_named_with_its_folder_its_split_and_its_weight(text: str, expected: Given) -> None:
    assert Given.of(text) == expected


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("lasot", ConfigError, "expected NAME=DIR"),
        ("=dir", ConfigError, "expected NAME=DIR"),
        ("lasot@much=/d", ConfigError, "expected a weight above 0"),
        ("lasot@-1=/d", ConfigError, "expected a weight above 0"),
        ("lasto=/d", DatasetError, "did you mean 'lasot'"),
        ("lasot:trian=/d", DatasetError, "did you mean 'train'"),
    ],
)
def test_data_that_cannot_be_understood_is_refused(text: str, error: type[SaccadeError], said: str) -> None:
    with pytest.raises(error, match=said):
        Given.of(text)


def test_what_is_given_takes_the_place_of_the_recipes_mixture(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = toy_recipe(
        data=(Part(dataset="folder", split="all", weight=0.5), Part(dataset="lasot", split="train")),
        validation=(Part(dataset="folder", split="all"),),
    )
    mixture, held_out, described = mix(recipe, [Given.of(f"folder={root}")])
    assert [
        (footage.name, weight) for footage, weight in zip(mixture.footages, mixture.weights, strict=True)
    ] == [("folder", 0.5)]
    assert held_out is not None
    assert described == [
        {"dataset": "folder", "split": "all", "weight": 0.5, "targets": 1, "root": str(root.resolve())}
    ]
    assert "toy also wants lasot, which no --data gives" in " ".join(capsys.readouterr().err.split())


def test_parts_of_one_data_set_share_the_weight_that_is_given(root: Path) -> None:
    recipe = toy_recipe(data=(Part(dataset="folder", weight=3.0),), validation=())
    mixture, held_out, _ = mix(recipe, [Given.of(f"folder@6={root}")])
    assert mixture.weights == (6.0,)
    assert held_out is None
    # what the recipe does not name has weight 1
    mixture, _, _ = mix(toy_recipe(data=(Part(dataset="lasot"),)), [Given.of(f"folder={root}")])
    assert mixture.weights == (1.0,)


def test_a_validation_part_that_is_not_there_is_named_and_left_out(
    root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from saccade.data.samples import opening

    def lacking(name: str, folder: Path, split: str | None, *, masks: bool) -> object:
        if split == "all":
            raise DatasetError(f"{folder}: no sequence in it")
        return found(name, folder, split, masks=masks)

    found = opening.open_footage
    monkeypatch.setattr(opening, "open_footage", lacking)
    recipe = toy_recipe(data=(Part(dataset="folder"),), validation=(Part(dataset="folder", split="all"),))
    _, held_out, _ = mix(recipe, [Given.of(f"folder={root}")])
    assert held_out is None
    assert "no loss is measured on folder:all" in " ".join(capsys.readouterr().err.split())


def test_the_same_data_twice_is_refused(root: Path) -> None:
    with pytest.raises(ConfigError, match="comes twice"):
        mix(toy_recipe(data=(Part(dataset="folder"),)), [Given.of(f"folder={root}")] * 2)


def test_recipes_that_learn_from_masks_refuse_boxes(root: Path) -> None:
    with pytest.raises(DatasetError, match="has no masks"):
        mix(RECIPES["lwl_stage1"](), [Given.of(f"folder={root}")])


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What `saccade train` refuses with."""
    assert main(["train", *words]) == 2
    return " ".join(capsys.readouterr().err.split())


def test_recipes_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == list(RECIPES)
    assert main(["train"]) == 0
    shown = capsys.readouterr().out
    # no name is broken, however narrow the terminal
    assert set(RECIPES) <= set(shown.split())
    assert {make().model for make in RECIPES.values()} <= set(shown.split())


def test_without_data_it_says_what_the_recipe_wants_and_from_where(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = complaint(capsys, "dimp50")
    assert "lasot (train), weight 0.25, from http" in said
    assert "laid out as ROOT/<class>/<class>-<n>/img/00000001.jpg" in said
    assert "trackingnet (train_0, train_1, train_2, train_3), weight 1, from http" in said
    assert "--data lasot=DIR --data got10k=DIR --data trackingnet=DIR --data coco2014=DIR" in said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dimp5"], "no recipe 'dimp5'; did you mean 'dimp50'?"),
        (["dimp50", "--set", "optimisation.gama=1"], "did you mean 'gamma'?"),
        (["dimp50", "--set", "batch=many"], "'batch': expected int"),
        (["dimp50", "--set", "batch"], "expected key=value"),
        (["dimp50", "--data", "folder=nowhere"], "nowhere: no such folder"),
    ],
)
def test_mistakes_are_said_in_a_line(capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert said in complaint(capsys, *words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--init=none", "--validate=folder"], "--validate folder: expected NAME=DIR"),
        (["--init=none", "--validate=folder@2=."], "--validate folder: takes no weight"),
        (["--init=nowhere.pth"], "nowhere.pth: there is no such weight file"),
        (["--init=none", "--accumulate=3"], "a batch of 26 cannot be shared out to 1 devices in 3 pieces"),
        (["--init=none", "--device=cuda"], "--device cuda --devices 1:"),
    ],
)
def test_what_cannot_be_carried_out_is_refused(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    if "--device=cuda" in words and __import__("torch").cuda.is_available():
        pytest.skip("there is one")
    place = [f"--data=folder={root}", f"--out={tmp_path / 'out'}", "--workers=0"]
    assert said in complaint(capsys, "dimp18", *place, *words)
    assert not (tmp_path / "out" / "last.ckpt").exists()


@pytest.mark.parametrize(
    ("recipe", "start", "remedy"),
    [
        (
            "kys",
            "dimp50",
            "saccade models download dimp50, or saccade models import FILE --as dimp50, or give",
        ),
        # nobody has published these, so that no import would find a place for them
        ("lwl_stage2", "lwl_stage1", "give a file with --init FILE, such as saccade train lwl_stage1 leaves"),
        (
            "lwl_box",
            "lwl_stage2",
            "saccade models download lwl, or saccade models import FILE --as lwl, or give",
        ),
    ],
)
def test_weights_to_go_on_from_are_missing(
    root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    recipe: str,
    start: str,
    remedy: str,
) -> None:
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    # the data of each recipe are not what this is about
    found = mix(toy_recipe(data=(Part(dataset="folder"),), validation=()), [Given.of(f"folder={root}")])
    monkeypatch.setattr("saccade.cli.train.mix", lambda *_: found)
    said = complaint(capsys, recipe, f"--data=folder={root}", f"--out={tmp_path}")
    assert f"{recipe} goes on from the weights of {start}, which are not here: {remedy}" in said


@pytest.mark.parametrize(
    ("cores", "devices", "workers"), [(1, 1, 1), (2, 1, 2), (16, 1, 4), (16, 8, 2), (2, 4, 1)]
)
def test_there_are_no_more_workers_than_cores_by_default(
    monkeypatch: pytest.MonkeyPatch, cores: int, devices: int, workers: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert workers_of(devices) == workers


def test_without_the_extra_it_says_how_to_install_it(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("saccade.training.")]:
        if name.rpartition(".")[2] in ("fit", "loop", "module", "rehearsal"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "lightning.pytorch", None)
    said = complaint(capsys, "dimp18", f"--data=folder={root}", f"--out={tmp_path}")
    assert "needs the package 'lightning'; install it with: pip install 'saccade[train]'" in said

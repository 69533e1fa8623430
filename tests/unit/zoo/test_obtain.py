"""Weights into the store and from there into models: imported, downloaded, recognised, refused."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

import saccade
from saccade.core import ModelError, OutputError, WeightsError
from saccade.weights import Checkpoint, Store, read_checkpoint
from saccade.weights.filling import check_names
from saccade.weights.label import read_label
from saccade.weights.locking import locked
from saccade.weights.store import sha256_of
from saccade.zoo import CATALOG, Entry
from saccade.zoo import obtain as obtain_module
from saccade.zoo.obtain import Obtained, download_weights, import_weights
from saccade.zoo.published import PUBLISHED, PublishedWeights, key_of
from tests.unit.weights.originals import save_original
from tests.unit.weights.servers import Site, serving

DIMP18 = ("classifier.filter_optimizer.label_map_predictor.weight", "bb_regressor.a")
DIMP50 = (*DIMP18, "feature_extractor.layer1.0.conv3.weight")
ATOM = ("bb_regressor.a", "feature_extractor.conv1.weight")


@dataclass(frozen=True)
class ToyConfig:
    """Of a model that consists of its names only."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class ToyModel:
    """Knows where its weights came from."""

    name: str
    config: ToyConfig
    weights: Checkpoint | None

    def start(self, *, seed: int = 0) -> Any:
        """Toys do not run."""
        raise NotImplementedError


def make_network(config: ToyConfig, weights: Checkpoint | None) -> None:
    """As every method makes its networks: what does not fit is refused."""
    if weights is not None:
        check_names("Toy", config.names, weights)


def build(name: str, config: ToyConfig, *, weights: Checkpoint | None, **_: Any) -> Any:
    """As every method builds its models."""
    make_network(config, weights)
    return ToyModel(name, config, weights)


def file_of(name: str) -> Path:
    """The file whose weights a model takes."""
    model: Any = saccade.load(name)
    found: Checkpoint = model.weights
    return found.path


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store of the test's own, and a catalogue of toys that share the published files of real models."""
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "store"))
    toys: Any = ModuleType("toys")
    toys.build, toys.make_network = build, make_network
    toys.DIMP18, toys.DIMP50, toys.ATOM = (
        ToyConfig(DIMP18),
        ToyConfig(DIMP50),
        ToyConfig(ATOM),
    )
    monkeypatch.setitem(sys.modules, "toys", toys)
    rows = {
        "dimp18": ("DIMP18", PUBLISHED["dimp18"]),
        "dimp18_vot18": ("DIMP18", PUBLISHED["dimp18"]),
        "dimp50": ("DIMP50", PUBLISHED["dimp50"]),
        "super_dimp": ("DIMP50", PUBLISHED["super_dimp"]),
        "atom_prob_ml": ("ATOM", PUBLISHED["atom_prob_ml"]),
        "nothing": ("ATOM", None),
    }
    before = dict(CATALOG)
    CATALOG.clear()
    for name, (preset, weights) in rows.items():
        CATALOG[name] = Entry(
            name=name, task="track", method="toys", preset=preset, summary="a toy", weights=weights
        )
    yield Store()
    CATALOG.clear()
    CATALOG.update(before)


def tensors(names: tuple[str, ...]) -> dict[str, Tensor]:
    return {name: torch.rand(2) for name in names}


def bare(path: Path, names: tuple[str, ...]) -> Path:
    torch.save(tensors(names), path)
    return path


def original(path: Path, names: tuple[str, ...], made_by: str, **kwargs: Any) -> Path:
    return save_original(path, tensors(names), made_by, kwargs)


def test_an_original_checkpoint_is_recognised_and_kept(tmp_path: Path, store: Store) -> None:
    file = original(tmp_path / "my_run_ep50.pth.tar", DIMP18, "dimpnet18", filter_size=4)
    found = import_weights(file)
    assert found == Obtained(
        store.folder / "dimp18.safetensors",
        "DiMP-18 (dimpnet18)",
        ("dimp18", "dimp18_vot18"),
        sha256_of(file),
    )
    kept, given = read_checkpoint(found.path), read_checkpoint(file)
    assert kept.constructor == given.constructor
    for name, value in given.tensors.items():
        torch.testing.assert_close(kept.tensors[name], value, rtol=0, atol=0)
    for model in found.models:
        assert file_of(model) == found.path
    assert saccade.load("dimp18", weights=None).weights is None


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(path: Path) -> Checkpoint:
        read.append(path)
        return read_checkpoint(path)

    monkeypatch.setattr(obtain_module, "read_checkpoint", counted)
    monkeypatch.setattr(sys.modules["saccade.zoo.loading"], "read_checkpoint", counted)
    file = original(tmp_path / "w.pth", DIMP18, "dimpnet18")
    import_weights(file)
    assert read == [file]


def publisher(found: Obtained) -> tuple[str, str, str]:
    label = read_label(found.path)
    assert label is not None
    return label.file, label.publisher, label.licence


def test_a_name_makes_nobody_a_files_publisher(tmp_path: Path) -> None:
    mine = original(tmp_path / "dimp18.pth", DIMP18, "dimpnet18")
    assert publisher(import_weights(mine)) == ("dimp18.pth", "not known", "not known")


@pytest.mark.parametrize(
    ("file", "sigma", "key"),
    [
        pytest.param("a.pth", 0.9, "dimp50", id="by its values"),
        pytest.param("a.pth", 22 / 24, "super_dimp", id="by its other values"),
        pytest.param("dimp50.pth", 22 / 24, "super_dimp", id="values outweigh the name"),
        pytest.param("dimp50.pth", None, "dimp50", id="by its name"),
        pytest.param("super_dimp.pth.tar", None, "super_dimp", id="by its other name"),
        pytest.param("super_dimp.pth", 0.7, "super_dimp", id="by its name, with new values"),
    ],
)
def test_files_of_one_network_are_told_apart(
    tmp_path: Path, file: str, sigma: float | None, key: str
) -> None:
    if sigma is None:
        bare(tmp_path / file, DIMP50)
    else:
        original(tmp_path / file, DIMP50, "dimpnet50", init_gauss_sigma=sigma)
    found = import_weights(tmp_path / file)
    assert found.path.stem == key
    assert found.network == {"dimp50": "DiMP-50 (dimpnet50)", "super_dimp": "SuperDiMP (dimpnet50)"}[key]


def test_what_is_replaced_is_named(tmp_path: Path) -> None:
    first = import_weights(original(tmp_path / "first.pth", DIMP18, "dimpnet18"))
    second = import_weights(original(tmp_path / "second.pth", DIMP18, "dimpnet18"))
    assert first.replaced is None
    assert re.fullmatch(r"first\.pth, kept on \d{4}-\d\d-\d\d \d\d:\d\d", second.replaced or "")
    second.path.write_bytes(b"damaged")
    third = import_weights(tmp_path / "first.pth")
    assert (third.replaced or "").startswith("an unknown file, kept on ")


REFUSED: list[Any] = [
    pytest.param(
        lambda path: bare(path, DIMP50),
        None,
        "is the network of DiMP-50 or SuperDiMP (dimpnet50); say which with --as dimp50 or --as super_dimp",
        id="two models",
    ),
    pytest.param(
        lambda path: bare(path, ("a.b",)),
        None,
        "looks like no network that saccade knows (tensors: 1, such as a.b); say what it is with --as NAME",
        id="unknown",
    ),
    pytest.param(
        lambda path: bare(path, ("descriptor_extractor.a",)),
        None,
        "is the network of KeepTrack (target_candidate_matching_net_resnet50); "
        "there is no model for it here yet",
        id="no tracker yet",
    ),
    pytest.param(
        lambda path: original(path, DIMP18, "L2dimpnet18"),
        None,
        "is the network of DiMP-18 with an L2 loss (L2dimpnet18); say what it is to run as with --as dimp18",
        id="another model's tracker",
    ),
    pytest.param(
        lambda path: original(path, DIMP18, "mynet"),
        None,
        "was made by 'mynet', which saccade does not know; say what it is with --as NAME",
        id="unknown constructor",
    ),
    pytest.param(
        lambda path: bare(path, DIMP18),
        "dimp50",
        "belongs to another network than Toy; missing: feature_extractor.layer1.0.conv3.weight; "
        "unknown: none; the file looks like DiMP-18 (dimpnet18)",
        id="another model's",
    ),
    pytest.param(lambda path: bare(path, DIMP18), "nothing", "'nothing' needs no weights", id="no weights"),
    pytest.param(lambda path: None, None, "there is no such weight file", id="missing"),
]


@pytest.mark.parametrize(("make", "name", "message"), REFUSED)
def test_what_cannot_be_imported_is_named(
    tmp_path: Path, store: Store, make: Any, name: str | None, message: str
) -> None:
    make(tmp_path / "w.pth")
    with pytest.raises(WeightsError, match=re.escape(message)):
        import_weights(tmp_path / "w.pth", name)
    assert not store.folder.exists()


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="did you mean 'dimp18'"):
        import_weights(bare(tmp_path / "w.pth", DIMP18), "dimp19")


def test_a_model_says_in_one_line_how_to_get_its_weights() -> None:
    with pytest.raises(WeightsError) as caught:
        saccade.load("dimp18_vot18")
    assert str(caught.value) == (
        "'dimp18_vot18' needs the weights dimp18.pth, which are not here: saccade models download "
        "dimp18_vot18, or saccade models import FILE --as dimp18_vot18, or give a file with --weights FILE"
    )


def quietly(done: int, total: int | None) -> None:
    """Nobody watches."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A mirror of the published files."""
    published = original(tmp_path / "dimp18.pth", DIMP18, "dimpnet18", filter_size=4)
    with serving(Site({"dimp18.pth": published.read_bytes()})) as running:
        monkeypatch.setenv("SACCADE_WEIGHTS_URL", f"{running.url}/mirror/")
        yield running


def files(store: Store) -> list[str]:
    return sorted(path.name for path in store.folder.rglob("*") if path.is_file())


ENTRY = ["checksums.json", "dimp18.json", "dimp18.safetensors"]


def test_published_weights_are_downloaded(site: Site, store: Store, tmp_path: Path) -> None:
    told: list[int] = []
    found = download_weights("dimp18_vot18", lambda done, total: told.append(done))
    assert found.models == ("dimp18", "dimp18_vot18")
    assert found.sha256 == sha256_of(tmp_path / "dimp18.pth")
    assert told[-1] == len(site.files["dimp18.pth"])
    assert files(store) == ENTRY
    assert json.loads((store.folder / "checksums.json").read_text()) == {"dimp18.pth": found.sha256}
    assert file_of("dimp18") == found.path
    again = download_weights("dimp18", quietly)
    assert found.replaced is None and again == replace(found, replaced=again.replaced)


@pytest.mark.parametrize("is_right", [True, False])
def test_weights_come_from_their_own_address(is_right: bool, store: Store, tmp_path: Path) -> None:
    """As those of detectors do; where their publisher states a checksum, it is what they must have."""
    file = bare(tmp_path / "own.pth", DIMP18)
    row = PublishedWeights(
        file="own.pth",
        url="",
        sha256=sha256_of(file)[:8] if is_right else "01234567",
        network="dimpnet18",
    )
    with serving(Site({"own.pth": file.read_bytes()})) as running:
        weights = replace(row, url=f"{running.url}/own.pth")
        CATALOG["dimp18"] = replace(CATALOG["dimp18"], weights=weights)
        if is_right:
            assert download_weights("dimp18", quietly).path == store.find("own")
        else:
            with pytest.raises(WeightsError, match=r"own\.pth: came with a wrong checksum"):
                download_weights("dimp18", quietly)
            assert store.find("own") is None and not list(store.folder.rglob("own.pth"))


def test_an_address_that_cannot_be_reached_is_named(store: Store) -> None:
    weights = PublishedWeights(file="own.pth", url="http://127.0.0.1:9/own.pth", network="dimpnet18")
    CATALOG["dimp18"] = replace(CATALOG["dimp18"], weights=weights)
    with pytest.raises(WeightsError, match=r"http://127.0.0.1:9/own.pth: cannot be reached"):
        download_weights("dimp18", quietly)


def test_a_label_says_who_published_what_was_downloaded(site: Site, tmp_path: Path) -> None:
    theirs = PUBLISHED["dimp18"].origin, PUBLISHED["dimp18"].licence
    assert publisher(download_weights("dimp18", quietly)) == ("dimp18.pth", *theirs)
    (tmp_path / "other").mkdir()
    other = original(tmp_path / "other" / "dimp18.pth", DIMP18, "dimpnet18")
    assert publisher(import_weights(other)) == ("dimp18.pth", "not known", "not known")
    same = (tmp_path / "dimp18.pth").rename(tmp_path / "same.pth")
    assert publisher(import_weights(same)) == ("same.pth", *theirs)


def test_two_do_not_fetch_one_file_at_once(site: Site, store: Store) -> None:
    with (
        locked(store.folder / "downloads" / "dimp18.pth"),
        pytest.raises(WeightsError, match=r"dimp18\.pth: another process is at work on it"),
    ):
        download_weights("dimp18_vot18", quietly)
    assert site.asked == []
    download_weights("dimp18", quietly)
    assert files(store) == ENTRY


def test_an_interrupted_download_is_continued(site: Site, store: Store) -> None:
    site.drops_after = 1000
    with pytest.raises(WeightsError, match="interrupted after 1,000 of"):
        download_weights("dimp18", quietly)
    assert files(store) == ["dimp18.pth.part", "dimp18.pth.part.version"]
    site.drops_after = None
    download_weights("dimp18", quietly)
    assert site.asked == ["", "bytes=1000-"]
    assert files(store) == ENTRY


def test_a_file_that_has_changed_is_refused(site: Site, store: Store, tmp_path: Path) -> None:
    first = download_weights("dimp18", quietly)
    kept = first.path.read_bytes()
    other = original(tmp_path / "other.pth", DIMP18, "dimpnet18", filter_size=5)
    site.files["dimp18.pth"] = other.read_bytes()
    with pytest.raises(
        WeightsError,
        match=rf"wrong checksum: came with SHA-256 {sha256_of(other)}, but with {first.sha256} the",
    ):
        download_weights("dimp18", quietly)
    assert first.path.read_bytes() == kept
    assert files(store) == ENTRY
    (store.folder / "checksums.json").unlink()  # the remedy
    assert download_weights("dimp18", quietly).sha256 == sha256_of(other)


def test_what_is_no_weight_file_is_not_remembered(site: Site, store: Store) -> None:
    whole = site.files["dimp18.pth"]
    site.files["dimp18.pth"] = b"<html>sign in first</html>"
    with pytest.raises(
        WeightsError, match=r"the server sent a web page, not a weight file .*try again tomorrow"
    ):
        download_weights("dimp18", quietly)
    assert files(store) == []
    site.files["dimp18.pth"] = bytes(99)
    with pytest.raises(WeightsError, match="damaged, or no weight file"):
        download_weights("dimp18", quietly)
    assert files(store) == []
    site.files["dimp18.pth"] = whole
    download_weights("dimp18", quietly)


def test_a_mirror_without_the_file(site: Site) -> None:
    with pytest.raises(WeightsError, match=r"/mirror/dimp50\.pth: the server answers 404 Not Found"):
        download_weights("dimp50", quietly)


def test_without_a_mirror_files_come_from_drive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[str] = []

    def from_drive(drive: str, target: Path, progress: Any) -> None:
        asked.append(drive)
        target.parent.mkdir(parents=True, exist_ok=True)
        original(target, DIMP18, "dimpnet18")

    monkeypatch.setattr(obtain_module, "fetch_from_drive", from_drive)
    download_weights("dimp18", quietly)
    assert asked == [PUBLISHED["dimp18"].drive]


def test_files_without_an_address_are_asked_for() -> None:
    with pytest.raises(
        WeightsError, match=r"atom_prob_ml\.pth: their address is not known; .* --as atom_prob_ml"
    ):
        download_weights("atom_prob_ml", quietly)


def test_models_without_weights_have_nothing_to_download() -> None:
    with pytest.raises(WeightsError, match="'nothing' needs no weights"):
        download_weights("nothing", quietly)


def test_a_store_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SACCADE_WEIGHTS", str(tmp_path / "file"))
    with pytest.raises(
        OutputError, match=r"\((Not a directory|File exists)\); name another folder in SACCADE_WEIGHTS"
    ):
        import_weights(original(tmp_path / "w.pth", DIMP18, "dimpnet18"))
    monkeypatch.setenv("SACCADE_WEIGHTS_URL", "http://127.0.0.1")
    with pytest.raises(OutputError, match="; name another folder in SACCADE_WEIGHTS"):
        download_weights("dimp18", quietly)


@pytest.mark.parametrize("weights", PUBLISHED.values(), ids=lambda row: row.key)
def test_published_files_have_unique_names_and_addresses(weights: PublishedWeights) -> None:
    assert [row.drive for row in PUBLISHED.values()].count(weights.drive) == 1 or weights.drive is None
    assert weights.drive is None or re.fullmatch(r"[\w-]{33}", weights.drive)
    assert weights.file.startswith(weights.key + ".pth")
    assert weights.url is None or (weights.url.startswith("https://") and weights.url.endswith(weights.file))
    assert re.fullmatch(r"([0-9a-f]{8})?", weights.sha256)


@pytest.mark.parametrize(
    ("file", "key"),
    [
        ("dimp50.pth", "dimp50"),
        ("a/b/super_dimp.pth.tar", "super_dimp"),
        ("x.safetensors", "x"),
        ("DiMPnet_ep0050.pth.tar", "DiMPnet_ep0050"),
        ("plain", "plain"),
    ],
)
def test_names_in_the_store(file: str, key: str) -> None:
    assert key_of(file) == key

"""Every data set in its authors' layout: found, counted, read at both ends, and compared."""

import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from saccade.data import DATASETS, Presence, open_dataset
from saccade.data.datasets import find_entry
from saccade.data.datasets.got10k import indices
from saccade.data.datasets.trackingnet import listed
from saccade.data.splits import read_json_list, read_table, read_text_list
from tests.unit.data.layouts import (
    SIZE_WH,
    Layout,
    avist,
    got10k,
    lasot,
    nfs_original,
    nfs_packed,
    otb,
    oxuva,
    tc128,
    tnl2k,
    trackingnet,
    uav,
    vot,
)

BOXES: dict[str, tuple[str, str | None, int, Callable[[Layout], None]]] = {
    "OTB-100": ("otb100", None, 100, lambda at: otb(at, "otb100")),
    "OTB-50": ("otb50", None, 50, lambda at: otb(at, "otb50")),
    "OTB-2013": ("otb2013", None, 51, lambda at: otb(at, "otb2013")),
    "NfS 30, original": ("nfs30", None, 100, lambda at: nfs_original(at, 30)),
    "NfS 30, packed": ("nfs30", None, 100, nfs_packed),
    "NfS 240": ("nfs240", None, 100, lambda at: nfs_original(at, 240)),
    "UAV123": ("uav123", None, 123, lambda at: uav(at, "uav123")),
    "UAV20L": ("uav20l", None, 20, lambda at: uav(at, "uav20l")),
    "TC-128": ("tc128", None, 129, lambda at: tc128(at, "all")),
    "TC-128 without OTB": ("tc128", "no_otb", 85, lambda at: tc128(at, "no_otb")),
    "TC-128, renamed": ("tc128", None, 129, lambda at: tc128(at, "all", is_renamed=True)),
    "TrackingNet test": (
        "trackingnet",
        None,
        511,
        lambda at: trackingnet(at, "TEST", read_text_list("trackingnet_test")),
    ),
    "TrackingNet, a chunk": (
        "trackingnet",
        "train_3",
        2511,
        lambda at: trackingnet(
            at, "TRAIN_3", " ".join(read_json_list("trackingnet_train")[3].values()).split()
        ),
    ),
    "GOT-10k val": ("got10k", None, 180, lambda at: got10k(at, "val")),
    "GOT-10k test": ("got10k", "test", 180, lambda at: got10k(at, "test")),
    "LaSOT test": (
        "lasot",
        None,
        280,
        lambda at: lasot(at, [row["name"] for row in read_table("lasot") if row["split"] == "test"]),
    ),
    "LaSOT extension": ("lasot_ext", None, 150, lambda at: lasot(at, read_text_list("lasot_ext"))),
    "OxUvA dev": ("oxuva", None, 200, lambda at: oxuva(at, "dev")),
    "OxUvA test": ("oxuva", "test", 166, lambda at: oxuva(at, "test")),
    "AVisT": ("avist", None, 120, avist),
    "TNL2K test": ("tnl2k", None, 700, lambda at: tnl2k(at, [r["name"] for r in read_table("tnl2k_test")])),
    "TNL2K train, its own folder": (
        "tnl2k",
        "train",
        1299,
        lambda at: tnl2k(at, read_text_list("tnl2k_train"), "TNL2K_train_subset/"),
    ),
    **{
        f"VOT{year}": (
            f"vot{year}",
            None,
            count,
            lambda at, key=key: vot(at, read_json_list("vot")[key].split()),
        )
        for year, key, count in (
            (2016, "vot2016", 60),
            (2017, "vot2018", 60),
            (2018, "vot2018", 60),
            (2019, "vot2019", 60),
            (2020, "vot2020", 60),
            (2021, "vot2021", 60),
            (2022, "vot2022", 62),
        )
    },
    **{
        f"VOT-LT{year}": (
            f"vot{year}_lt",
            None,
            count,
            partial(vot, names=read_json_list("vot")[key].split(), is_polygon=False),
        )
        for year, key, count in (
            (2018, "vot2018_lt", 35),
            (2019, "vot2019_lt", 50),
            (2020, "vot2019_lt", 50),
            (2021, "vot2019_lt", 50),
        )
    },
    "VOT-LT2022, listed by the folder": (
        "vot2022_lt",
        None,
        2,
        lambda at: vot(at, ["a", "b"], is_polygon=False),
    ),
}
"""data sets of boxes: name, split, number of sequences, and what lays them out"""


@pytest.mark.parametrize("case", BOXES)
def test_boxes_are_read_in_the_authors_layout(case: str, tmp_path: Path) -> None:
    name, split, count, build = BOXES[case]
    layout = Layout(tmp_path / "root")
    build(layout)
    dataset = open_dataset(name, layout.root, split)
    assert {sequence.name for sequence in dataset.sequences} == set(layout.expected)
    assert len(dataset.sequences) == count
    for sequence in dataset.sequences:
        frames, first, last = layout.expected[sequence.name]
        assert len(sequence) == len(sequence.truth) == frames, sequence.name
        np.testing.assert_allclose(sequence.truth.boxes[[0, -1]], [first, last], err_msg=sequence.name)
        assert sequence.truth.presence[0] == Presence.PRESENT
    for sequence in (dataset.sequences[0], dataset.sequences[count // 2], dataset.sequences[-1]):
        assert [sequence[i].size_wh for i in (0, -1)] == [SIZE_WH, SIZE_WH]
        assert sequence[-1].index == len(sequence) - 1
        # other processes read the same
        twin = pickle.loads(pickle.dumps(sequence))
        np.testing.assert_array_equal(twin.truth.boxes, sequence.truth.boxes)


def test_counts_that_are_promised_are_those_of_the_lists(tmp_path: Path) -> None:
    # the folder or meta.json of these says what there is
    unlisted = {"mose", "lagot", "folder", "youtubevos2018", "youtubevos2019", "vot2022_lt"}
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "dev.csv").touch()
    for entry in DATASETS.values():
        for split, count in entry.splits.items():
            if entry.name not in unlisted and count is not None and count < 1400:
                found = open_dataset(entry.name, tmp_path, split, lazy=True).sequences
                assert len({sequence.name for sequence in found}) == len(found) == count, (entry.name, split)


def test_counts_of_large_training_sets() -> None:
    counts = {split: len(set(indices(split))) for split in DATASETS["got10k"].splits}
    assert counts == DATASETS["got10k"].splits
    for split, count in DATASETS["trackingnet"].splits.items():
        assert len({name for _, name, _ in listed(split)}) == count, split
    assert counts["train"] == 9335
    assert DATASETS["trackingnet"].splits["train"] == 30132


def test_splits_do_not_overlap(tmp_path: Path) -> None:
    def names(name: str, split: str) -> set[str]:
        return {sequence.name for sequence in open_dataset(name, tmp_path, split, lazy=True).sequences}

    for name, parts in {
        "lasot": ("test", "train_train", "train_val"),
        "davis2016": ("val", "train"),
        "davis2017": ("val", "train", "test-dev"),
        "dancetrack": ("val", "train", "test"),
    }.items():
        found = [names(name, part) for part in parts]
        assert len(set.union(*found)) == sum(map(len, found)), name
    assert names("davis2016", "val") < names("davis2017", "val")
    assert not set(read_text_list("tnl2k_train")) & {row["name"] for row in read_table("tnl2k_test")}
    assert not set(indices("ltr_train")) & set(indices("ltr_val"))
    assert set(indices("vot_val")) < set(indices("ltr_val"))


def test_facts_of_the_lists() -> None:
    otb = {row["name"]: row for row in read_table("otb")}
    assert len({row["folder"] for row in otb.values()}) == 98
    assert sum(int(row["last"]) - int(row["first"]) + 1 - int(row["omit"]) for row in otb.values()) == 59035
    assert sum(int(row["frames"]) for row in read_table("nfs")) == 47953
    lasot = {row["name"]: int(row["frames"]) for row in read_table("lasot")}
    assert sum(lasot.values()) == 3517342
    assert sum(lasot[row["name"]] for row in read_table("lasot") if row["split"] == "test") == 685360
    assert sum(int(row["frames"]) for row in read_table("tnl2k_test")) == 516038
    folders = {row["name"]: row["folder"] for row in read_table("uav123")}
    assert sum(name != folder for name, folder in folders.items()) == 51
    frames = dict.fromkeys(("train", "val", "test-dev"), 0)
    for row in read_table("davis"):
        frames[row["split2017"]] += int(row["frames"])
    assert frames == {"train": 4209, "val": 1999, "test-dev": 2086}
    # Jogging is one video with two targets
    names = {row["name"] for row in read_table("tc128")}
    assert len({"Jogging" if name in ("Jogging1", "Jogging2") else name for name in names}) == 128
    assert len(read_text_list("youtubevos_jjvalid")) == 300
    classes = {category for chunk in read_json_list("trackingnet_train") for category in chunk}
    assert len(classes) == 22


@pytest.mark.parametrize(
    ("short", "name"),
    [
        ("davis16", "davis2016"),
        ("davis17", "davis2017"),
        ("youtubevos18", "youtubevos2018"),
        ("youtubevos19", "youtubevos2019"),
    ],
)
def test_short_names_of_the_field_are_known(short: str, name: str) -> None:
    assert find_entry(short) is DATASETS[name]

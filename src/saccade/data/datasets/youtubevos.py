"""YouTube-VOS: Xu et al., "YouTube-VOS: A Large-Scale Video Object Segmentation Benchmark", 2018 and 2019.

Frames and objects are those of `meta.json`. Of the validation and test sets only the first mask of each
object is published. `jj_train` and `jj_val` part the training set, as the tracker LWL was trained.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from saccade.core import DatasetError
from saccade.data.datasets.entry import DatasetEntry
from saccade.data.formats.text import read_json
from saccade.data.frames import ListedFrames
from saccade.data.readers import LabelReader
from saccade.data.sequence import Facts, Sequence, is_file_name
from saccade.data.splits import read_text_list
from saccade.data.truth import ObjectId

_HALVES = {"jj_train": False, "jj_val": True}

# masks of 2019 that are wrong before the frame given here, by video and object
_RIGHT_FROM = {
    ("0e27472bea", "2"): "00065",
    ("5937b08d69", "4"): "00005",
    ("5e1ce354fd", "5"): "00020",
    ("7053e4f41e", "2"): "00020",
    ("720e3fa04c", "2"): "00055",
    ("c73c8e747f", "2"): "00040",
}


@dataclass(frozen=True, slots=True)
class _Object:
    """What `meta.json` says of an object: its frames, the first whose mask is right, what it is."""

    frames: tuple[str, ...]
    first: str
    category: str

    @classmethod
    def of(cls, year: str, video: str, object_id: str, content: Mapping[str, Any]) -> "_Object":
        frames, category = content["frames"], content.get("category", "")
        if not all(isinstance(text, str) for text in (*frames, category)):
            raise TypeError("frames and category are texts")
        first = frames[0]
        if year == "2019":
            first = max(first, _RIGHT_FROM.get((video, object_id), first))
        return cls(tuple(frames), first, category)


def _sequences(year: str, root: Path, split: str) -> Iterator[Sequence]:
    part = "train" if split in _HALVES else split
    folder = root / year / part if (root / year).is_dir() else root / part
    file = folder / "meta.json"
    videos = read_json(file)
    if not isinstance(videos, dict) or not isinstance(videos.get("videos"), dict):
        raise DatasetError(
            f"{file}: expected {{videos: {{…}}}}, got another shape; take the original file anew"
        )
    held_out = set(read_text_list("youtubevos_jjvalid"))
    for name, content in sorted(videos["videos"].items()):
        if split in _HALVES and (name in held_out) != _HALVES[split]:
            continue
        if not is_file_name(name):
            raise DatasetError(f"{file}: video '{name}': no folder is called so; take the original file anew")
        try:
            objects = {
                int(key): _Object.of(year, name, key, value) for key, value in content["objects"].items()
            }
        except (AttributeError, LookupError, TypeError, ValueError):
            raise DatasetError(
                f"{file}: video {name}: expected objects, each with its frames; take the original file anew"
            ) from None
        yield _sequence(folder, name, objects)


def _sequence(folder: Path, name: str, objects: Mapping[int, _Object]) -> Sequence:
    images = ListedFrames(folder / "JPEGImages" / name)
    categories: dict[ObjectId, str] = {key: item.category for key, item in objects.items() if item.category}
    return Sequence(
        name,
        images,
        partial(_labels, folder / "Annotations" / name, images, objects, categories),
        Facts(category=next(iter(categories.values())) if len(set(categories.values())) == 1 else None),
    )


def _labels(
    folder: Path,
    images: ListedFrames,
    objects: Mapping[int, _Object],
    categories: Mapping[ObjectId, str],
) -> Any:
    places = {image.stem: index for index, image in enumerate(images)}
    named = {frame for item in objects.values() for frame in (*item.frames, item.first)}
    absent = sorted(named - set(places))
    if absent:
        raise DatasetError(
            f"{images.folder}: {len(absent)} of {len(named)} frames that meta.json names are missing, "
            f"first {absent[0]}; take them anew"
        )
    starts: dict[ObjectId, int] = {key: places[item.first] for key, item in objects.items()}
    ordered = dict(sorted(starts.items(), key=lambda item: item[1]))
    return LabelReader(folder=folder, images=images, starts=ordered, categories=categories)()


ENTRIES = tuple(
    DatasetEntry(
        name=f"youtubevos{year}",
        summary=f"YouTube-VOS {year}: several objects, annotated five times a second",
        task="masks",
        splits={"valid": valid, "test": test, "train": 3471, "jj_train": 3171, "jj_val": 300},
        layout=f"ROOT/{year}/valid/meta.json, JPEGImages/<video>/00000.jpg and Annotations/<video>/00000.png",
        find=partial(_sequences, year),
        obtain="https://youtube-vos.org",
    )
    for year, valid, test in (("2018", 474, 508), ("2019", 507, 541))
)

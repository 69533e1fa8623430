"""AVisT: Noman et al., "AVisT: A Benchmark for Visual Object Tracking in Adverse Visibility", BMVC 2022."""

from collections.abc import Iterator
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, words


def _sequences(root: Path, split: str) -> Iterator[Sequence]:
    for row in read_table("avist"):
        name = row["name"]
        images = NumberedFrames(root / "sequences" / name, "img_%05d.jpg")
        scenarios = tuple(f"scenario {letters}" for letters in words(row["scenarios"]))
        flags = {kind: root / kind / f"{name}_{kind}.txt" for kind in ("full_occlusion", "out_of_view")}
        yield Sequence(
            name,
            images,
            BoxReader(file=root / "anno" / f"{name}.txt", images=images, absent=flags),
            Facts(attributes=words(row["attributes"]) + scenarios),
        )


_SCENARIOS = {f"scenario {key}": text for key, text in attribute_names("avist_scenarios").items()}

ENTRIES = (
    DatasetEntry(
        name="avist",
        summary="AVisT: 120 videos in bad weather, smoke, darkness and disguise",
        task="boxes",
        splits={"all": 120},
        layout="ROOT/sequences/<sequence>/img_00001.jpg, ROOT/anno/<sequence>.txt, "
        "ROOT/full_occlusion/<sequence>_full_occlusion.txt, ROOT/out_of_view/<sequence>_out_of_view.txt",
        find=_sequences,
        attributes={**attribute_names("avist"), **_SCENARIOS},
        tells_occlusion=True,
        obtain="https://sites.google.com/view/avist-benchmark",
    ),
)

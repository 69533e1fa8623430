"""UAV123 and UAV20L: Mueller, Smith, Ghanem, "A Benchmark and Simulator for UAV Tracking", ECCV 2016.

Many sequences are parts of one folder of frames; the list says which. NaN means out of view or wholly hidden.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from saccade.data.datasets.entry import DatasetEntry
from saccade.data.frames import NumberedFrames
from saccade.data.readers import BoxReader
from saccade.data.sequence import Facts, Sequence
from saccade.data.splits import attribute_names, read_table, words
from saccade.data.truth import Presence


def _sequences(name: str, root: Path, split: str) -> Iterator[Sequence]:
    for row in read_table(name):
        first, last = int(row["first"]), int(row["last"])
        images = NumberedFrames(
            root / "data_seq" / "UAV123" / row["folder"], "%06d.jpg", first=first, count=last - first + 1
        )
        yield Sequence(
            row["name"],
            images,
            BoxReader(
                file=root / "anno" / name.upper() / f"{row['name']}.txt", images=images, nan=Presence.ABSENT
            ),
            Facts(category=row.get("category"), attributes=words(row.get("attributes", ""))),
            aliases=(f"uav_{row['name']}",),
        )


ENTRIES = tuple(
    DatasetEntry(
        name=name,
        summary=summary,
        task="boxes",
        splits={"all": count},
        layout=f"ROOT/data_seq/UAV123/<folder>/000001.jpg and ROOT/anno/{name.upper()}/<sequence>.txt",
        find=partial(_sequences, name),
        attributes=attribute_names("uav123") if name == "uav123" else {},
        obtain="https://cemse.kaust.edu.sa/ivul/uav123",
    )
    for name, summary, count in (
        ("uav123", "UAV123: 123 sequences seen from drones", 123),
        ("uav20l", "UAV20L: 20 long sequences seen from drones", 20),
    )
)

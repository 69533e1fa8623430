"""The pictures of these pages, made by the project's own code: `python -m docs.how.drawing [PAGE …]`.

Nothing but what the project has is shown: its synthetic clip, the weights that it ships, and networks that
have learned nothing, where weights are others'. Everything is seeded.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from docs.how.drawing import detectors, paper, poses, scenes, shipped, tracks, untrained

PAGES = Path(__file__).parents[1]
PICTURES: Mapping[str, Mapping[str, Callable[[], Figure]]] = {
    "index": {"loop": shipped.loop},
    "eco": {"eco_filter": shipped.eco_filter, "eco_scores": shipped.eco_scores},
    "dimp_nano": {"nano_scores": shipped.nano_scores, "nano_learning": shipped.nano_learning},
    "atom": {"atom_learning": untrained.atom_learning, "atom_boxes": untrained.atom_boxes},
    "dimp": {"dimp_learning": untrained.dimp_learning},
    "prdimp": {"prdimp_density": untrained.prdimp_density, "prdimp_boxes": untrained.prdimp_boxes},
    "superdimp": {
        "superdimp_regions": untrained.superdimp_regions,
        "superdimp_labels": untrained.superdimp_labels,
    },
    "kys": {"kys_carried": scenes.kys_carried},
    "lwl": {"lwl_learning": scenes.lwl_learning},
    "ssd_faster_rcnn": {"anchors": detectors.anchors},
    "rfcn": {"position_sensitive": detectors.position_sensitive},
    "yolox": {"simota": detectors.simota},
    "hourglass": {"hourglass": poses.hourglass},
    "simplebaseline": {"simplebaseline": poses.simplebaseline},
    "openpose": {"openpose": poses.openpose},
    "association": {"identities": tracks.identities},
}
"""what is drawn, by page and by the name of its file"""


def draw(page: str, folder: Path = PAGES / "pictures") -> list[Path]:
    """Draws the pictures of a page, and says where they are."""
    drawn = []
    for name, make in PICTURES[page].items():
        path = folder / f"{name}.webp"
        paper.save(make(), path)
        drawn.append(path)
    return drawn

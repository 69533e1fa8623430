"""Where the weights of a model come from, for what is made of it to say so."""

from pathlib import Path
from typing import Any

from saccade.core.config import to_json
from saccade.weights import Store, read_checkpoint
from saccade.weights.label import read_label
from saccade.weights.store import sha256_of
from saccade.zoo import entry


def origin_of(name: str, weights: str | Path | None) -> dict[str, Any]:
    """Publisher, licence and checksum of weights, or how they were trained.

    Args:
        name: the model that they are for.
        weights: as `saccade.load` takes them, of a model that was loaded with them.
    """
    row = entry(name)
    if weights is None:
        return {"file": None, "origin": "random numbers", "licence": "none"}
    if weights == "auto" and row.shipped:
        return {"file": row.shipped, "origin": "saccade", "licence": "Apache-2.0"}
    if weights == "auto":
        path = None if row.weights is None else Store().find(row.weights.key)
        if path is None:
            return {"file": None, "origin": "none needed", "licence": "none"}
    else:
        path = Path(weights)
    if label := (read_label(path) if path.suffix == ".safetensors" else None):
        return {
            "file": label.file,
            "origin": label.publisher,
            "licence": label.licence,
            "sha256": label.sha256,
            "trained": to_json(label.trained),
        }
    trained = read_checkpoint(path).trained
    return {
        "file": path.name,
        "origin": f"saccade train {trained.recipe}" if trained else "not stated",
        "licence": "not stated",
        "sha256": sha256_of(path),
        "trained": to_json(trained),
    }

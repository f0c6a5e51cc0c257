"""The shipped weights are held to a floor: what they make of ten validation photos, beside the truth.

The photos are renderings of objects of the Sweet Home 3D catalogues, whose creators and licences stand in
quality/objects.json; recipes/quality_photos.py makes them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shapeshot.data.shards import decode_view
from shapeshot.model.field_model import FieldModel
from shapeshot.pipeline.reconstruct import reconstruct
from shapeshot.scores.metrics import f_score, nearest_pairs, voxel_iou

FOLDER = Path(__file__).parent / "quality"
OBJECTS: list[dict[str, Any]] = json.loads((FOLDER / "objects.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scores() -> dict[str, np.ndarray]:
    """IoU at 32^3 and F-score at 5 % of each photo with the truth of each object, [photos, objects]."""
    model, truth = FieldModel.load(), np.load(FOLDER / "truth.npz", allow_pickle=False)
    table = np.zeros((2, len(OBJECTS), len(OBJECTS)))
    for row, shown in enumerate(OBJECTS):
        shape = reconstruct(decode_view((FOLDER / f"{shown['id']}.webp").read_bytes()), model=model, num_points=1000)
        for column, other in enumerate(OBJECTS):
            solid = np.unpackbits(truth[f"{other['id']}/occupancy"]).reshape(32, 32, 32).astype(bool)
            surface = truth[f"{other['id']}/points"].astype(np.float32)
            mine = shape.points.points
            table[0, row, column] = voxel_iou(shape.voxels.occupancy, solid)
            table[1, row, column] = f_score(nearest_pairs(mine, surface), nearest_pairs(surface, mine), 0.05)[0]
    return {"iou": table[0], "f_score_5": table[1]}


# The shipped weights reach 0.447 and 0.556 in the canonical cube, where a wrong front costs all; processors round
# differently, and a cell may fall on the other side.
@pytest.mark.parametrize(("metric", "floor"), [("iou", 0.43), ("f_score_5", 0.54)])
def test_quality_does_not_fall(scores: dict[str, np.ndarray], metric: str, floor: float) -> None:
    assert np.diag(scores[metric]).mean() > floor


@pytest.mark.parametrize("metric", ["iou", "f_score_5"])
def test_shapes_are_those_of_their_own_photos(scores: dict[str, np.ndarray], metric: str) -> None:
    own = np.diag(scores[metric]).mean()
    others = scores[metric][~np.eye(len(OBJECTS), dtype=bool)].mean()
    assert own > 1.5 * others

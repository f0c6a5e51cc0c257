"""What the finder's masks cost the shapes: the same photos in rooms with its masks and with perfect ones.

    python recipes/finder/shapes.py --data datasets/finder-sweethome3d --out out/finder-shapes.json

Every picture in a room of the test splits is reconstructed twice by the shipped model, once found by itself and once
with the exact mask, and both shapes are scored by the protocol. A photo that is refused gets the worst score.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.truth import Truth, true_shape
from shapeshot.errors import EmptyShapeError, PhotoError, UserError
from shapeshot.evaluation.protocols import DEFAULT, PROTOCOLS
from shapeshot.evaluation.scoring import score_prediction
from shapeshot.files import atomic_write
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.photo import look_at
from shapeshot.pipeline.reconstruct import shape_in
from shapeshot.scores.prediction import Prediction
from shapeshot.scores.statistics import bootstrap_mean

TEST_SPLITS = ("test", "test-unseen")
METRICS = ("f_score_5", "iou")


def main(argv: Sequence[str] | None = None) -> int:
    """Score; exit code 2 where the data cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="a dataset with rooms")
    parser.add_argument("--views", type=int, default=1, metavar="N", help="rooms of each object (1)")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    args = parser.parse_args(argv)
    try:
        rows = scored(args.data, args.views)
    except UserError as error:
        print(f"finder: {error}", file=sys.stderr)
        return 2
    summary = {split: summarise([row for row in rows if row["split"] == split]) for split in TEST_SPLITS}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(args.out, (json.dumps({"summary": summary, "pictures": rows}, indent=1) + "\n").encode())
    print(json.dumps(summary, indent=1))
    return 0


def scored(folder: Path, views: int) -> list[dict[str, object]]:
    """One row a picture: its metrics with the finder's mask and with the exact one."""
    dataset, model, protocol = Dataset.open(folder), load_model(None), PROTOCOLS[DEFAULT]
    rows: list[dict[str, object]] = []
    jobs = [(split, object_id) for split in TEST_SPLITS for object_id in dataset.ids(split)]
    for split, object_id in tqdm(jobs):
        sample = dataset.sample(object_id)
        truth = true_shape(sample, protocol.num_points)
        for index in [index for index, is_room in enumerate(sample.rooms) if is_room][:views]:
            row: dict[str, object] = {"split": split, "object": object_id, "view": index}
            for name, exact in (("found", False), ("given", True)):
                row[name] = metrics_of(model, sample, index, truth, exact)
            rows.append(row)
    return rows


def metrics_of(model: FieldModel, sample: Sample, index: int, truth: Truth, exact: bool) -> dict[str, float]:
    """The metrics of one reconstruction; 0 where it was refused."""
    view = sample.view(index)
    try:
        looked = look_at(view[..., :3], model.image_size, mask=view[..., 3] if exact else None)
        shape = shape_in(looked, model.see(looked.photo))
    except (PhotoError, EmptyShapeError):
        return dict.fromkeys(METRICS, 0.0)
    scores = score_prediction(Prediction(shape.voxels.occupancy, shape.points, shape.mesh), truth)
    return {name: float(scores[name]) for name in METRICS}


def summarise(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Means with their intervals over objects, and the paired difference."""
    groups = [str(row["object"]) for row in rows]
    told: dict[str, object] = {"pictures": len(rows), "objects": len(set(groups))}
    for metric in METRICS:
        found, given = (np.array([row[name][metric] for row in rows]) for name in ("found", "given"))  # type: ignore[index]
        for name, values in (("found", found), ("given", given)):
            mean = bootstrap_mean(values, groups)
            told[f"{metric} {name}"] = [round(mean.mean, 4), round(mean.low, 4), round(mean.high, 4)]
        difference = bootstrap_mean(found - given, groups)
        told[f"{metric} difference"] = [round(difference.mean, 4), round(difference.low, 4), round(difference.high, 4)]
    return told


if __name__ == "__main__":
    raise SystemExit(main())

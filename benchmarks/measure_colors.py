"""How far colours are from the true ones, on the side that the camera sees and on the hidden one.

    python benchmarks/measure_colors.py --data datasets/sweethome3d --split val

Per object, on its first view with the exact mask: mean absolute sRGB difference between the true surface points and the
nearest vertices of the predicted mesh. A model that tells the camera is compared in the frame of the view, so that a
wrong front is no wrong colour; another one in the canonical cube. True colours are those of the materials, a photo's
have light and shadow in them. An object without a shape counts 1. One JSON line with the means over objects.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.errors import UserError
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth
from shapeshot.model.field_model import FieldModel
from shapeshot.model.view import ViewReading
from shapeshot.photo import look_at
from shapeshot.pipeline.reconstruct import shape_in

SEEN_WITHIN = 0.03  # canonical units behind the first surface


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", metavar="NAME|FOLDER")
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), FieldModel.load(args.model)
    errors = [errors_of(dataset.sample(key), model) for key in tqdm(dataset.ids(args.split))]
    means = {name: round(float(np.nanmean([row[name] for row in errors])), 4) for name in errors[0]}
    print(json.dumps({"model": model.name, "split": args.split, "objects": len(errors)} | means))


def errors_of(sample: Sample, model: FieldModel) -> dict[str, float]:
    """The errors of one object; NaN for a side without points."""
    rgba = sample.view(0)
    try:
        view = look_at(rgba[..., :3], model.image_size, mask=rgba[..., 3])
        seen = model.see(view.photo).turned_to(0.0)
        mesh = shape_in(view, seen).mesh
    except UserError:
        return {"seen": 1.0, "hidden": 1.0}
    vertices, points = mesh.vertices, sample.points
    if isinstance(seen.reading, ViewReading):
        placing = seen.reading.placing
        vertices = vertices * placing.side + placing.center
        points = ViewTruth.of(ObjectTruth.of(sample, 100), sample, 0).to_view(points)
    difference = mesh.colors[cKDTree(vertices).query(points)[1]] - sample.colors / 255
    error = np.abs(difference).mean(axis=1)
    is_seen = seen_points(sample)
    return {name: float(error[side].mean()) if side.any() else np.nan for name, side in parts(is_seen).items()}


def parts(is_seen: np.ndarray) -> dict[str, np.ndarray]:
    """Name the two sides."""
    return {"seen": is_seen, "hidden": ~is_seen}


def seen_points(sample: Sample) -> np.ndarray:
    """Which of the true surface points the first view's camera sees."""
    assert sample.geometry is not None
    camera, front = sample.cameras[0], sample.geometry.front[0]
    column, row = np.clip(camera.project(sample.points, len(front)), 0, len(front) - 1).astype(int).T
    return sample.points @ camera.axes[2] > front[row, column] - SEEN_WITHIN


if __name__ == "__main__":
    main()

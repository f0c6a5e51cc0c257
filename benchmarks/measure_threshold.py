"""IoU and F-score at 5 % on the validation split over thresholds: how the threshold on the card was chosen.

    python benchmarks/measure_threshold.py --data datasets/sweethome3d

IoU alone prefers a lower threshold than surfaces do: it forgives a fat shape more than a missing one. One JSON line a
threshold, with the mean of both, over the first view of every object.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.solid import downsample_occupancy
from shapeshot.evaluation.metrics import f_score, nearest_pairs, voxel_iou
from shapeshot.field_model import Field, FieldModel
from shapeshot.geometry import Mesh, cell_centers
from shapeshot.geometry.components import remove_small_components
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface
from shapeshot.photo import find_object, prepare_photo
from shapeshot.reconstruct import SPECK_FRACTION

THRESHOLDS = (0.35, 0.4, 0.45, 0.5, 0.525, 0.55, 0.6)
NUM_POINTS = 4000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), FieldModel.load(args.model)
    ids = dataset.ids(args.split)
    scores = np.mean([scores_of(dataset.sample(key), model) for key in tqdm(ids)], axis=0)
    for threshold, (iou, f_5) in zip(THRESHOLDS, scores, strict=True):
        row = {"threshold": threshold, "iou": iou, "f_score_5": f_5, "mean": (iou + f_5) / 2}
        print(json.dumps({name: round(float(value), 4) for name, value in row.items()}))


def scores_of(sample: Sample, model: FieldModel) -> np.ndarray:
    """[thresholds, 2]: IoU and F-score of an object's first view."""
    view = sample.view(0)
    planes = model.encode(prepare_photo(view, find_object(view), model.image_size).pixels)
    coarse, fine = model.grid(planes, 32), model.grid(planes, 64)
    truth = downsample_occupancy(sample.solid, 32)
    levels = [float(np.log(threshold / (1 - threshold))) for threshold in THRESHOLDS]
    return np.array([(voxel_iou(coarse.logits > level, truth), surface_score(fine, level, sample)) for level in levels])


def surface_score(field: Field, level: float, sample: Sample) -> float:
    """F-score at 5 % of the surface at `level`; 0 where there is none."""
    cells = field.resolution
    vertices, faces = isosurface(field.logits, level, float(cell_centers(cells)[0]), 1.0 / cells)
    if not len(faces):
        return 0.0
    mesh = remove_small_components(Mesh(vertices, faces), SPECK_FRACTION)
    points = sample_surface(mesh, NUM_POINTS, np.random.default_rng(0)).points
    truth = sample.points[:NUM_POINTS]
    return f_score(nearest_pairs(points, truth), nearest_pairs(truth, points), 0.05)[0]


if __name__ == "__main__":
    main()

"""How far predicted colours are from the true ones, with and without colour transfer.

    python benchmarks/measure_colors.py --data datasets/sweethome3d --split val

Per object and view: mean absolute sRGB difference between the colours of the true surface points and those of the
nearest vertices of the predicted mesh. One JSON line with the means over objects.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from shapeshot.color_transfer import ColorTransfer, object_pixels
from shapeshot.data.dataset import Dataset
from shapeshot.errors import UserError
from shapeshot.field_model import FieldModel
from shapeshot.photo import find_object, prepare_photo
from shapeshot.reconstruct import reconstruct


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", type=Path)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), FieldModel.load(args.model)
    errors = []
    for key in tqdm(dataset.ids(args.split)):
        try:
            errors.append(color_errors(dataset, key, model))
        except UserError:
            errors.append(dict.fromkeys(("field", "mean", "mean and spread"), 1.0))  # no shape: the worst score
    means = {name: round(float(np.mean([row[name] for row in errors])), 4) for name in errors[0]}
    print(json.dumps({"split": args.split, "objects": len(errors), "color_l1": means}))


def color_errors(dataset: Dataset, key: str, model: FieldModel) -> dict[str, float]:
    """The error of one object's first view: of the field's own colours, with the mean, and with mean and spread."""
    sample = dataset.sample(key)
    view = sample.view(0)
    mesh = reconstruct(view, model=model).mesh
    found = find_object(view)
    planes = model.encode(prepare_photo(view, found, model.image_size).pixels)
    predicted, photographed = model.colors_at(planes, mesh.vertices), object_pixels(view, found.mask)
    full = ColorTransfer.fit(predicted, photographed)
    candidates = {
        "field": predicted,
        "mean": ColorTransfer(full.center, full.target, 1.0)(predicted),
        "mean and spread": full(predicted),
    }
    nearest = cKDTree(mesh.vertices).query(sample.points)[1]
    truth = sample.colors / 255
    return {name: float(np.abs(colors[nearest] - truth).mean()) for name, colors in candidates.items()}


if __name__ == "__main__":
    main()

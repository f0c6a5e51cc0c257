"""How far predicted colours are from the true ones, with and without colour transfer.

    python benchmarks/measure_colors.py --data datasets/sweethome3d --split val

Per object, on its first view: mean absolute sRGB difference between the true surface points and the nearest vertices
of the predicted mesh, of the colours ("l1") and of their chroma, the colours less their lightness ("chroma_l1").
An object without a shape counts 1. One JSON line with the means over objects.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.errors import UserError
from shapeshot.model.field_model import FieldModel
from shapeshot.photo import look_at
from shapeshot.pipeline.reconstruct import reconstruct


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--model", metavar="NAME|FOLDER")
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), FieldModel.load(args.model)
    errors = [errors_of(dataset, key, model) for key in tqdm(dataset.ids(args.split))]
    means = {name: round(float(np.mean([row[name] for row in errors])), 4) for name in errors[0]}
    print(json.dumps({"split": args.split, "objects": len(errors)} | means))


def errors_of(dataset: Dataset, key: str, model: FieldModel) -> dict[str, float]:
    """The errors of one object, of the field's own colours and of those moved to the photo's chroma."""
    sample = dataset.sample(key)
    view = sample.view(0)
    names = [f"{what}: {score}" for what in ("field", "transferred") for score in ("l1", "chroma_l1")]
    try:
        mesh, photo = reconstruct(view, model=model).mesh, look_at(view, model.image_size).photo
    except UserError:
        return dict.fromkeys(names, 1.0)
    nearest = cKDTree(mesh.vertices).query(sample.points)[1]
    truth = sample.colors / 255
    candidates = (model.see(photo).colors_at(mesh.vertices), mesh.colors)
    errors = []
    for colors in candidates:
        difference = colors[nearest] - truth
        chroma = difference - difference.mean(axis=1, keepdims=True)
        errors += [float(np.abs(difference).mean()), float(np.abs(chroma).mean())]
    return dict(zip(names, errors, strict=True))


if __name__ == "__main__":
    main()

"""What the hidden side of a shape should be painted with: candidates beside the true colours, seen and hidden apart.

    python recipes/view/hidden_colors.py --data datasets/finder-sweethome3d --model weights/view

Mean absolute sRGB difference at the true surface points of val, first view, exact mask (benchmarks/measure_colors.py).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree
from tqdm import tqdm

from shapeshot.data.dataset import Dataset, Sample
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.frustum_grid import sample_frustum
from shapeshot.model.shape import finer_field, surface_of
from shapeshot.model.view import ViewReading
from shapeshot.photo import look_at

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from measure_colors import seen_points


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), load_model(args.model)
    rows = [errors_of(dataset.sample(key), model) for key in tqdm(dataset.ids("val"))]
    for name in rows[0]:
        seen, hidden = np.nanmean([row[name] for row in rows], axis=0)
        print(json.dumps({"painted with": name, "seen": round(float(seen), 4), "hidden": round(float(hidden), 4)}))


def errors_of(sample: Sample, model: FieldModel) -> dict[str, tuple[float, float]]:
    """The errors of one object by candidate, on the seen and on the hidden side; NaN for a side without points."""
    rgba = sample.view(0)
    seen = model.see(look_at(rgba[..., :3], model.image_size, mask=rgba[..., 3]).photo).turned_to(0.0)
    reading = seen.reading
    assert isinstance(reading, ViewReading), "a view model is needed"
    vertices = surface_of(finer_field(seen, seen.field(32))).mesh.vertices
    truth = ViewTruth.of(ObjectTruth.of(sample, 100), sample, 0)
    nearest = cKDTree(vertices * reading.placing.side + reading.placing.center).query(truth.to_view(sample.points))[1]
    places, is_seen = reading.seen(vertices)[nearest], seen_points(sample)
    guess = np.stack([sample_frustum(channel, places) for channel in reading.colors.guessed], axis=1)
    photo = reading.colors.photographed(places)
    error = (photo - guess)[is_seen].mean(axis=0) if is_seen.any() else 0.0
    candidates = {
        "the photo seen through": photo,
        "the network's guess": guess,
        "the guess, shifted by its error on the seen side": np.clip(guess + error, 0, 1),
        "the photo's median": np.broadcast_to(np.median(photo[is_seen], axis=0), photo.shape),
        "the mean of photo and guess": (photo + guess) / 2,
    }
    errors = {name: np.abs(colors - sample.colors / 255).mean(axis=1) for name, colors in candidates.items()}
    sides = (is_seen, ~is_seen)
    return {
        name: tuple(float(error[side].mean()) if side.any() else np.nan for side in sides)  # type: ignore[misc]
        for name, error in errors.items()
    }


if __name__ == "__main__":
    main()

"""Which threshold a view model should have: its scores in the frame of the view at several, on half of val's objects.

    python recipes/view/threshold.py --data datasets/finder-sweethome3d --model weights/view

The best has the greatest mean of IoU and F-score at 5 %. One JSON line for each threshold.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.views.score import SCORES, InView, score_in_view
from shapeshot.evaluation.views.truth import ObjectTruth, ViewTruth
from shapeshot.model.field import logit
from shapeshot.model.field_model import load_model
from shapeshot.photo import look_at

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)
NUM_POINTS = 4000


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--thresholds", type=float, nargs="+", default=THRESHOLDS)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), load_model(args.model)
    scores: dict[float, list[dict[str, float]]] = {threshold: [] for threshold in args.thresholds}
    for key in tqdm(dataset.ids("val")[::2]):
        sample = dataset.sample(key)
        whole = ObjectTruth.of(sample, NUM_POINTS)
        for view in (0, sample.num_views - 1):  # one in a studio, one in a room
            rgba, truth = sample.view(view), ViewTruth.of(whole, sample, view)
            seen = model.see(look_at(rgba[..., :3], model.image_size, mask=rgba[..., 3]).photo)
            for threshold in args.thresholds:
                reading = seen.at_threshold(threshold).reading
                scores[threshold].append(score_in_view(InView(reading, logit(threshold), truth), NUM_POINTS))
    for threshold, rows in scores.items():
        means = {name: float(np.mean([row[name] for row in rows if name in row])) for name in SCORES}
        total = (means["iou"] + means["f_score_5"]) / 2
        print(
            json.dumps({"threshold": threshold, "mean": round(total, 4)} | {k: round(v, 4) for k, v in means.items()})
        )


if __name__ == "__main__":
    main()

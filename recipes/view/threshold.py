"""Which threshold a view model should have: its scores in the frame of the view at several, on half of val's objects.

    python recipes/view/threshold.py --data datasets/finder-sweethome3d --model weights/view

The best has the greatest mean of IoU and F-score at 5 %. One JSON line for each threshold.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from val_views import NUM_POINTS, means_of, val_views

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.views.score import InView, score_in_view
from shapeshot.model.field import logit
from shapeshot.model.field_model import load_model

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.5)


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--split", default="val", help="train tells what the model knows by heart")
    parser.add_argument("--every", type=int, default=2, help="that many objects further each time")
    parser.add_argument("--thresholds", type=float, nargs="+", default=THRESHOLDS)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), load_model(args.model)
    scores: dict[float, list[dict[str, float]]] = {threshold: [] for threshold in args.thresholds}
    for seen, truth in val_views(dataset, model, args.split, args.every):
        for threshold in args.thresholds:
            reading = seen.at_threshold(threshold).reading
            scores[threshold].append(score_in_view(InView(reading, logit(threshold), truth), NUM_POINTS))
    for threshold, rows in scores.items():
        means = means_of(rows)
        print(json.dumps({"threshold": threshold, "mean": round((means["iou"] + means["f_score_5"]) / 2, 4)} | means))


if __name__ == "__main__":
    main()

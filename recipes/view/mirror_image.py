"""What completing shapes by their mirror image is worth: scores in the frame of the view on half of val's objects.

    python recipes/view/mirror_image.py --data datasets/view-sweethome3d --model weights/view

One JSON line for each way: without it, as shipped, with other shares of the image, from other symmetry on, whatever the
symmetry, and as shipped with the true front in place of the network's.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from val_views import NUM_POINTS, means_of, val_views

from shapeshot.data.dataset import Dataset
from shapeshot.evaluation.views.score import InView, score_in_view
from shapeshot.geometry.frustum import ViewCamera
from shapeshot.model import symmetry
from shapeshot.model import view as model_view
from shapeshot.model.field import logit
from shapeshot.model.field_model import load_model
from shapeshot.model.symmetry import complete_by_symmetry

COMPLETE = complete_by_symmetry.__name__
WAYS: dict[str, dict[str, float]] = {
    "without": {"SHARE": 0.0},
    "as shipped": {"SHARE": symmetry.SHARE},
    "share 0.3": {"SHARE": 0.3},
    "share 0.55": {"SHARE": 0.55},
    "from 0.5 to 0.7": {"ASYMMETRICAL": 0.5, "SYMMETRICAL": 0.7},
    "always": {"ASYMMETRICAL": -1.0, "SYMMETRICAL": 0.0},
    "true front": {"SHARE": symmetry.SHARE},
}


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="default")
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), load_model(args.model)
    level, scores = logit(model.threshold), {way: list[dict[str, float]]() for way in WAYS}
    for seen, truth in val_views(dataset, model):
        for way, constants in WAYS.items():
            front = truth.camera.azimuth_deg if way == "true front" else None
            with patch.multiple(symmetry, **constants), patch.object(model_view, COMPLETE, completion(front)):
                scores[way].append(score_in_view(InView(seen.reading.at_level(level), level, truth), NUM_POINTS))
    for way, rows in scores.items():
        print(json.dumps({"way": way} | means_of(rows)))


def completion(front: float | None) -> Callable[..., Any]:
    """What completes a shape, as shipped or about another front. front: the camera's azimuth in degrees."""

    def complete(raw: Any, held: Any, camera: ViewCamera, level: float, rays: Any) -> Any:
        known = camera if front is None else replace(camera, azimuth_deg=front)
        return complete_by_symmetry(raw, held, known, level, rays)

    return complete


if __name__ == "__main__":
    main()

"""What completing shapes by their mirror image is worth: scores in the frame of the view on half of val's objects.

    python recipes/view/mirror_image.py --data datasets/view-sweethome3d --model weights/view

One JSON line for each way: without it, left to right alone, as shipped (from front to back, too), with other shares of
the image, from other symmetry on, whatever the symmetry, and as shipped with the true front in place of the network's.
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
from shapeshot.model.symmetry import MIRRORS, Mirror, complete_by_symmetry

COMPLETE = complete_by_symmetry.__name__
SIDES, ENDS = MIRRORS  # left to right, front to back
WAYS: dict[str, tuple[Mirror, ...]] = {
    "without": (),
    "left to right": (SIDES,),
    "as shipped": MIRRORS,
    "share 0.3": tuple(mirror._replace(share=0.3) for mirror in MIRRORS),
    "share 0.55": tuple(mirror._replace(share=0.55) for mirror in MIRRORS),
    "left to right from 0.5 to 0.7": (SIDES._replace(asymmetrical=0.5, symmetrical=0.7), ENDS),
    "front to back from 0.65 to 0.85": (SIDES, ENDS._replace(asymmetrical=0.65, symmetrical=0.85)),
    "front to back from 0.8 to 0.95": (SIDES, ENDS._replace(asymmetrical=0.8, symmetrical=0.95)),
    "diagonals, too": (*MIRRORS, ENDS._replace(turn_deg=45.0), ENDS._replace(turn_deg=-45.0)),
    "always": tuple(mirror._replace(asymmetrical=-1.0, symmetrical=0.0) for mirror in MIRRORS),
    "true front": MIRRORS,
}


def main() -> None:
    """Score and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", default="default")
    parser.add_argument("--every", type=int, default=2, help="that many objects further each time")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS)
    args = parser.parse_args()
    dataset, model = Dataset.open(args.data), load_model(args.model)
    level, scores = logit(model.threshold), {way: list[dict[str, float]]() for way in args.ways}
    for seen, truth in val_views(dataset, model, every=args.every):
        for way in args.ways:
            front = truth.camera.azimuth_deg if way == "true front" else None
            with patch.object(symmetry, "MIRRORS", WAYS[way]), patch.object(model_view, COMPLETE, completion(front)):
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

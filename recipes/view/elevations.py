"""From how high a model takes pictures to be seen: percentiles of the camera's elevation, in degrees.

python recipes/view/elevations.py --model weights/view --pictures datasets/photolike/pictures
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from shapeshot.errors import UserError
from shapeshot.model.field_model import load_model
from shapeshot.photo import look_at

PERCENTILES = (5, 25, 50, 75, 95)


def main() -> None:
    """See each cut-out of a folder and print one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--pictures", type=Path, required=True, help="a folder; scenes and masks in it are passed over")
    args = parser.parse_args()
    model, elevations, refused = load_model(args.model), [], 0
    for path in sorted(args.pictures.iterdir()):
        if path.stem.endswith("-scene") or ".mask." in path.name:
            continue
        try:
            camera = model.see(look_at(path, model.image_size).photo).camera
        except UserError:
            refused += 1
            continue
        if camera is None:
            parser.error(f"{args.model} does not tell where a photo was taken from")
        elevations.append(camera.elevation_deg)
    if not elevations:
        parser.error(f"no cut-out in {args.pictures}; build some with recipes/photolike/build.py")
    found = dict(zip(map(str, PERCENTILES), np.percentile(elevations, PERCENTILES).round(1).tolist(), strict=True))
    print(json.dumps({"pictures": len(elevations), "refused": refused, "percentiles": found}))


if __name__ == "__main__":
    main()

"""How well solids fit the pictures of their meshes: IoU of both outlines in the first view, on 64 x 64 rays.

python recipes/artists/outlines.py --data datasets/art-ufoai-data --every 8
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from shapeshot.data.augment import alpha_box
from shapeshot.data.dataset import Dataset, Sample
from shapeshot.data.frustum_truth import frustum_occupancy
from shapeshot.data.queries import PackedSolid
from shapeshot.geometry.frustum import Frustum
from shapeshot.photo.crop import crop_silhouette

RAYS = 64


def main() -> None:
    """Measure and print the distribution, and the worst by name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="that many training objects further each time")
    args = parser.parse_args()
    dataset = Dataset.open(args.data)
    ious = {key: outline_iou(dataset.sample(key)) for key in dataset.ids("train")[:: args.every]}
    values = np.array(list(ious.values()))
    print(f"{len(values)} objects: median {np.median(values):.3f}, a tenth below {np.quantile(values, 0.1):.3f}")
    print("worst:", ", ".join(f"{key} {ious[key]:.2f}" for key in sorted(ious, key=lambda key: ious[key])[:12]))


def outline_iou(sample: Sample) -> float:
    """The IoU of one object's two outlines; 0 where both are empty."""
    rgba = sample.view(0)
    frustum = Frustum(sample.cameras[0], alpha_box(rgba), rgba.shape[0])
    rays = np.ones((RAYS, RAYS), bool)
    met = np.asarray(frustum_occupancy(PackedSolid.pack(sample.solid), frustum, RAYS, RAYS, rays)).any(axis=0)
    seen = crop_silhouette(rgba[..., 3], frustum.box, RAYS) > 0.5
    return float((met & seen).sum() / max((met | seen).sum(), 1))


if __name__ == "__main__":
    main()

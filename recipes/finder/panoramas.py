"""Photographs out of the panoramas that come with Blender, as more backgrounds for the finder's training.

    blender-env/bin/python recipes/finder/panoramas.py --out datasets/backgrounds

Run by the Python that `shapeshot data setup-blender` made: its bpy holds eight panoramas by Greg Zaal (HDRI Haven, CC0
as the license.txt beside them says), and its OpenCV reads them. Each is seen in twelve directions, exposed at random,
as a camera with a field of view of 50 to 80 degrees would.
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

os.environ["OPENCV_IO_ENABLE_OPENEXR"] = "1"  # OpenCV asks for it before it is imported

import cv2
import numpy as np

LICENCE = "Greg Zaal, HDRI Haven; CC0-1.0"
VIEWS, SIDE, QUALITY = 12, 400, 92
SHOWING_A_THING = {"courtyard-06", "courtyard-07", "interior-00", "interior-01"}  # a dog, an armchair
PITCHES = (-30, -10, 5)  # degrees: floors and tables more often than skies


def main() -> int:
    """Write all views of all panoramas."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the pictures go")
    parser.add_argument("--panoramas", type=Path, metavar="DIR", help="equirectangular .exr files (default: bpy's own)")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    credits = {}
    for path in sorted((args.panoramas or bundled()).glob("*.exr")):
        panorama = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
        for number in range(VIEWS):
            yaw = 360 * (number + rng.uniform(-0.3, 0.3)) / VIEWS
            picture = seen(panorama, yaw, PITCHES[number % len(PITCHES)], float(rng.uniform(50, 80)), rng)
            if f"{path.stem}-{number:02d}" in SHOWING_A_THING:
                continue
            target = args.out / f"panorama-{path.stem}-{number:02d}.jpg"
            cv2.imwrite(str(target), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            credits[target.name] = {"package": "bpy", "from": path.name, "licence": LICENCE}
    listed = args.out / "credits.json"  # backgrounds.py writes it anew, so it runs first
    known = json.loads(listed.read_text()) if listed.is_file() else {}
    listed.write_text(json.dumps(known | credits, indent=1) + "\n")
    print(f"{len(credits)} pictures in {args.out}")
    return 0


def bundled() -> Path:
    """The folder of the panoramas in the bpy package."""
    from importlib.util import find_spec

    origin = getattr(find_spec("bpy"), "origin", None)
    return next(Path(str(origin)).parent.glob("*/datafiles/studiolights/world"))


def seen(panorama: np.ndarray, yaw: float, pitch: float, fov: float, rng: np.random.Generator) -> np.ndarray:
    """The view of a pinhole camera into a panorama of linear light, as uint8 [SIDE, SIDE, 3]; angles in degrees."""
    half = np.tan(np.radians(fov) / 2)
    y, x = np.mgrid[half : -half : SIDE * 1j, -half : half : SIDE * 1j]
    up, turn = np.radians(pitch), np.radians(yaw)
    forward, height = np.cos(up) - y * np.sin(up), np.sin(up) + y * np.cos(up)
    longitude = np.arctan2(x, forward) + turn
    latitude = np.arctan2(height, np.hypot(x, forward))
    rows, columns = panorama.shape[:2]
    u = ((longitude / (2 * np.pi) + 0.5) % 1 * columns).astype(np.float32)
    v = ((0.5 - latitude / np.pi) * rows).clip(0, rows - 1).astype(np.float32)
    light = cv2.remap(panorama, u, v, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP).clip(0)
    exposed = light * 0.45 / max(float(np.median(light)), 1e-4) * float(np.exp(rng.normal(-0.3, 0.35)))
    return (255 * (exposed / (1 + 0.25 * exposed)).clip(0, 1) ** (1 / 2.2)).astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())

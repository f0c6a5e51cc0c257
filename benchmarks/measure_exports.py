"""How long each format and each finishing touch takes, how large the files are, and what the colour texture loses.

    python benchmarks/measure_exports.py [PHOTO ...]   by default the photos in examples/

A JSON line a photo and format, then one a photo and finishing touch, then one a photo for the texture: the difference
between vertex colours and what a renderer's bilinear filter finds in the texture, in steps of 255.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from shapeshot.export import WRITERS, encode_files
from shapeshot.export.color_texture import ColorTexture, color_texture
from shapeshot.finish import FinishOptions, finish
from shapeshot.geometry import Mesh
from shapeshot.pipeline.reconstruct import reconstruct

EXAMPLES = Path(__file__).parents[1] / "examples"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="*", type=Path, default=sorted(EXAMPLES.glob("*.jpg")))
    for photo in parser.parse_args().photos:
        shape = reconstruct(photo, size="height=80cm")
        for suffix, writer in WRITERS.items():
            form = shape.mesh if Mesh in writer.holds else shape.voxels
            seconds, files = timed(lambda form=form, suffix=suffix: encode_files(form, suffix, "a"))
            report(photo, what=f".{suffix}", seconds=seconds, bytes=sum(map(len, files.values())))
        for name, options in touches(shape.mesh).items():
            seconds, (mesh, _) = timed(lambda mesh=shape.mesh, options=options: finish(mesh, options))
            report(photo, what=name, seconds=seconds, faces=len(mesh.faces), volume=mesh.volume / shape.mesh.volume)
        texture = color_texture(shape.mesh.colors)
        difference = np.abs(looked_up(texture) - shape.mesh.colors * 255)
        report(photo, what="texture", mean=float(difference.mean()), largest=float(difference.max()))


def touches(mesh: Mesh) -> dict[str, FinishOptions]:
    """The finishing touches by name."""
    return {
        "smooth 10": FinishOptions(smooth=10),
        "simplify to a tenth": FinishOptions(simplify=len(mesh.faces) // 10),
        "printable": FinishOptions(printable=True),
    }


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of the faster of two runs, and the result."""
    seconds, found = np.inf, None
    for _ in range(2):
        start = time.perf_counter()
        found = work()
        seconds = min(seconds, time.perf_counter() - start)
    return seconds, found


def looked_up(texture: ColorTexture) -> np.ndarray:
    """The picture at every vertex's place, as OpenGL's linear filter gives it, 0 to 255, float64 [vertices, 3]."""
    side = len(texture.pixels)
    x, y = texture.uvs[:, 0] * side - 0.5, (1 - texture.uvs[:, 1]) * side - 0.5
    left, top = (np.clip(np.floor(a).astype(int), 0, side - 2) for a in (x, y))
    found = np.zeros((len(x), 3))
    for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
        weight = np.abs(1 - row - (y - top)) * np.abs(1 - column - (x - left))
        found += weight[:, None] * texture.pixels[top + row, left + column]
    return found


def report(photo: Path, **numbers: Any) -> None:
    """One JSON line."""
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in numbers.items()}
    print(json.dumps({"photo": photo.name} | rounded))


if __name__ == "__main__":
    main()

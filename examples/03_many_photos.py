"""Load the model once and reconstruct every photo of a folder; a photo that fails does not end the run.

python examples/03_many_photos.py [PHOTOS] [FOLDER]

`shapeshot reconstruct PHOTOS --out FOLDER` does the same over several processes, keeps what is there and writes a
manifest; this shows how to build such a loop into a program of your own.
"""

from __future__ import annotations

import sys
from pathlib import Path

import shapeshot
from shapeshot.errors import UserError
from shapeshot.export import write_shape

photos = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
out = Path(sys.argv[2] if len(sys.argv) > 2 else "out")

model = shapeshot.load_model()
for photo in sorted(photos.glob("*.jpg")):
    try:
        shape = shapeshot.reconstruct(photo, model=model)
    except UserError as error:  # no object found, a damaged file, ...: one line that says what to do
        print(f"{photo.name}: {error}")
        continue
    write_shape(shape.mesh, out / f"{photo.stem}.glb")
    size = shape.size_estimate
    guess = "" if size is None else " x ".join(f"{100 * side:.0f}" for side in size.metres) + " cm by estimate"
    print(f"{photo.name}: {shape.timings['total']:.2f} s, {guess}")

"""Give the object its real size, make it printable and say what the print will need.

python examples/02_real_size_for_a_printer.py [PHOTO] [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import shapeshot
from shapeshot.export import write_shape
from shapeshot.finish import FinishOptions, finish

photo = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("armchair.jpg")
out = Path(sys.argv[2] if len(sys.argv) > 2 else "out")

shape = shapeshot.reconstruct(photo, size="height=80mm")  # one known dimension; lengths are metres from here on
mesh, facts = finish(shape.mesh, FinishOptions(smooth=10, printable=True))
write_shape(mesh, out / "armchair.3mf")  # 3MF says its unit, so a slicer opens it 80 mm high

width, height, depth = 1000 * (mesh.bounds[1] - mesh.bounds[0])
print(f"{width:.0f} x {height:.0f} x {depth:.0f} mm, {1e6 * facts['volume']:.1f} cm3 of material")
print(f"thinnest wall {1000 * facts['wall_thickness']['thinnest']:.2g} mm")
print(f"loose pieces: {facts['pieces_joined']} joined, {facts['pieces_dropped']} left out")

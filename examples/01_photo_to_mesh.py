"""Reconstruct one photo and write its mesh, points and voxels.

python examples/01_photo_to_mesh.py [PHOTO] [FOLDER]
"""

from __future__ import annotations

import sys
from pathlib import Path

import shapeshot
from shapeshot.export import write_shape

photo = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).with_name("chair.jpg")
out = Path(sys.argv[2] if len(sys.argv) > 2 else "out")

shape = shapeshot.reconstruct(photo)

write_shape(shape.mesh, out / "mesh.glb")  # opens in Blender, a browser, Windows' 3D viewer
write_shape(shape.points, out / "points.ply")  # coloured points with normals
write_shape(shape.voxels, out / "voxels.npz")  # `occupancy`, bool [32, 32, 32], indexed [x, y, z]

print(f"{len(shape.mesh.faces)} faces, {len(shape.points.points)} points, {shape.voxels.occupancy.sum()} solid voxels")
for warning in shape.warnings:
    print("warning:", warning)

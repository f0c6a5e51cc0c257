"""Binary STL, as slicers read it: triangles alone, without colours or shared vertices."""

from __future__ import annotations

import struct

import numpy as np

from shapeshot.geometry import Mesh


def encode_stl(mesh: Mesh) -> bytes:
    """An 80-byte header, the number of triangles, and 50 bytes a triangle.

    STL has no unit, and lengths are written as they are; slicers read them as millimetres, in which `write_shape` hands
    over shapes that have a real size.
    """
    rows = np.zeros(len(mesh.faces), [("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    rows["normal"], rows["corners"] = mesh.face_normals, mesh.triangles
    # The header must not begin with "solid", by which readers know the text form.
    return b"shapeshot binary STL".ljust(80) + struct.pack("<I", len(rows)) + rows.tobytes()

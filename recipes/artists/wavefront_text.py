"""Triangles as the text of an OBJ file and its MTL file: what the readers of games' own formats make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Buffer:
    """Triangles of one picture, or of one colour where they have none.

    positions [n, 3], uvs [n, 2] with v upwards, faces [m, 3]; picture: its name or "". color: red, green and blue in
    [0, 1].
    """

    positions: np.ndarray
    uvs: np.ndarray
    faces: np.ndarray
    picture: str
    color: tuple[float, ...] = (0.8, 0.8, 0.8)


def obj_and_mtl(buffers: Sequence[Buffer]) -> tuple[str, str]:
    """The two files' text; the OBJ names the MTL as model.mtl."""
    lines, materials, first = ["mtllib model.mtl"], [], 1
    for index, buffer in enumerate(buffers):
        lines += [f"v {x:.6g} {y:.6g} {z:.6g}" for x, y, z in buffer.positions]
        lines += [f"vt {u:.6g} {v:.6g}" for u, v in buffer.uvs]
        lines += [f"usemtl m{index}"]
        lines += [f"f {a}/{a} {b}/{b} {c}/{c}" for a, b, c in buffer.faces + first]
        red, green, blue = (1.0, 1.0, 1.0) if buffer.picture else buffer.color
        picture = [f"map_Kd {buffer.picture}"] if buffer.picture else []
        materials += [f"newmtl m{index}", f"Kd {red:.4g} {green:.4g} {blue:.4g}", *picture]
        first += len(buffer.positions)
    return "\n".join(lines) + "\n", "\n".join(materials) + "\n"

"""Solids with known answers: a box, and a chair whose sides all look different."""

from __future__ import annotations

import numpy as np
import trimesh

from shapeshot.geometry import cell_centers

SIDE = 128  # cells of a solid along each axis


def box_solid(*sides: float) -> np.ndarray:
    """A box about the origin, bool [128, 128, 128]."""
    x, y, z = (np.abs(cell_centers(SIDE)) <= side / 2 for side in sides)
    return x[:, None, None] & y[None, :, None] & z[None, None, :]


def chair() -> trimesh.Trimesh:
    """A seat on four legs with a back and one armrest; longest side 1."""
    parts = [((0.6, 0.06, 0.6), (0, 0, 0)), ((0.6, 0.5, 0.06), (0, 0.25, -0.27)), ((0.06, 0.2, 0.6), (0.27, 0.1, 0))]
    parts += [((0.06, 0.5, 0.06), (x, -0.25, z)) for x in (-0.27, 0.27) for z in (-0.27, 0.27)]
    return trimesh.util.concatenate([trimesh.creation.box(size).apply_translation(at) for size, at in parts])

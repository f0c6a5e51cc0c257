"""What a prediction may have, by name: a metric needs one of them, and a kind of model gives some of them."""

from __future__ import annotations

VOLUME = "volume"  # occupancy of the cells inside
SURFACE = "surface"  # points of the surface
NORMALS = "normals"  # of those points
MESH = "mesh"  # faces that can be checked
PROBABILITIES = "probabilities"  # of occupancy, so that another threshold gives another shape

SHAPE = frozenset((VOLUME, SURFACE, NORMALS, MESH))
ASPECTS = SHAPE | {PROBABILITIES}

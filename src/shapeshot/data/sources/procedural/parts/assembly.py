"""Collects the solids of one object with their materials and turns them into textured parts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64, Int64

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.sources.procedural.parts.solids import Solid

# Side lengths in metres that one repeat of a texture covers at the extremes: crockery and wardrobes.
TEXTURE_METRES = (0.12, 0.9)


class Assembly:
    """The solids of one object, grouped by material as they are added; metres, +y up, front +z."""

    def __init__(self) -> None:
        self.pieces: list[tuple[Solid, Material]] = []

    def add(self, material: Material, *solids: Solid) -> None:
        """Add solids of one material."""
        self.pieces.extend((solid, material) for solid in solids)

    def add_pair(self, material: Material, *solids: Solid) -> None:
        """Add solids and their mirror images in the plane x = 0."""
        for solid in solids:
            self.add(material, solid, solid.mirrored())

    def model(self) -> ObjectModel:
        """One part a material, centred in x and z, standing on y = 0, with box-projected uvs where textured."""
        low = np.min([solid.bounds[0] for solid, _ in self.pieces], axis=0)
        high = np.max([solid.bounds[1] for solid, _ in self.pieces], axis=0)
        shift = np.array([-(low[0] + high[0]) / 2, -low[1], -(low[2] + high[2]) / 2])
        repeat = float(np.clip((high - low).max() * 0.6, *TEXTURE_METRES))
        groups: dict[int, list[tuple[Solid, Material]]] = {}
        for solid, material in self.pieces:
            groups.setdefault(id(material), []).append((solid.at(*shift), material))
        return ObjectModel(
            tuple(_part([solid for solid, _ in group], group[0][1], repeat) for group in groups.values())
        )


def _part(solids: list[Solid], material: Material, repeat: float) -> Part:
    pieces: list[tuple[np.ndarray, np.ndarray, np.ndarray | None]] = [
        (solid.vertices, solid.faces, None) for solid in solids
    ]
    if material.texture is not None:
        pieces = [_box_projected(solid, repeat, 0.37 * index) for index, solid in enumerate(solids)]
    offsets = np.cumsum([0] + [len(vertices) for vertices, _, _ in pieces[:-1]])
    faces = [faces + offset for (_, faces, _), offset in zip(pieces, offsets, strict=True)]
    uvs = None
    if material.texture is not None:
        uvs = np.concatenate([own for _, _, own in pieces if own is not None]).astype(np.float32)
    vertices = np.concatenate([vertices for vertices, _, _ in pieces]).astype(np.float32)
    return Part(vertices, np.concatenate(faces).astype(np.int32), material, uvs)


def _box_projected(
    solid: Solid, repeat: float, offset: float
) -> tuple[Float64[np.ndarray, "vertices 3"], Int64[np.ndarray, "faces 3"], Float64[np.ndarray, "vertices 2"]]:
    """Vertices split along the seams of a box projection; v (the grain) runs along the solid's longest side."""
    a, b, c = solid.vertices[solid.faces].transpose(1, 0, 2)
    facing = np.abs(np.cross(b - a, c - a)).argmax(axis=1)
    corners, faces = np.unique(solid.faces * 3 + facing[:, None], return_inverse=True)
    vertices, axis = solid.vertices[corners // 3], corners % 3
    order = np.argsort(-np.ptp(solid.vertices, axis=0), kind="stable")
    grain = np.where(axis == order[0], order[1], order[0])
    rows = np.arange(len(vertices))
    uvs = np.stack([vertices[rows, 3 - axis - grain], vertices[rows, grain]], axis=1) / repeat + [offset, offset * 1.7]
    return vertices, faces.reshape(-1, 3), uvs

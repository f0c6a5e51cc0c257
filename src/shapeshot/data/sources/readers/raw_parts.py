"""What every mesh reader hands over, and how it becomes an ObjectModel: checked, centred and coloured in one way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float64, Int, Int64

from shapeshot.data.objects import Material, ObjectModel, Part
from shapeshot.data.sources.readers.budget import ObjectBudget
from shapeshot.data.sources.readers.materials import without_texture
from shapeshot.errors import MeshError

PALETTE_LEVELS = 32  # shades a channel that colours of faces are rounded to
TEXTURED_LEVELS = 4  # the same where there is a texture, too: each colour is then a part of its own
MAX_GRADIENTS = 2_000_000  # faces whose corners keep their own colours: a texture of 24 MB; more get one colour each
FAR = 64.0  # extents away from the origin from where on float32 would coarsen a shape
MAX_COORDINATE = 1e30  # beyond, squares of lengths are infinite in float32


PLAIN = Material()


@dataclass(frozen=True, eq=False)
class RawPart:
    """Triangles with one material, as a file has them.

    vertices float64 [vertices, 3]; faces int64 [faces, 3]; uvs float64 [vertices, 2], v = 1 at the top, or None.
    colors: sRGB in 0..1, of each face float64 [faces, 3] or of its corners [faces, 3, 3], multiplied with the
    material's, or None.
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    faces: Int64[np.ndarray, "faces 3"]
    material: Material = PLAIN
    uvs: Float64[np.ndarray, "vertices 2"] | None = None
    colors: Float64[np.ndarray, "faces *corners 3"] | None = None


def finished_model(parts: Sequence[RawPart], budget: ObjectBudget, left_out: Sequence[str] = ()) -> ObjectModel:
    """The model of some parts; those without faces count for nothing.

    left_out: what the file has that the model has not, for people. Vertices far from the origin are centred before
    they are rounded to float32. Raises MeshError for no faces, corners beyond the vertices and coordinates that are
    not finite.
    """
    name = budget.name
    parts = [part for part in parts if len(part.faces)]
    if not parts:
        detail = f" ({'; '.join(left_out)})" if left_out else ""
        raise MeshError(f"{name} has no faces{detail}; expected a mesh of triangles or polygons")
    budget.take("parts", len(parts))
    used = [_used(part, name) for part in parts]
    offset = _offset(used)
    finished = [piece for part in used for piece in _coloured(part, offset)]
    budget.take("parts", len(finished) - len(parts))
    return ObjectModel(tuple(finished), tuple(dict.fromkeys(left_out)))


def _used(part: RawPart, name: str) -> RawPart:
    """The part with the vertices that its faces use: a stray NaN must not reach a bounding box."""
    if part.faces.min() < 0 or part.faces.max() >= len(part.vertices):
        raise MeshError(f"{name} has a face corner beyond its {len(part.vertices)} vertices; the file may be cut short")
    used, inverse = np.unique(part.faces, return_inverse=True)
    vertices = np.asarray(part.vertices, np.float64)[used]
    # Comparisons with NaN are false.
    if not (np.abs(vertices) <= MAX_COORDINATE).all():
        raise MeshError(f"{name} has vertices that are not finite (NaN, infinite or beyond 1e30); repair the file")
    uvs = None if part.uvs is None else np.nan_to_num(np.asarray(part.uvs)[used], nan=0.0, posinf=0.0, neginf=0.0)
    return replace(part, vertices=vertices, faces=inverse.reshape(-1, 3), uvs=uvs)


def _offset(parts: Sequence[RawPart]) -> Float64[np.ndarray, " 3"]:
    """Return what is subtracted from all vertices, float64 [3]: their middle where they lie far away, else 0."""
    low = np.min([part.vertices.min(axis=0) for part in parts], axis=0)
    high = np.max([part.vertices.max(axis=0) for part in parts], axis=0)
    is_far = np.maximum(np.abs(low), np.abs(high)).max() > FAR * (high - low).max()
    return (low + high) / 2 if is_far else np.zeros(3)


def _coloured(part: RawPart, offset: Float64[np.ndarray, " 3"]) -> list[Part]:
    vertices = (part.vertices - offset).astype(np.float32)
    faces = part.faces.astype(np.int32)
    uvs = None if part.uvs is None else part.uvs.astype(np.float32)
    material = part.material if uvs is not None else without_texture(part.material)
    if part.colors is None:
        return [Part(vertices, faces, material, uvs)]
    colors = np.clip(np.nan_to_num(part.colors), 0.0, 1.0)
    of_faces = colors if colors.ndim == 2 else colors.mean(axis=1)
    if np.ptp(colors.reshape(-1, 3), axis=0).max() < 0.5 / PALETTE_LEVELS:
        return [Part(vertices, faces, _tinted(material, of_faces.mean(axis=0)), uvs)]
    if material.texture is not None:
        return _by_color(vertices, faces, material, uvs, of_faces)
    if colors.ndim == 3 and len(faces) <= MAX_GRADIENTS:
        return [_with_gradients(vertices, faces, material, colors * material.color)]
    return [_with_palette(vertices, faces, material, of_faces * material.color)]


def _tinted(material: Material, color: Float64[np.ndarray, " 3"]) -> Material:
    red, green, blue = np.asarray(material.color) * color
    return replace(material, color=(float(red), float(green), float(blue)))


def _with_palette(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    material: Material,
    colors: Float64[np.ndarray, "faces 3"],
) -> Part:
    """One colour a face, float [faces, 3], as texels of a small texture; corners are not shared."""
    levels = np.rint(colors * (PALETTE_LEVELS - 1)).astype(np.int64)
    palette, index = np.unique(levels, axis=0, return_inverse=True)
    side = int(np.ceil(np.sqrt(len(palette))))
    texture = np.zeros((side * side, 3), np.uint8)
    texture[: len(palette)] = np.rint(palette * (255 / (PALETTE_LEVELS - 1)))
    row, column = np.divmod(index.reshape(-1), side)
    uvs = np.stack([(column + 0.5) / side, 1 - (row + 0.5) / side], axis=1).astype(np.float32)
    corners = np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3)
    painted = replace(material, color=(1.0, 1.0, 1.0), texture=texture.reshape(side, side, 3))
    return Part(vertices[faces].reshape(-1, 3), corners, painted, np.repeat(uvs, 3, axis=0))


def _with_gradients(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    material: Material,
    colors: Float64[np.ndarray, "faces 3 3"],
) -> Part:
    """Colours of corners, float [faces, 3 (corner), 3], each face's as a block of 2 x 2 texels; corners are not shared.

    A bilinear lookup between the centres of texels (0, 0), (1, 0), (0, 1) is the linear one of the triangle when the
    fourth texel continues the plane through them. The corner at (0, 0) is the one with which that is a colour.
    """
    side = int(np.ceil(np.sqrt(len(faces))))
    turn = np.argmin([_excess(colors, first) for first in range(3)], axis=0)
    face = np.arange(len(faces))
    first, second, third = (colors[face, (turn + step) % 3] for step in range(3))
    blocks = np.zeros((side * side, 2, 2, 3))
    blocks[: len(faces), 0, 0], blocks[: len(faces), 0, 1], blocks[: len(faces), 1, 0] = first, second, third
    blocks[: len(faces), 1, 1] = second + third - first
    texels = np.rint(blocks.clip(0, 1) * 255).astype(np.uint8)
    texture = texels.reshape(side, side, 2, 2, 3).transpose(0, 2, 1, 3, 4).reshape(2 * side, 2 * side, 3)
    row, column = np.divmod(face, side)
    # Of each corner, (column, row) in the block.
    corner = np.array([[0, 0], [1, 0], [0, 1]])[(np.arange(3) - turn[:, None]) % 3]
    across = (2 * column[:, None] + corner[..., 0] + 0.5) / (2 * side)
    down = (2 * row[:, None] + corner[..., 1] + 0.5) / (2 * side)
    uvs = np.stack([across, 1 - down], axis=2).reshape(-1, 2).astype(np.float32)
    painted = replace(material, color=(1.0, 1.0, 1.0), texture=texture)
    order = np.arange(3 * len(faces), dtype=np.int32).reshape(-1, 3)
    return Part(vertices[faces].reshape(-1, 3), order, painted, uvs)


def _excess(colors: Float64[np.ndarray, "faces 3 3"], first: int) -> Float64[np.ndarray, " faces"]:
    """How far beyond 0..1 the plane through a face's colours reaches opposite that corner, float [faces]."""
    fourth = colors.sum(axis=1) - 2 * colors[:, first]
    distances: np.ndarray = np.abs(fourth - fourth.clip(0, 1)).max(axis=1)
    return distances


def _by_color(
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces 3"],
    material: Material,
    uvs: Float[np.ndarray, "vertices 2"] | None,
    colors: Float64[np.ndarray, "faces 3"],
) -> list[Part]:
    """A textured part split by the colours of its faces, roughly: a material has one colour beside its texture."""
    levels = np.rint(colors * (TEXTURED_LEVELS - 1)).astype(np.int64)
    kinds, index = np.unique(levels, axis=0, return_inverse=True)
    index = index.reshape(-1)
    parts = []
    for kind in range(len(kinds)):
        used, corners = np.unique(faces[index == kind], return_inverse=True)
        tinted = _tinted(material, colors[index == kind].mean(axis=0))
        own_uvs = None if uvs is None else uvs[used]
        parts.append(Part(vertices[used], corners.reshape(-1, 3).astype(np.int32), tinted, own_uvs))
    return parts

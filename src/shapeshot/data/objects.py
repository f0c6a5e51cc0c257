"""What a source of 3D objects yields: textured parts in the canonical axes, and what is known about the object.

A source that publishes pictures, occupancies or splits of its own says so by the protocols ViewedEntry, SolidEntry and
SplitSource; they are then used in place of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Float32, Int32, UInt8

from shapeshot.geometry.camera import Camera


@dataclass(frozen=True, eq=False)
class Material:
    """How a part looks.

    color: sRGB in [0, 1], multiplied with the texture where there is one.
    texture: uint8 [height, width, 3 or 4], row 0 at the top (v = 1), or None.
    opacity: 1 is opaque; glass is about 0.3.
    roughness: 0 is a mirror, 1 is matt.
    """

    color: tuple[float, float, float] = (0.7, 0.7, 0.7)
    texture: UInt8[np.ndarray, "height width channels"] | None = None
    opacity: float = 1.0
    roughness: float = 0.7
    metallic: bool = False


@dataclass(frozen=True, eq=False)
class Part:
    """Triangles with one material.

    vertices float32 [vertices, 3]; faces int32 [faces, 3]; uvs float32 [vertices, 2] or None.
    """

    vertices: Float32[np.ndarray, "vertices 3"]
    faces: Int32[np.ndarray, "faces 3"]
    material: Material = Material()
    uvs: Float32[np.ndarray, "vertices 2"] | None = None


@dataclass(frozen=True, eq=False)
class ObjectModel:
    """A whole object: +y up, its front towards +z, any unit. Often open, self-intersecting and of many parts.

    left_out: what its file has and the model has not (an unreadable texture, lines), a line each, for people.
    """

    parts: tuple[Part, ...]
    left_out: tuple[str, ...] = ()

    def merged(self) -> tuple[Float32[np.ndarray, "vertices 3"], Int32[np.ndarray, "faces 3"]]:
        """All parts as one (vertices float32 [vertices, 3], faces int32 [faces, 3])."""
        offsets = np.cumsum([0] + [len(part.vertices) for part in self.parts[:-1]])
        vertices = np.concatenate([part.vertices for part in self.parts]).astype(np.float32)
        faces = np.concatenate([part.faces + offset for part, offset in zip(self.parts, offsets, strict=True)])
        return vertices, faces.astype(np.int32)

    def transformed(
        self, matrix: Float[np.ndarray, "3 3"], offset: Float[np.ndarray, " 3"] | float = 0.0
    ) -> ObjectModel:
        """Every vertex v becomes matrix @ v + offset; a mirroring matrix also turns the faces over."""
        mirrored = np.linalg.det(matrix) < 0
        parts = []
        for part in self.parts:
            vertices = (part.vertices @ np.asarray(matrix, np.float64).T + offset).astype(np.float32)
            parts.append(replace(part, vertices=vertices, faces=part.faces[:, ::-1] if mirrored else part.faces))
        return ObjectModel(tuple(parts), self.left_out)

    def canonical(self) -> tuple[ObjectModel, float]:
        """Centred by its bounding box with longest side 1, and the factor that was applied."""
        vertices, _ = self.merged()
        low, high = vertices.min(axis=0).astype(np.float64), vertices.max(axis=0).astype(np.float64)
        factor = 1.0 / float((high - low).max())
        return self.transformed(np.eye(3) * factor, -(low + high) / 2 * factor), factor


@dataclass(frozen=True)
class ObjectInfo:
    """What is known about an object besides its shape.

    id: unique within its source, safe as a file name ([a-z0-9_-]).
    kind: the kind of object in one or two words ("chair"); category: the source's own shelf ("Living room").
    size_metres: width (x), height (y), depth (z), or None where unknown.
    has_front: whether +z is the object's front; where that is not known, nothing learns from it where a front is.
    """

    id: str
    name: str
    kind: str
    source: str
    licence: str
    creator: str
    category: str = ""
    tags: tuple[str, ...] = ()
    size_metres: tuple[float, float, float] | None = None
    has_front: bool = True


class SourceEntry(Protocol):
    """One object of a source. Must pickle: worker processes load it."""

    @property
    def info(self) -> ObjectInfo: ...

    def load(self) -> ObjectModel:
        """The object in canonical axes (not yet canonical size). Raises MeshError or DatasetError."""
        ...


@dataclass(frozen=True)
class Unreadable:
    """An entry, or a picture of one, that cannot be used; reported by name and counted."""

    name: str
    reason: str


@dataclass(frozen=True, eq=False)
class PublishedViews:
    """Pictures that come with an object.

    images: square, uint8 [side, side, 4], straight alpha; a camera for each.
    rooms: the numbers of those that show the object in a room: their colours are the whole photo's, under alpha 0 too,
    and alpha is how much of each pixel the object's visible part covers.
    aligned: whether each camera projects the canonical mesh to where the picture shows it.
    unreadable: those that could not be used, by name.
    """

    images: tuple[UInt8[np.ndarray, "side side 4"], ...]
    cameras: tuple[Camera, ...]
    unreadable: tuple[Unreadable, ...] = ()
    rooms: frozenset[int] = frozenset()
    aligned: bool = True


@runtime_checkable
class ViewedEntry(Protocol):
    """An entry whose source has pictures of it, which are used as they are: nothing is rendered."""

    def views(self, count: int, size: int) -> PublishedViews:
        """The first `count` that can be used, none wider than `size` pixels. Raises DatasetError where none can."""
        ...


@runtime_checkable
class RoomedEntry(ViewedEntry, Protocol):
    """A viewed entry whose source can also show the object in a room."""

    def views_and_rooms(self, count: int, size: int, rooms: int) -> PublishedViews:
        """Make views as `views` does, the last `rooms` of the `count` in a room. Raises DatasetError or PhotoError."""
        ...


@runtime_checkable
class SolidEntry(Protocol):
    """An entry whose source has its occupancy; `load()` then gives a model that lies where the occupancy does."""

    def solid(self) -> Bool[np.ndarray, "n n n"]:
        """Occupancy of the canonical cube, bool [n, n, n], indexed [x, y, z]. Raises DatasetError."""
        ...


@runtime_checkable
class MadeEntry(Protocol):
    """An entry that a program of its own makes on demand and renders with its own materials."""

    def described(self) -> ObjectInfo:
        """Describe the object once it is made: its real size, its materials and parts. Raises DatasetError."""
        ...

    def colors(
        self, points: Float[np.ndarray, "points 3"], normals: Float[np.ndarray, "points 3"]
    ) -> UInt8[np.ndarray, "points 3"]:
        """sRGB of its materials, uint8 [points, 3]. points, normals: of its outer surface, [points, 3], canonical."""
        ...

    def render(
        self, cameras: Sequence[Camera], size: int, samples: int, rooms: int, rng: np.random.Generator
    ) -> tuple[UInt8[np.ndarray, "size size 4"], ...]:
        """One view a camera, uint8 [size, size, 4], straight alpha; the last `rooms` in a room. Raises DatasetError."""
        ...


class Source(Protocol):
    """A place where objects come from."""

    @property
    def name(self) -> str: ...

    def entries(self) -> Sequence[SourceEntry]: ...
    def unreadable(self) -> Sequence[Unreadable]: ...


@runtime_checkable
class SplitSource(Protocol):
    """A source that may come with the splits under which results on it were published."""

    def splits(self) -> Mapping[str, str] | None:
        """The split, "train", "val" or "test", of each entry's id; None for our own splits."""
        ...


@runtime_checkable
class GroupedSource(Protocol):
    """A source whose published splits come with the groups of near-duplicates that they keep together."""

    def groups(self) -> Mapping[str, str]:
        """The group of each entry's id, named after one of its members; only asked for where `splits()` is given."""
        ...

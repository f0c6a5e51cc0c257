"""The renderings and voxels of 3D-R2N2 (Choy et al., ECCV 2016): 13 categories of ShapeNetCore v1, as published.

    FOLDER/ShapeNetRendering/SYNSET/MODEL/rendering/00.png ... 23.png, rendering_metadata.txt
    FOLDER/ShapeNetVox32/SYNSET/MODEL/model.binvox

The pictures are the views, and the voxels, cell for cell, the occupancy; nothing is rendered and nothing is voxelised.
Both are turned from ShapeNet's axes (front at +x) to ours; a grid is neither moved nor scaled, so an object fills the
cube as binvox laid it down. Surface points come from the boundary of the voxels, or from ShapeNet's own meshes, brought
to the bounding box of the voxels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from shapeshot.data.objects import ObjectInfo, ObjectModel, Part, PublishedViews, SourceEntry, Unreadable
from shapeshot.data.sources.binvox import read_binvox
from shapeshot.data.sources.folder import ConfinedFiles
from shapeshot.data.sources.readers.pictures import shrink_square
from shapeshot.data.sources.shapenet import ShapeNetMesh, find_meshes, model_folders, model_info
from shapeshot.data.sources.synset_source import Listing, SynsetSource
from shapeshot.errors import DatasetError
from shapeshot.geometry import VoxelGrid
from shapeshot.geometry.camera import Camera
from shapeshot.geometry.voxel_boundary import voxel_boundary
from shapeshot.photo import load_photo

RENDERINGS, VOXELS = "ShapeNetRendering", "ShapeNetVox32"
METADATA = "rendering_metadata.txt"
# Of the Blender camera behind all pictures (35 mm on a sensor of 32); the metadata's own last column is not it.
FOV_DEG = float(np.degrees(2 * np.arctan(16 / 35)))
MAX_DISTANCE = 1.75  # what the metadata's distances are fractions of, in ShapeNet's unit


@dataclass(frozen=True)
class R2N2Entry:
    """One model. root: FOLDER. mesh: in ShapeNet, or None."""

    info: ObjectInfo
    root: Path
    synset: str
    model: str
    mesh: ShapeNetMesh | None = None

    def solid(self) -> Bool[np.ndarray, "n n n"]:
        """The published grid in our axes, bool [n, n, n]. Raises DatasetError naming the file."""
        name = f"{VOXELS}/{self.synset}/{self.model}/model.binvox"
        content = self._files(VOXELS, self.model).read("model.binvox")
        if content is None:
            raise DatasetError(f"{name} is missing or lies outside {self.root}; get a fresh copy")
        grid = read_binvox(content, name).occupancy
        if len(set(grid.shape)) != 1 or not grid.any():
            raise DatasetError(
                f"{name} has {list(grid.shape)} cells, {int(grid.sum())} of them full; expected a full cube"
            )
        return front_x_to_z(grid)

    def load(self) -> ObjectModel:
        """The boundary of the voxels, or ShapeNet's mesh in the place of the voxels."""
        solid = self.solid()
        return boundary_model(solid) if self.mesh is None else placed_like(self.mesh.load(self.info), solid)

    def views(self, count: int, size: int) -> PublishedViews:
        """The first `count` renderings. Raises DatasetError where they or their cameras are missing or damaged."""
        files = self._files(RENDERINGS, self.model, "rendering")
        cameras = read_cameras(files.read(METADATA), f"{RENDERINGS}/{self.synset}/{self.model}/{METADATA}")
        images = []
        for index in range(min(count, len(cameras))):
            content = files.read(f"{index:02d}.png")
            if content is None:
                raise DatasetError(f"{self.synset}/{self.model} has no rendering {index:02d}.png; get a fresh copy")
            images.append(shrink_square(load_photo(content), size))
        # Their distances are in ShapeNet's unit, which is not the canonical cube's.
        return PublishedViews(tuple(images), cameras[: len(images)], aligned=False)

    def _files(self, *parts: str) -> ConfinedFiles:
        folder = self.root / parts[0] / self.synset
        return ConfinedFiles(folder.joinpath(*parts[1:]), folder.resolve())


class R2N2Source(SynsetSource):
    """All models that have both renderings and voxels, ordered by synset and model; the others are reported.

    shapenet: a ShapeNetCore folder whose meshes give the surfaces; a model that it lacks is reported. categories,
    split_files: as of ShapeNetSource. Raises DatasetError for another folder, category or split file.
    """

    name = "r2n2"

    def __init__(
        self,
        folder: Path | str,
        shapenet: Path | str | None = None,
        categories: Sequence[str] | None = None,
        split_files: Sequence[Path | str] = (),
    ) -> None:
        self.shapenet = None if shapenet is None else Path(shapenet)
        for path in (Path(folder, RENDERINGS), Path(folder, VOXELS), self.shapenet or Path(folder)):
            if not path.is_dir():
                raise DatasetError(f"no such folder: {path}; see docs/datasets.md for the layout of R2N2")
        super().__init__(Path(folder), categories, split_files)

    def _list(self) -> Listing:
        rendered = set(model_folders(self.folder / RENDERINGS, self._chosen))
        voxelised = set(model_folders(self.folder / VOXELS, self._chosen))
        meshes = None if self.shapenet is None else find_meshes(self.shapenet, self._chosen)
        entries: dict[tuple[str, str], SourceEntry] = {}
        unreadable: list[Unreadable] = []
        for key in sorted(rendered | voxelised):
            found = self._entry(key, key in rendered, key in voxelised, meshes)
            if isinstance(found, Unreadable):
                unreadable.append(found)
            else:
                entries[key] = found
        if not entries and not unreadable:
            raise DatasetError(f"{self.folder} holds no models; expected {VOXELS}/SYNSET/MODEL/model.binvox")
        return entries, unreadable

    def _entry(
        self,
        key: tuple[str, str],
        rendered: bool,
        voxelised: bool,
        meshes: Mapping[tuple[str, str], ShapeNetMesh | None] | None,
    ) -> R2N2Entry | Unreadable:
        synset, model = key
        name = f"{synset}/{model}"
        if self._splits is not None and key not in self._splits:
            return Unreadable(name, "the split files do not name it")
        if not (rendered and voxelised):
            return Unreadable(name, f"it is not in {VOXELS if rendered else RENDERINGS}")
        info = model_info(synset, model, self.synsets, self.name)
        mesh = meshes.get(key) if meshes is not None else None
        if meshes is not None and mesh is None:
            return Unreadable(name, f"{self.shapenet} holds no mesh of it")
        return R2N2Entry(info, self.folder, synset, model, mesh)


def front_x_to_z(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "z y x"]:
    """A grid [x, y, z] turned with the rotation FRONT_X: its +x side becomes the +z side."""
    return np.ascontiguousarray(grid.transpose(2, 1, 0)[::-1])


def boundary_model(solid: Bool[np.ndarray, "n n n"]) -> ObjectModel:
    """The outside of the cells of a cube [n, n, n], in the canonical cube, with shared vertices."""
    blocks = voxel_boundary(VoxelGrid(solid))
    vertices, index = np.unique(blocks.vertices, axis=0, return_inverse=True)
    return ObjectModel((Part(vertices, index.reshape(-1)[blocks.faces].astype(np.int32)),))


def placed_like(model: ObjectModel, solid: Bool[np.ndarray, "n n n"]) -> ObjectModel:
    """The model about the centre of the full cells' bounding box, scaled evenly to its longest side."""
    cells = np.argwhere(solid)
    low, high = cells.min(axis=0) / len(solid) - 0.5, (cells.max(axis=0) + 1) / len(solid) - 0.5
    canonical, _ = model.canonical()
    return canonical.transformed(np.eye(3) * float((high - low).max()), (low + high) / 2)


def read_cameras(content: bytes | None, name: str) -> tuple[Camera, ...]:
    """A camera a line: azimuth, elevation, in-plane rotation, distance, field of view.

    Their azimuth turns from ShapeNet's +x, the front, towards +z, which is our -x: ours is its negative. Distances are
    in ShapeNet's unit. Raises DatasetError for anything else.
    """
    try:
        rows = [
            [float(word) for word in line.split()] for line in (content or b"").decode("ascii").splitlines() if line
        ]
        if not rows or any(len(row) != 5 or not np.isfinite(row).all() for row in rows):
            raise ValueError
    except ValueError:
        raise DatasetError(f"{name} is missing or no metadata of renderings; expected five numbers a line") from None
    return tuple(
        Camera((180.0 - azimuth) % 360.0 - 180.0, elevation, distance * MAX_DISTANCE, FOV_DEG)
        for azimuth, elevation, _, distance, _ in rows
    )

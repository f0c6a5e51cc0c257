"""What a fit aims at: one true shape, from a mesh file or from a dataset."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from shapeshot.data.dataset import Dataset
from shapeshot.data.objects import ObjectModel
from shapeshot.data.queries import PackedSolid
from shapeshot.data.solids.object_shape import canonical_shape
from shapeshot.data.sources.folder import read_mesh_file
from shapeshot.errors import DatasetError
from shapeshot.geometry import Mesh
from shapeshot.lab.loading.training_set import TrainingObject, training_object
from shapeshot.names import shown


@dataclass(frozen=True, eq=False)
class FitTarget:
    """One object in the canonical cube, as training sees it and as it is shown and scored.

    name: for people. item: what the losses read. solid: bool [128, 128, 128]. mesh: as its artist left it, often open.
    left_out: what its file has and the shape has not, a line each.
    """

    name: str
    item: TrainingObject
    solid: Bool[np.ndarray, "side side side"]
    mesh: Mesh
    left_out: tuple[str, ...] = ()


def target_from_file(path: Path | str) -> FitTarget:
    """Read the object of a mesh file (glb, gltf, obj, off, ply, stl), +y up and its front towards +z.

    Raises MeshError naming the file where it cannot be read or encloses nothing.
    """
    return target_from_model(read_mesh_file(path), shown(Path(path).stem))


def target_from_model(model: ObjectModel, name: str) -> FitTarget:
    """Make a target of an object of a source. Raises MeshError where it encloses nothing."""
    shape = canonical_shape(model, name, np.random.default_rng(zlib.crc32(name.encode())))
    points, colors = shape.surface.points.astype(np.float16), shape.surface.colors
    item = TrainingObject(name, (), PackedSolid.pack(shape.solid), points, colors)
    return FitTarget(name, item, shape.solid, Mesh(shape.vertices, shape.faces), model.left_out)


def target_from_dataset(folder: Path | str, object_id: str) -> FitTarget:
    """Read an object of a dataset. Raises DatasetError for another folder, and for an unknown id with the nearest."""
    dataset = Dataset.open(folder)
    if object_id not in dataset.records:
        near = get_close_matches(object_id, dataset.ids(), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise DatasetError(f"no object {object_id!r} among the {len(dataset)} of {folder}{hint}")
    sample = dataset.sample(object_id)
    return FitTarget(object_id, training_object(sample, 0), sample.solid, Mesh(sample.vertices, sample.faces))

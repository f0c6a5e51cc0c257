"""Photo in, shapes out: the main road, top to bottom.

photo -> object found -> crop -> planes (one encoder pass) -> field on grids -> voxels, mesh, points -> metres.
Where the model has a memory, what it recalls by the object's outline joins the field.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import EmptyShapeError, UserError, unknown_name
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid, cell_centers
from shapeshot.geometry.components import remove_small_components
from shapeshot.geometry.isosurface import isosurface
from shapeshot.geometry.sample import sample_surface
from shapeshot.model.heads import Familiarity, SizeEstimate, assess
from shapeshot.photo import (
    BACKGROUNDS,
    ObjectMask,
    Photo,
    PreparedPhoto,
    find_object,
    given_mask,
    object_in_region,
    prepare_photo,
    read_photo,
)
from shapeshot.photo.pointed import Region, check_region
from shapeshot.pipeline.color import ColorTransfer, object_pixels
from shapeshot.pipeline.size import metric_scale, parse_size

if TYPE_CHECKING:
    from shapeshot.model.field_model import Field, FieldModel

MESH_RESOLUTIONS = (64, 256)  # coarser loses legs and handles, finer shows nothing that the field holds
SPECK_FRACTION = 0.005  # of the largest piece: some 30 cells beside a chair at 64^3, where a loose leg has over 100
MAX_RESOLUTION = 256  # of voxels: 16.8 million cells
MAX_POINTS = 10_000_000
MIN_THRESHOLD = 0.001  # and 1 minus it: a surface at certainty is nowhere
AUTO_SIZE = "auto"  # in place of a known dimension: the model's own estimate
POINT_SEED = 0  # the same photo gives the same points


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What one photo gave: the same shape in three forms, in one frame (+y up, front towards +z).

    Lengths are fractions of the canonical cube's side, or metres where a size was given.

    mesh: closed, coloured at its vertices. points: coloured samples of the mesh's surface. voxels: solid occupancy.
    rgba: the photo as read, uint8 [height, width, 4], upright, its long side at most 1024 pixels.
    photo_size: (width, height) of the upright photo in its own pixels.
    mask: what was taken for the object, float32 [height, width] in [0, 1], beside rgba.
    photo: the crop that the model saw; its box is in pixels of rgba.
    threshold: the probability of occupancy at the surface.
    is_metric: whether lengths are metres. timings: seconds per stage, and "total".
    size_estimate: real size as predicted from the photo; None where a size was given. familiarity: whether the photo
    is like those of the training. point_confidence: float32 [points] in 0..1, the probability that the true surface
    passes near each of the points, see `confidence.PointHead`. probabilities: calibrated occupancy of the voxels,
    float32 [n, n, n]. Each of the four is None where the model has no head for it (`shapeshot calibrate`).
    """

    voxels: VoxelGrid
    points: PointCloud
    mesh: Mesh
    rgba: np.ndarray
    photo_size: tuple[int, int]
    mask: np.ndarray
    photo: PreparedPhoto
    threshold: float
    is_metric: bool
    timings: dict[str, float]
    size_estimate: SizeEstimate | None = None
    familiarity: Familiarity | None = None
    point_confidence: np.ndarray | None = None
    probabilities: np.ndarray | None = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against trusting this shape, one sentence each."""
        if self.familiarity is None or self.familiarity.is_familiar:
            return ()
        score, limit = self.familiarity.score, self.familiarity.limit
        return (
            f"this photo is unlike anything the model was trained on (distance {score:.2f}, limit {limit:.2f}): "
            "the shape may mean nothing; give a photo of one whole household object on a plain background",
        )


def load_model(folder: str | PathLike[str] | None = None) -> FieldModel:
    """The model in `folder`, or the shipped one, which is loaded once a process. Raises ModelError."""
    from shapeshot.model.field_model import FieldModel  # here: it imports ONNX Runtime

    return _shipped_model() if folder is None else FieldModel.load(Path(folder))


def reconstruct(
    image: Any,
    *,
    model: FieldModel | str | PathLike[str] | None = None,
    resolution: int = 32,
    num_points: int = 2048,
    size: str | None = None,
    background: str = "auto",
    threshold: float | None = None,
    region: Sequence[float] | None = None,
    mask: np.ndarray | None = None,
) -> Reconstruction:
    """Voxels, points and a mesh of the object in one photo.

    image: a path, the bytes of an image file, a PIL image or a uint8 array [height, width, 3 or 4].
    model: from `load_model`, a folder with one, or None for the shipped one.
    resolution: voxels along each side; the mesh's grid is twice as fine, between 64 and 256.
    num_points: samples of the mesh's surface, drawn by area with a fixed seed.
    size: one known dimension, as in "height=80cm", or "auto" for the model's own estimate; scales all three forms to
        metres.
    background: how the object is found; see `photo.find_object`.
    threshold: the probability of occupancy at the surface, in (0, 1); None is the model's own. Lower is fatter.
    region: (left, top, right, bottom), in pixels of the upright photo: the object is looked for inside.
    mask: bool or uint8 [height, width] of the upright photo, the object's pixels; `background` is not looked at then.
    Raises PhotoError, ModelError, EmptyShapeError where the field is empty, and UserError for options out of range.
    """
    check_options(resolution, num_points, size, background, threshold, region)
    clock = Clock()
    with clock("load_model"):
        field_model = load_model(model) if model is None or isinstance(model, str | PathLike) else model
    with clock("photo"):
        view = look_at(image, field_model.image_size, background, region, mask)
    with clock("encode"):
        planes, features = field_model.see(view.photo.pixels)
    return shape_in(view, planes, field_model, resolution, num_points, size, threshold, clock, features)


@dataclass(frozen=True, eq=False)
class View:
    """What is known of a photo before the network sees it: its pixels, the object in them and the network's input."""

    source: Photo
    found: ObjectMask
    photo: PreparedPhoto


def look_at(
    image: Any,
    image_size: int,
    background: str = "auto",
    region: Sequence[float] | None = None,
    mask: np.ndarray | None = None,
) -> View:
    """Read a photo, find the object and crop it to image_size pixels; the options are those of `reconstruct`.

    image: as for `reconstruct`, or a Photo that was read already.
    """
    source = image if isinstance(image, Photo) else read_photo(image)
    area = None if region is None else check_region(region)
    found = _find(source, background, area, mask)
    return View(source, found, prepare_photo(source.rgba, found, image_size))


def shape_in(
    view: View,
    planes: np.ndarray,
    model: FieldModel,
    resolution: int = 32,
    num_points: int = 2048,
    size: str | None = None,
    threshold: float | None = None,
    clock: Clock | None = None,
    features: np.ndarray | None = None,
) -> Reconstruction:
    """The second half of `reconstruct`, once the photo's planes [3, C, R, R] are there (from a batch, for example).

    clock: with the stages so far, whose times are told along with those of this half. features: float [features], of
    the same encoder pass; without them there is neither a size estimate nor a familiarity.
    """
    clock = clock or Clock()
    surface = model.threshold if threshold is None else threshold
    with clock("mesh"):
        recalled = model.recall(view.photo)
        field = _field(model, planes, recalled, resolution, surface)
        mesh, predicted = _mesh(model, planes, recalled, field)
    with clock("colors"):
        recolor = ColorTransfer.fit(predicted, object_pixels(view.source.rgba, view.found.mask))
        mesh = Mesh(mesh.vertices, mesh.faces, recolor(predicted))
    with clock("voxels"):
        voxels = _voxels(model, planes, field, recolor)
    with clock("points"):
        points = sample_surface(mesh, num_points, np.random.default_rng(POINT_SEED))
    with clock("confidence"):
        known = assess(model.heads, features, field.logits, points.points, points.normals)
    if size is not None:
        factor = _scale(mesh, size, known.size_estimate)
        voxels, points, mesh = voxels.scaled(factor), points.scaled(factor), mesh.scaled(factor)
    return Reconstruction(
        voxels,
        points,
        mesh,
        rgba=view.source.rgba,
        photo_size=view.source.size,
        mask=view.found.mask,
        photo=view.photo,
        threshold=surface,
        is_metric=size is not None,
        timings=clock.timings(),
        size_estimate=known.size_estimate if size in (None, AUTO_SIZE) else None,
        familiarity=known.familiarity,
        point_confidence=known.point_confidence,
        probabilities=known.probabilities,
    )


def check_options(
    resolution: int,
    num_points: int,
    size: str | None,
    background: str,
    threshold: float | None = None,
    region: Sequence[float] | None = None,
) -> None:
    """UserError for options out of range; the command line asks before it does any work."""
    if not 8 <= resolution <= MAX_RESOLUTION:
        raise UserError(f"resolution must lie in 8..{MAX_RESOLUTION}; got {resolution}")
    if not 1 <= num_points <= MAX_POINTS:
        raise UserError(f"the number of points must lie in 1..{MAX_POINTS}; got {num_points}")
    if background not in BACKGROUNDS:
        raise unknown_name("background", background, BACKGROUNDS)
    if size is not None and size != AUTO_SIZE:
        parse_size(size)
    if threshold is not None and not MIN_THRESHOLD <= threshold <= 1 - MIN_THRESHOLD:
        raise UserError(f"the threshold must lie in {MIN_THRESHOLD}..{1 - MIN_THRESHOLD}; got {threshold}")
    if region is not None:
        check_region(region)


def _find(source: Photo, background: str, region: Region | None, mask: np.ndarray | None) -> ObjectMask:
    if mask is not None:
        return given_mask(source, mask, region)
    if region is not None:
        return object_in_region(source, region, background)
    return find_object(source.rgba, background)


def _field(model: FieldModel, planes: np.ndarray, recalled: np.ndarray | None, cells: int, threshold: float) -> Field:
    """The field on cells^3, with its surface at another probability than the model's own where one is given."""
    values = model.grid(planes, cells, recalled=recalled)
    return values if threshold == model.threshold else replace(values, level=math.log(threshold / (1 - threshold)))


def _scale(mesh: Mesh, size: str, estimate: SizeEstimate | None) -> float:
    """Metres per unit of the mesh."""
    if size != AUTO_SIZE:
        dimension, metres = parse_size(size)
        return metric_scale(mesh.bounds, **{dimension: metres})
    if estimate is None:
        raise UserError("this model cannot estimate sizes; give one known dimension, such as height=80cm")
    return estimate.scale(mesh.bounds[1] - mesh.bounds[0])


def _voxels(model: FieldModel, planes: np.ndarray, field: Field, recolor: ColorTransfer) -> VoxelGrid:
    occupancy = field.occupancy
    axis = cell_centers(field.resolution)
    colors = np.zeros((*occupancy.shape, 3), np.float32)
    colors[occupancy] = recolor(model.colors_at(planes, axis[np.argwhere(occupancy)]))
    return VoxelGrid(occupancy, colors)


def _mesh(model: FieldModel, planes: np.ndarray, recalled: np.ndarray | None, field: Field) -> tuple[Mesh, np.ndarray]:
    """The mesh, and the colours that the field has at its vertices, float32 [vertices, 3]; `field` is the voxels'."""
    cells = int(np.clip(2 * field.resolution, *MESH_RESOLUTIONS))
    guide = field
    if 2 * field.resolution != cells:
        guide = replace(model.grid(planes, cells // 2, recalled=recalled), level=field.level)
    values = model.grid(planes, cells, guide, recalled)
    if not values.occupancy.any():
        raise EmptyShapeError(
            "the model saw no object in this photo; try a closer photo of one whole object on a plain background"
        )
    first_center = float(cell_centers(cells)[0])
    vertices, faces = isosurface(values.logits, values.level, first_center, 1.0 / cells)
    shape = remove_small_components(Mesh(vertices, faces), SPECK_FRACTION)
    return shape, model.colors_at(planes, shape.vertices)


@lru_cache(maxsize=1)
def _shipped_model() -> FieldModel:
    from shapeshot.model.field_model import FieldModel

    return FieldModel.load()


class Clock:
    """Seconds per named stage, and in total since it was made."""

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.add(stage, time.perf_counter() - start)

    def add(self, stage: str, seconds: float) -> None:
        """A stage that was timed elsewhere: a share of a batch."""
        self._stages[stage] = seconds

    def timings(self) -> dict[str, float]:
        return {**self._stages, "total": time.perf_counter() - self._start}

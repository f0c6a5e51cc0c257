"""Photo in, shapes out: the main road, top to bottom.

photo -> object found -> crop -> seen by the model (one encoder pass) -> field on grids -> voxels, mesh, points ->
metres.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.errors import UserError
from shapeshot.geometry import Mesh, PointCloud, VoxelGrid, cell_centers
from shapeshot.model.field_model import FieldModel, load_model
from shapeshot.model.heads import Evidence, Familiarity, SizeEstimate
from shapeshot.model.shape import SPECK_FRACTION, SPECK_FRACTION_OF_VIEW, finer_field, surface_of, surface_points
from shapeshot.photo import ObjectMask, PreparedPhoto, View, look_at
from shapeshot.photo.pointed import check_points, check_region
from shapeshot.pipeline.color import ColorTransfer, object_pixels
from shapeshot.pipeline.confidence import evidence_of
from shapeshot.pipeline.options import AUTO, MIRRORED, SEEN, TURNS, Options
from shapeshot.pipeline.size import AUTO_SIZE, bare_number_remarks, metric_scale, parse_size
from shapeshot.pipeline.telling import told_of

if TYPE_CHECKING:
    from jaxtyping import Float32, Shaped, UInt8

    from shapeshot.model.camera_estimate import PhotoCamera
    from shapeshot.model.field import Field
    from shapeshot.model.heads import Assessment
    from shapeshot.model.reading import Symmetry
    from shapeshot.model.seen import Seen


FRONT_VIEW = (35.0, 20.0)  # azimuth and elevation of pictures, degrees, where the photo's camera is not known
BESIDE_PHOTO_DEG = 15.0  # enough to see that there is depth, and little enough to compare with the photo


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What one photo gave: the same shape in three forms, in one frame (+y up, front towards +z).

    Lengths are fractions of the canonical cube's side, or metres where a size was given.

    mesh: closed, coloured at its vertices. points: coloured samples of the mesh's surface. voxels: solid occupancy.
    rgba: the photo as read, uint8 [height, width, 4], upright, its long side at most 1024 pixels.
    photo_size: (width, height) of the upright photo in its own pixels.
    found: what was taken for the object, how, and what speaks against it; its mask lies beside rgba.
    photo: the crop that the model saw; its box is in pixels of rgba.
    threshold: the probability of occupancy at the surface.
    camera: where the photo was taken from, beside the shape; None where the model does not tell.
    remarks: what speaks against what was typed, or by the model against its shape. num_specks: loose pieces that the
        mesh is without.
    is_metric: whether lengths are metres. timings: seconds per stage, and "total".
    confidence: the probability, 0 to 1, that the shape is right: that its F-score at 5 % is above 0.5. doubt: what
    lowers it most, a name of `pipeline.confidence.DOUBTS`. evidence: what it was made of.
    size_estimate: real size as predicted from the photo. given_size: the one known dimension that it was scaled by, as
    in "height=80cm"; None where none was given. familiarity: whether the photo
    is like those of the training. point_confidence: float32 [points] in 0..1, the probability that the true surface
    passes near each of the points, see `model.heads.PointHead`. probabilities: calibrated occupancy of the voxels,
    float32 [n, n, n]. Of these, all but given_size are None where the model has no head for it (`shapeshot calibrate`).
    symmetry: the shares of its mirror images, left to right and front to back, that were mixed into the shape; None
    where the model looks for none.
    depth: "seen", or "mirrored", of which the model cannot say how sure it is: confidence, doubt, evidence,
    point_confidence and probabilities are None then.
    """

    voxels: VoxelGrid
    points: PointCloud
    mesh: Mesh
    rgba: UInt8[np.ndarray, "height width 4"]
    photo_size: tuple[int, int]
    found: ObjectMask
    photo: PreparedPhoto
    threshold: float
    is_metric: bool
    timings: dict[str, float]
    camera: PhotoCamera | None = None
    remarks: tuple[str, ...] = ()
    num_specks: int = 0
    confidence: float | None = None
    doubt: str | None = None
    evidence: Evidence | None = None
    size_estimate: SizeEstimate | None = None
    familiarity: Familiarity | None = None
    point_confidence: Float32[np.ndarray, " points"] | None = None
    probabilities: Float32[np.ndarray, "n n n"] | None = None
    given_size: str | None = None
    depth: str = SEEN
    symmetry: Symmetry | None = None

    def save(self, path: str | PathLike[str], form: str | None = None) -> None:
        """Write one form of this shape in the format that the path's suffix names: "armchair.glb".

        form: "mesh", "points" or "voxels"; by default a mesh, and voxels for .npz and .binvox. Files that are made for
        real sizes (.3mf, .usdz, .sh3f) get the model's estimate where no size is known, or a longest side of 1 m; an
        STL of a known size is in millimetres. .gif and .webp: an animated picture of the mesh.
        Raises ExportError for an unknown suffix, a form that the format cannot hold, a library that is not installed
        and a folder that cannot be written.
        """
        from shapeshot.pipeline.saving import save  # here, as it draws and writes what most callers do not ask for

        save(self, path, form)

    @property
    def mask(self) -> Float32[np.ndarray, "height width"]:
        """What was taken for the object, float32 [height, width] in [0, 1], beside rgba."""
        return self.found.mask

    @property
    def shown_from(self) -> tuple[float, float]:
        """Azimuth and elevation, degrees, of pictures of the shape: near the photo's own, where it is known."""
        if self.camera is None:
            return FRONT_VIEW
        return self.camera.azimuth_deg + BESIDE_PHOTO_DEG, min(max(self.camera.elevation_deg, 8.0), 35.0)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What speaks against trusting this shape, one sentence each, the most useful first."""
        return told_of(self).warnings

    @property
    def notes(self) -> tuple[str, ...]:
        """What is so and asks for nothing: what was left out of a cut-out, an unusual photo; one sentence each."""
        return told_of(self).notes


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
    mask: Shaped[np.ndarray, "height width"] | None = None,
    point: Sequence[Sequence[float]] | Sequence[float] | None = None,
    front: str = AUTO,
    depth: str = SEEN,
) -> Reconstruction:
    """Voxels, points and a mesh of the object in one photo.

    image: a path, the bytes of an image file, a PIL image or a uint8 array [height, width, 3 or 4].
    model: from `load_model`, the name of one or a folder with one, or None for the shipped one.
    resolution: voxels along each side; the mesh's grid is twice as fine, between 64 and 256.
    num_points: samples of the mesh's surface, drawn by area with a fixed seed.
    size: one known dimension, as in "height=80cm", or "auto" for the model's own estimate; scales all three forms to
        metres.
    background: how the object is found; see `photo.find_object`.
    threshold: the probability of occupancy at the surface, in (0, 1); None is the model's own. Lower is fatter.
    region: (left, top, right, bottom), in pixels of the upright photo: the object is looked for inside.
    mask: bool or uint8 [height, width] of the upright photo, the object's pixels; `background` is not looked at then.
    point: (x, y) in pixels of the upright photo, on the object that is meant; or several.
    front: what faces +z: "auto" is the object's own front as the model sees it, "photo" the side that the photo shows;
        "left", "right" and "back" are what auto takes for these sides of the object, where it took the wrong one.
    depth: what comes forward in the photo: "seen" is what the model takes for it, "mirrored" what it takes for the far
        side. A single photo fits both; what is mirrored has the same outline, and was seen from below where it was seen
        from above. How sure the model is, it cannot say then.
    Raises PhotoError, ModelError, EmptyShapeError where the field is empty, and UserError for options out of range.
    """
    edges = None if region is None else check_region(region)
    points = None if point is None else check_points(point)
    Options(resolution, num_points, threshold, size, background, edges, points, front, depth).check()
    clock = Clock()
    with clock("load_model"):
        field_model = load_model(model) if model is None or isinstance(model, str | PathLike) else model
    with clock("photo"):
        view = look_at(image, field_model.image_size, background, region, mask, points)
    with clock("encode"):
        seen = field_model.see(view.photo)
    return shape_in(view, seen, resolution, num_points, size, threshold, front, depth, clock)


def shape_in(
    view: View,
    seen: Seen,
    resolution: int = 32,
    num_points: int = 2048,
    size: str | None = None,
    threshold: float | None = None,
    front: str = AUTO,
    depth: str = SEEN,
    clock: Clock | None = None,
) -> Reconstruction:
    """The second half of `reconstruct`, once the model has seen the photo (in a batch, for example).

    view: the photo. seen: what the model saw in it. clock: with the stages so far, whose times are told along with
    those of this half. The other arguments are those of `reconstruct`.
    """
    clock = clock or Clock()
    seen = seen if threshold is None else seen.at_threshold(threshold)
    seen = _mirrored(seen) if depth == MIRRORED else seen
    seen = seen if front == AUTO else _turned(seen, front)
    with clock("mesh"):
        field = seen.field(resolution)
        specks = SPECK_FRACTION if seen.camera is None else SPECK_FRACTION_OF_VIEW
        surface = surface_of(finer_field(seen, field), specks)
        mesh = surface.mesh
        predicted = seen.colors_at(mesh.vertices)
    with clock("colors"):
        photographed = object_pixels(view.source.rgba, view.found.mask)
        recolor = ColorTransfer.none() if seen.colors_of_photo else ColorTransfer.fit(predicted, photographed)
        mesh = Mesh(mesh.vertices, mesh.faces, recolor(predicted))
    with clock("voxels"):
        voxels = _voxels(seen, field, recolor)
    with clock("points"):
        points = surface_points(mesh, num_points)
    camera = seen.camera
    with clock("confidence"):
        known = _assessed(seen, field, points, depth)
        extents = mesh.bounds[1] - mesh.bounds[0]
        occupied = float(field.occupancy.mean())
        evidence = evidence_of(known, seen.reading, occupied, extents, view.found.certainty)
        head = None if evidence is None else seen.heads.shape
    if size is not None:
        factor = _scale(mesh, size, known.size_estimate)
        camera = None if camera is None else camera.scaled(factor)
        voxels, points, mesh = voxels.scaled(factor), points.scaled(factor), mesh.scaled(factor)
    return Reconstruction(
        voxels,
        points,
        mesh,
        rgba=view.source.rgba,
        photo_size=view.source.size,
        found=view.found,
        photo=view.photo,
        threshold=seen.threshold,
        is_metric=size is not None,
        timings=clock.timings(),
        camera=camera,
        remarks=(*(bare_number_remarks(size) if size else ()), *seen.reading.remarks),
        num_specks=surface.num_specks,
        confidence=None if head is None or evidence is None else head(evidence),
        doubt=None if head is None or evidence is None else head.main_doubt(evidence),
        evidence=evidence,
        size_estimate=known.size_estimate,
        given_size=None if size == AUTO_SIZE else size,
        depth=depth,
        symmetry=seen.reading.symmetry,
        familiarity=known.familiarity,
        point_confidence=known.point_confidence,
        probabilities=known.probabilities,
    )


def _assessed(seen: Seen, field: Field, points: PointCloud, depth: str) -> Assessment:
    """What the heads say; of a mirrored depth not how sure they are, which is of what the model saw."""
    known = seen.assess(field, points)
    return replace(known, point_confidence=None, probabilities=None) if depth == MIRRORED else known


def _turned(seen: Seen, front: str) -> Seen:
    """The same photo with another side of the object in front; UserError where the camera is not known."""
    if seen.camera is None:
        raise UserError(f"this model does not tell where a photo was taken from; leave out front={front}")
    azimuth = seen.camera.azimuth_deg + TURNS[front] if front in TURNS else 0.0
    return seen.turned_to((azimuth + 180) % 360 - 180)


def _mirrored(seen: Seen) -> Seen:
    """The same photo with its depth the other way round; UserError where the camera is not known."""
    if seen.camera is None:
        raise UserError(f"this model does not tell where a photo was taken from; leave out depth={MIRRORED}")
    return seen.mirrored()


def _scale(mesh: Mesh, size: str, estimate: SizeEstimate | None) -> float:
    """Metres per unit of the mesh."""
    if size != AUTO_SIZE:
        dimension, metres = parse_size(size)
        return metric_scale(mesh.bounds, **{dimension: metres})
    if estimate is None:
        raise UserError("this model cannot estimate sizes; give one known dimension, such as height=80cm")
    return estimate.scale(mesh.bounds[1] - mesh.bounds[0])


def _voxels(seen: Seen, field: Field, recolor: ColorTransfer) -> VoxelGrid:
    occupancy = field.occupancy
    axis = cell_centers(field.resolution)
    colors = np.zeros((*occupancy.shape, 3), np.float32)
    colors[occupancy] = recolor(seen.colors_at(axis[np.argwhere(occupancy)]))
    return VoxelGrid(occupancy, colors)


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

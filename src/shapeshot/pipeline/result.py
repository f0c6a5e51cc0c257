"""What is told of a reconstruction: one type for result.json, the API's answers and the columns of a run's manifest.

`to_json` of a `Result` is what is written, and `from_json` reads it again (`pipeline/json_values.py`). The OpenAPI
document has its schema, with the descriptions of the fields.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from shapeshot import __version__
from shapeshot.finish import FinishOptions, WallThickness
from shapeshot.model.heads import Familiarity, SizeEstimate
from shapeshot.model.reading import Symmetry
from shapeshot.pipeline.json_values import ALIAS, OMITTED
from shapeshot.pipeline.options import SEEN
from shapeshot.pipeline.remarks import is_telling, print_remarks
from shapeshot.pipeline.telling import told_of

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from shapeshot.pipeline.reconstruct import Reconstruction

Lengths = tuple[float, float, float]


def told(description: str, **metadata: Any) -> Any:
    """A field that is always there. `metadata`: more that pydantic and `json_values` read."""
    return field(metadata={"description": description, **metadata})


def told_if_known(description: str, **metadata: Any) -> Any:
    """A field whose key is left out of JSON where there is nothing to tell."""
    return field(default=None, metadata={"description": description, OMITTED: True, **metadata})


@dataclass(frozen=True)
class CropBox:
    """The square that the model saw, in pixels of the upright photo; it may reach beyond the frame."""

    left: float
    top: float
    side: float


@dataclass(frozen=True)
class PixelBox:
    """A rectangle in pixels of the upright photo."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True)
class FoundObject:
    """What was taken for the object."""

    method: str = told("How it was found.")
    crop: CropBox = told("The square that the model saw.")
    box: PixelBox | None = told_if_known("The box of its pixels.")
    certainty: float | None = told_if_known("How much of the mask the finder expects to be right, 0 to 1.")
    remarks: tuple[str, ...] | None = told_if_known("What speaks against what was found, one sentence each.")


@dataclass(frozen=True)
class CameraFacts:
    """Where the photo was taken from, beside the shape; lengths are in `unit`."""

    azimuth_deg: float = told("About +y; 0 is in front of the object, which faces +z.")
    elevation_deg: float = told("Above the horizon.")
    roll_deg: float = told("By how much the photo is turned counter-clockwise.")
    fov_deg: float = told("The angle that the side of the crop spans.")
    position: Lengths = told("Where the camera stands.")
    target: Lengths = told("What the centre of the crop shows.")
    certainty: float = told(
        "The probability, 0 to 1, that the azimuth as the model saw it is right to within 25 degrees."
    )


@dataclass(frozen=True)
class MeshFacts:
    """The mesh."""

    vertices: int = told("How many.")
    faces: int = told("How many triangles.")
    closed: bool = told("Whether every edge belongs to two faces.")
    volume: float = told("What it encloses, in cubic units.")
    bounds: tuple[Lengths, Lengths] = told("The least and the greatest x, y, z.")
    specks_left_out: int | None = told_if_known("How many loose pieces, too small to be parts, it is without.")


@dataclass(frozen=True)
class VoxelFacts:
    """The voxels."""

    resolution: int = told("Cells along each side.")
    occupied: int = told("How many cells are filled.")
    side: float = told("The length of the whole grid's side.")


@dataclass(frozen=True)
class AssumedScale:
    """Where no size is known: with which scale files that are made for real sizes are written."""

    metres_per_unit: float = told("Metres per unit of length.")
    source: str = told("`estimate`, or what was assumed.", **{ALIAS: "from"})


@dataclass(frozen=True)
class Finished:
    """What was done to the mesh, and what the solid is like. Lengths are in `unit`."""

    options: FinishOptions = told("What was asked for.")
    faces: tuple[int, int] = told("How many triangles before and after.")
    pieces_dropped: int | None = told_if_known("How many loose pieces were left out.")
    volume_dropped: float | None = told_if_known("Their share of the volume of all pieces.")
    volume: float | None = told_if_known("In cubic units.")
    center_of_mass: Lengths | None = told_if_known("At one density.")
    wall_thickness: WallThickness | None = told_if_known("The thinnest wall, and what 5 % of the surface is under.")
    pieces_joined: int | None = told_if_known("How many loose pieces were joined to the rest by bridges.")
    hollows_filled: int | None = told_if_known("How many hollows inside were filled.")
    scaled: float | None = told_if_known("By which factor, so that the dimension that was given is kept.")


@dataclass(frozen=True, kw_only=True)
class Result:
    """The facts of one reconstruction. Lengths are metres where `unit` is `metre`, else shares of the cube's side."""

    shapeshot: str = told("The version that made it.")
    photo_size: tuple[int, int] = told("Width and height of the upright photo in pixels.")
    model: str = told("The model's name.")
    threshold: float = told("Probability of occupancy at the surface.")
    unit: str = told("`metre` or `cube`.")
    size: Lengths = told("Width, height and depth.")
    object: FoundObject = told("What was taken for the object.")
    mesh: MeshFacts
    points: int = told("How many points the cloud has.")
    voxels: VoxelFacts
    size_estimate: SizeEstimate | None = told(
        "The real size as predicted; null where the model cannot, or it was given."
    )
    size_range_tells: bool | None = told(
        "Whether the estimate's range is narrow enough to be shown; null where there is no estimate.",
    )
    familiarity: Familiarity | None = told("Whether the photo is like the training's; null where the model cannot say.")
    confidence: float | None = told(
        "The probability, 0 to 1, that the shape is right, with an F-score above 0.5 at 5 %; null where unknown."
    )
    point_confidence: float | None = told(
        "How sure the points are on average, 0 to 1; null where the model cannot say."
    )
    warnings: tuple[str, ...] = told("What speaks against trusting this shape, one sentence each.")
    notes: tuple[str, ...] = told("What is so and asks for nothing, one sentence each.")
    timings: dict[str, float] = told("Seconds per stage, and `total`.")
    camera: CameraFacts | None = told_if_known("Where the photo was taken from; for models that tell.")
    depth: str | None = told_if_known("`mirrored` where what comes forward and what lies behind were changed over.")
    symmetry: Symmetry | None = told_if_known(
        "The shares of its mirror images, left to right and front to back, that were mixed into the shape: 0 where it "
        "is not symmetrical, 0.4 at most; about the front that the model sees. What is hidden may come from there."
    )
    photo: str | None = told_if_known("The photo's file name.")
    files: dict[str, str] | None = told_if_known("The files' names by form.")
    assumed_size: str | None = told_if_known("Where the size of the files came from, where none was given.")
    assumed_scale: AssumedScale | None = told_if_known("The scale of files for real sizes, where none was given.")
    finish: Finished | None = told_if_known("What was done to the mesh.")
    made_from: dict[str, Any] | None = told_if_known("What the result depends on: version, model, options, photo.")

    def spent(self, stage: str, seconds: float) -> None:
        """Add to the seconds of a stage, and to those of all."""
        add_seconds(self.timings, stage, seconds)


def add_seconds(timings: dict[str, float], stage: str, seconds: float) -> None:
    """Add to the seconds of a stage, which may be new, and to "total"."""
    for name in (stage, "total"):
        timings[name] = timings.get(name, 0.0) + seconds


def result_of(shape: Reconstruction, model: str, notes: tuple[str, ...] = (), **more: Any) -> Result:
    """The facts of a reconstruction by the model of this name.

    notes: further ones, of its files. more: values of fields that may be unknown.
    """
    said = told_of(shape)
    sure, estimate = shape.point_confidence, None if shape.given_size else shape.size_estimate
    unit, size = "metre" if shape.is_metric else "cube", _lengths(shape.mesh.bounds[1] - shape.mesh.bounds[0])
    return Result(
        shapeshot=__version__,
        photo_size=shape.photo_size,
        model=model,
        threshold=shape.threshold,
        unit=unit,
        size=size,
        object=FoundObject(
            shape.photo.method,
            _crop_of(shape),
            certainty=shape.found.certainty,
            remarks=shape.found.remarks or None,
        ),
        mesh=_mesh_facts(shape),
        points=len(shape.points),
        voxels=VoxelFacts(shape.voxels.resolution, int(shape.voxels.occupancy.sum()), shape.voxels.side),
        size_estimate=estimate,
        size_range_tells=None if estimate is None else is_telling(estimate),
        familiarity=shape.familiarity,
        confidence=shape.confidence,
        point_confidence=None if sure is None else float(sure.mean()),
        warnings=(*said.warnings, *print_remarks(more.get("finish"), unit, max(size))),
        notes=(*said.notes, *notes),
        timings=dict(shape.timings),
        camera=None if shape.camera is None else CameraFacts(**asdict(shape.camera)),
        depth=None if shape.depth == SEEN else shape.depth,
        symmetry=shape.symmetry,
        **more,
    )


def _mesh_facts(shape: Reconstruction) -> MeshFacts:
    mesh = shape.mesh
    low, high = mesh.bounds
    bounds = (_lengths(low), _lengths(high))
    return MeshFacts(len(mesh.vertices), len(mesh.faces), mesh.is_closed, mesh.volume, bounds, shape.num_specks or None)


def _crop_of(shape: Reconstruction) -> CropBox:
    """The crop in the pixels of the photo as it came, which is worked with at a smaller size."""
    scale = shape.photo_size[0] / shape.rgba.shape[1]
    return CropBox(*(float(pixels) * scale for pixels in shape.photo.box))


def _lengths(values: Float[np.ndarray, " 3"]) -> Lengths:
    x, y, z = values.tolist()
    return x, y, z

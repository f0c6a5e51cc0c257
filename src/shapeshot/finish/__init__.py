"""A reconstructed mesh made fit for its purpose: smoother, lighter, printable."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from shapeshot.errors import MeshError, UserError, shortened
from shapeshot.finish.join import Whole, made_whole
from shapeshot.finish.simplify import MIN_FACES, import_library, simplified
from shapeshot.finish.smooth import MAX_ROUNDS, smoothed
from shapeshot.finish.solid import WallThickness, center_of_mass, wall_thickness
from shapeshot.geometry import Mesh

__all__ = [
    "FinishOptions",
    "WallThickness",
    "Whole",
    "center_of_mass",
    "finish",
    "made_whole",
    "simplified",
    "smoothed",
    "wall_thickness",
]


@dataclass(frozen=True)
class FinishOptions:
    """The steps of finishing a mesh, done in this order: printable, smooth, simplify.

    simplify: the number of faces to come down to, or None. smooth: rounds of Taubin smoothing, 0 for none.
    printable: join loose pieces that lie near, leave the others out, fill hollows, and measure the solid; see
        `made_whole`.
    Raises UserError for values out of range.
    """

    simplify: int | None = None
    smooth: int = 0
    printable: bool = False

    def __post_init__(self) -> None:
        if self.simplify is not None and self.simplify < MIN_FACES:
            raise UserError(
                f"a closed mesh has at least {MIN_FACES} faces; got {shortened(str(self.simplify))} to simplify to"
            )
        if not 0 <= self.smooth <= MAX_ROUNDS:
            raise UserError(f"the rounds of smoothing must lie in 0..{MAX_ROUNDS}; got {shortened(str(self.smooth))}")

    def check(self) -> None:
        """UserError where a library that these options need is not installed, before any work."""
        if self.simplify is not None:
            import_library()

    @property
    def is_nothing(self) -> bool:
        """Whether these options leave every mesh as it is."""
        return self == FinishOptions()


def finish(mesh: Mesh, options: FinishOptions, keep_axis: int | None = None) -> tuple[Mesh, dict[str, Any]]:
    """The finished mesh, closed like the one given, and what was done and found, as JSON values.

    keep_axis: 0, 1 or 2 where the extent along x, y or z was given by the user: the finished mesh is scaled to have it
    again. None: nothing is scaled, and volumes stay as near as the steps keep them.
    Facts: "options"; "faces": [before, after]; "scaled": by which factor, where it was; and with `printable` what
    `Whole` tells, as "pieces_joined", "pieces_dropped", "volume_dropped" and "hollows_filled", and "volume",
    "center_of_mass" and "wall_thickness" {"thinnest", "percentile_5"}, in the mesh's unit of length.
    Raises MeshError for a mesh that is not closed, UserError without the extra `finish` where `simplify` is given.
    """
    if not mesh.is_closed:
        raise MeshError("only a closed mesh can be finished; this one has open edges")
    facts: dict[str, Any] = {"options": asdict(options)}
    finished = mesh
    if options.printable:
        whole = made_whole(mesh)
        finished, facts = whole.mesh, facts | _told(whole)
    if options.smooth:
        finished = smoothed(finished, options.smooth)
    if options.simplify is not None:
        finished = simplified(finished, options.simplify, keep_whole=options.printable)
    if keep_axis is not None and finished is not mesh:
        facts["scaled"] = _extent(mesh, keep_axis) / _extent(finished, keep_axis)
        finished = finished.scaled(facts["scaled"])
    facts["faces"] = [len(mesh.faces), len(finished.faces)]
    return finished, facts | (_measured(finished) if options.printable else {})


def _extent(mesh: Mesh, axis: int) -> float:
    low, high = mesh.bounds[:, axis]
    return float(high) - float(low)


def _told(whole: Whole) -> dict[str, Any]:
    return {
        "pieces_joined": whole.joined,
        "pieces_dropped": whole.dropped,
        "volume_dropped": whole.volume_dropped,
        "hollows_filled": whole.hollows,
    }


def _measured(mesh: Mesh) -> dict[str, Any]:
    return {
        "volume": mesh.volume,
        "center_of_mass": center_of_mass(mesh).tolist(),
        "wall_thickness": asdict(wall_thickness(mesh)),
    }

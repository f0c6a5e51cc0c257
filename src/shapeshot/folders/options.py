"""What every photo of a run is reconstructed with."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from shapeshot.finish import FinishOptions


@dataclass(frozen=True)
class BatchOptions:
    """Options of a run that hold for each of its photos. All of them must pickle and be JSON values.

    A field has the name of a keyword of `shapeshot.reconstruct`, which it is handed to. One that concerns writing alone
    is named in `_WRITING` instead. Every field is part of a result's fingerprint, so that a run with another value
    does the photo again.

    resolution: voxels along each side. num_points: of the point cloud. size: one known dimension, "height=80cm".
    background: how the object is found, see `shapeshot.photo.find_object`. threshold: the probability of occupancy at
    the surface. region: (left, top, right, bottom) in pixels of the upright photo, where the object is looked for.
    simplify, smooth, printable: what is done to the mesh, see `shapeshot.finish.FinishOptions`.
    """

    resolution: int = 32
    num_points: int = 2048
    size: str | None = None
    background: str = "auto"
    threshold: float | None = None
    region: tuple[float, ...] | None = None
    simplify: int | None = None
    smooth: int = 0
    printable: bool = False

    def check(self) -> None:
        """UserError for values out of range, before any work."""
        from shapeshot.pipeline.reconstruct import check_options

        check_options(self.resolution, self.num_points, self.size, self.background, self.threshold, self.region)
        self.finish.check()

    @property
    def finish(self) -> FinishOptions:
        """What is done to the mesh. UserError for values out of range."""
        return FinishOptions(self.simplify, self.smooth, self.printable)

    def arguments(self) -> dict[str, Any]:
        """The keywords for `shapeshot.pipeline.reconstruct`."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in _WRITING}


_WRITING = frozenset(
    ("simplify", "smooth", "printable")
)  # fields that `write_target` reads and `shapeshot.pipeline.reconstruct` does not take

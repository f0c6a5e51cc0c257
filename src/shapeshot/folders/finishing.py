"""A reconstruction made ready to be written: at a real size where the format asks for one, and finished as wished."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.export import find_writer
from shapeshot.finish import finish
from shapeshot.folders.options import BatchOptions
from shapeshot.folders.outputs import Target
from shapeshot.pipeline.size import AXES, parse_size

if TYPE_CHECKING:
    from shapeshot.pipeline.reconstruct import Reconstruction

DEFAULT_SIDE = 1.0  # metres, of the longest side of an object of which nothing is known


def made_ready(target: Target, shape: Reconstruction, options: BatchOptions) -> tuple[Reconstruction, dict[str, Any]]:
    """The shape as it is written, and facts for result.json.

    "assumed_size": "estimate" or "longest side 1 m" where no size was given and a file of the target is made for real
    sizes. "finish": what `shapeshot.finish.finish` tells, where the target has a mesh and the options ask for it.
    Raises UserError as `finish` does.
    """
    facts: dict[str, Any] = {}
    if not shape.is_metric and any(find_writer(target.files[form]).in_metres for form in target.forms):
        factor, facts["assumed_size"] = assumed_scale(shape)
        shape = in_metres(shape, factor)
    if "mesh" in target.forms and not options.finish.is_nothing:
        start = time.perf_counter()
        mesh, facts["finish"] = finish(shape.mesh, options.finish, _given_axis(options.size))
        shape = replace(shape, mesh=mesh, timings={**shape.timings, "finish": time.perf_counter() - start})
    return shape, facts


def assumed_scale(shape: Reconstruction) -> tuple[float, str]:
    """Metres per unit of a shape without a known size, and where that comes from.

    The model's own estimate where it has one; without, the longest side is a metre.
    """
    extents = np.ptp(shape.mesh.bounds.astype(np.float64), axis=0)
    if shape.size_estimate is None:
        return float(DEFAULT_SIDE / extents.max()), "longest side 1 m"
    return shape.size_estimate.scale(extents), "estimate"


def in_metres(shape: Reconstruction, factor: float) -> Reconstruction:
    """All three forms scaled, as if the size had been given."""
    forms = {name: getattr(shape, name).scaled(factor) for name in ("voxels", "points", "mesh")}
    return replace(shape, **forms, is_metric=True)


def _given_axis(size: str | None) -> int | None:
    """The axis of "height=80cm"; None where no one dimension was given."""
    return AXES[parse_size(size)[0]] if size and "=" in size else None

"""A reconstruction made ready to be written: at a real size where a file asks for one, and finished as wished."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shapeshot.finish import finish
from shapeshot.pipeline.json_values import from_json
from shapeshot.pipeline.options import Options
from shapeshot.pipeline.photo_texture import textured
from shapeshot.pipeline.result import AssumedScale, Finished, add_seconds
from shapeshot.pipeline.size import AXES, parse_size

if TYPE_CHECKING:
    from shapeshot.pipeline.reconstruct import Reconstruction

DEFAULT_SIDE = 1.0  # metres, of the longest side of an object of which nothing is known


@dataclass(frozen=True, eq=False)
class Ready:
    """A shape as it is written.

    assumed_size: where its real size came from, "estimate" or "longest side 1 m"; None where it was given or none is
    needed. finish: what was done to the mesh; None for nothing.
    """

    shape: Reconstruction
    assumed_size: str | None = None
    finish: Finished | None = None


def made_ready(shape: Reconstruction, options: Options, *, in_metres: bool, has_mesh: bool) -> Ready:
    """The shape scaled to metres where a file wants them and no size was given, its mesh finished, the photo on it.

    in_metres: whether a file that is made for real sizes will be written. has_mesh: whether any mesh will.
    Raises UserError as `shapeshot.finish.finish` does.
    """
    assumed: str | None = None
    if in_metres and not shape.is_metric:
        scale = assumed_scale(shape)
        shape, assumed = scaled_to_metres(shape, scale.metres_per_unit), scale.source
    if not has_mesh:
        return Ready(shape, assumed)
    facts: dict[str, Any] | None = None
    timings = dict(shape.timings)
    if not options.finish.is_nothing:
        start = time.perf_counter()
        mesh, facts = finish(shape.mesh, options.finish, _given_axis(options.size))
        camera = None if shape.camera is None else shape.camera.scaled(facts.get("scaled", 1.0))
        shape = replace(shape, mesh=mesh, camera=camera)
        add_seconds(timings, "finish", time.perf_counter() - start)
    start = time.perf_counter()
    shape = replace(shape, mesh=textured(shape))
    add_seconds(timings, "texture", time.perf_counter() - start)
    return Ready(replace(shape, timings=timings), assumed, None if facts is None else from_json(Finished, facts))


def assumed_scale(shape: Reconstruction) -> AssumedScale:
    """The scale of a shape without a known size: the model's own estimate, or without one a longest side of 1 m."""
    extents = np.ptp(shape.mesh.bounds.astype(np.float64), axis=0)
    if shape.size_estimate is None:
        return AssumedScale(float(DEFAULT_SIDE / extents.max()), "longest side 1 m")
    return AssumedScale(shape.size_estimate.scale(extents), "estimate")


def scaled_to_metres(shape: Reconstruction, factor: float) -> Reconstruction:
    """All three forms scaled, as if the size had been given."""
    forms = {name: getattr(shape, name).scaled(factor) for name in ("voxels", "points", "mesh")}
    camera = None if shape.camera is None else shape.camera.scaled(factor)
    return replace(shape, **forms, camera=camera, is_metric=True)


def _given_axis(size: str | None) -> int | None:
    """The axis of "height=80cm"; None where no one dimension was given."""
    return AXES[parse_size(size)[0]] if size and "=" in size else None

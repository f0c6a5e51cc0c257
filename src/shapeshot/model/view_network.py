"""The network of a view model: one ONNX graph, from pixels to a frustum grid, colours and the camera.

    view.onnx   pixels uint8 [batch, size, size, 3] -> occupancy float32 [batch, depths, rows, columns] (logits),
                colors float32 [batch, 3, color_depths, color_rows, color_columns] (sRGB in 0..1),
                azimuth float32 [batch, bins] (logits), pose float32 [batch, 3], features float32 [batch, features]

What it gives is checked for type, shape and finite values.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.camera_estimate import estimate_camera
from shapeshot.model.folder import VIEW
from shapeshot.model.network import check_output, check_pixels
from shapeshot.model.view import ViewReading
from shapeshot.model.view_colors import ViewColors
from shapeshot.onnx_runtime import Session
from shapeshot.photo.crop import shrunk_coverage

if TYPE_CHECKING:
    from jaxtyping import Float32, Shaped, UInt8

    from shapeshot.model.memory import ShapeMemory
    from shapeshot.photo import PreparedPhoto

OUTPUTS = ("occupancy", "colors", "azimuth", "pose", "features")


class ViewNetwork:
    """The graph as a session, which starts when first needed. One object may serve many photos and threads."""

    def __init__(self, folder: Path, image_size: int, num_threads: int | None = None, optimize: bool = False) -> None:
        """Read nothing yet. folder: the one with the graph. num_threads, optimize: see `Session`."""
        self._path, self._image_size = folder / VIEW, image_size
        self._num_threads, self._optimize = num_threads, optimize

    def read(
        self,
        pixels: UInt8[np.ndarray, "batch size size 3"],
        photos: Sequence[PreparedPhoto],
        level: float,
        memory: ShapeMemory | None = None,
    ) -> list[tuple[ViewReading, Float32[np.ndarray, " features"]]]:
        """What each photo shows, and the encoder's pooled features. level: of the surface, as a logit.

        A memory recalls in the canonical cube, which a view is not in: there must be none. Raises ModelError for one,
        and for pixels of another type or shape.
        """
        if memory is not None:
            raise ModelError("a memory joins fields, and this model draws views; take memory.npz from its folder")
        check_pixels(pixels, self._image_size)
        occupancy, colors, azimuth, pose, features = self._checked(self._session.run({"pixels": pixels}), len(pixels))
        readings = []
        for index, photo in enumerate(photos):
            coverage = photo.coverage_or_silhouette(self._image_size)
            readings.append(
                ViewReading(
                    occupancy[index],
                    estimate_camera(azimuth[index], pose[index]),
                    ViewColors(pixels[index], coverage, colors[index]),
                    shrunk_coverage(coverage, occupancy.shape[-1]),
                    level,
                )
            )
        return list(zip(readings, features, strict=True))

    def _checked(self, outputs: Sequence[Shaped[np.ndarray, " ..."]], batch: int) -> list[Float32[np.ndarray, " ..."]]:
        if len(outputs) != len(OUTPUTS):
            raise ModelError(f"{VIEW} gives {len(outputs)} outputs, not {len(OUTPUTS)}; export the model again")
        for name, array, axes in zip(OUTPUTS, outputs, (4, 5, 2, 2, 2), strict=True):
            if array.ndim != axes or 0 in array.shape:
                raise ModelError(f"{VIEW} gives {name} of shape {list(array.shape)}; export the model again")
            check_output(array, VIEW, name, (batch, *array.shape[1:]))
        occupancy, colors, _, pose, _ = outputs
        if occupancy.shape[2] != occupancy.shape[3] or colors.shape[1] != 3 or pose.shape[1] != 3:
            raise ModelError(f"{VIEW} gives grids that are no frustum grids; export the model again")
        return list(outputs)

    @cached_property
    def _session(self) -> Session:
        return Session(self._path, self._num_threads, self._optimize)

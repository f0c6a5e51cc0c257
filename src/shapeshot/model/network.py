"""The network of a field model: three ONNX graphs, from pixels to planes and from planes to field values.

    encoder.onnx   pixels uint8 [batch, size, size, 3] -> planes float32 [batch, 3, C, R, R], features [batch, features]
    grid.onnx      planes [3, C, R, R], xs [x], ys [y], zs [z] -> logits float32 [x, y, z]
    points.onnx    planes [3, C, R, R], points [points, 3] -> logits [points], colors [points, 3]

What a graph gives is checked for type, shape and finite values: a damaged model ends as one clear error and never as
an empty shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.errors import ModelError
from shapeshot.model.folder import ENCODER, GRID, POINTS
from shapeshot.model.planes import PlanesReading
from shapeshot.onnx_runtime import Session

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Shaped, UInt8

    from shapeshot.model.memory import ShapeMemory
    from shapeshot.photo import PreparedPhoto

PLANES, FEATURES = "planes", "features"  # the encoder's outputs
# Points of one run: their features stay in the processor's cache. ONNX Runtime keeps the memory of its largest run for
# good: 0.4 GB for the 117,000 vertices of a mesh at 256^3 in one go.
POINTS_PER_RUN = 4096


class Network:
    """The graphs as sessions, which start when first needed. One object may serve many photos and threads."""

    def __init__(self, folder: Path, image_size: int, num_threads: int | None = None, optimize: bool = False) -> None:
        """Read nothing yet. folder: the one with the graphs. num_threads, optimize: see `Session`."""
        self._folder, self._image_size = folder, image_size
        self._num_threads, self._optimize = num_threads, optimize

    def encode(
        self, pixels: UInt8[np.ndarray, "batch size size 3"]
    ) -> tuple[Float32[np.ndarray, "batch planes channels rows columns"], Float32[np.ndarray, "batch features"] | None]:
        """The planes of RGB crops, and what the encoder saw, pooled over each picture.

        The features are None for a model that was exported before its encoder gave them. Raises ModelError for pixels
        of another type or shape.
        """
        check_pixels(pixels, self._image_size)
        planes, *rest = self._encoder.run({"pixels": pixels})
        check_output(planes, ENCODER, PLANES, (len(pixels), *planes.shape[1:]))
        if rest:
            check_output(rest[0], ENCODER, FEATURES, (len(pixels), rest[0].shape[-1] if rest[0].ndim else 0))
        return planes, rest[0] if rest else None

    def read(
        self,
        pixels: UInt8[np.ndarray, "batch size size 3"],
        photos: Sequence[PreparedPhoto],
        level: float,
        memory: ShapeMemory | None,
    ) -> list[tuple[PlanesReading, Float32[np.ndarray, " features"] | None]]:
        """What each photo shows, and the encoder's pooled features.

        level: of the surface, as a logit; planes do not depend on it. memory: what similar objects are recalled from.
        """
        planes, features = self.encode(pixels)
        return [
            (
                PlanesReading(planes[index], photo.silhouette, self, memory),
                None if features is None else features[index],
            )
            for index, photo in enumerate(photos)
        ]

    def logits(
        self,
        planes: Float32[np.ndarray, "planes channels rows columns"],
        xs: Float32[np.ndarray, " x"],
        ys: Float32[np.ndarray, " y"],
        zs: Float32[np.ndarray, " z"],
    ) -> Float32[np.ndarray, "x y z"]:
        """Occupancy logits where the coordinates cross."""
        logits = self._grid.run({"planes": planes, "xs": xs, "ys": ys, "zs": zs})[0]
        return check_output(logits, GRID, "logits", (len(xs), len(ys), len(zs)))

    def at(
        self, planes: Float32[np.ndarray, "planes channels rows columns"], points: Float[np.ndarray, "points 3"]
    ) -> tuple[Float32[np.ndarray, " points"], Float32[np.ndarray, "points 3"]]:
        """Occupancy logits and sRGB colours at points of the canonical cube. Raises ModelError for another shape."""
        positions = np.ascontiguousarray(points, dtype=np.float32)
        if positions.ndim != 2 or positions.shape[1] != 3:
            raise ModelError(f"points must have shape [points, 3]; got {list(positions.shape)}")
        if not len(positions):
            return np.zeros(0, np.float32), np.zeros((0, 3), np.float32)
        chunks = np.split(positions, range(POINTS_PER_RUN, len(positions), POINTS_PER_RUN))
        runs = [self._run_points(planes, chunk) for chunk in chunks]
        logits, colors = (np.concatenate(parts) for parts in zip(*runs, strict=True))
        return logits, colors

    def _run_points(
        self, planes: Float32[np.ndarray, "planes channels rows columns"], points: Float32[np.ndarray, "points 3"]
    ) -> tuple[Float32[np.ndarray, " points"], Float32[np.ndarray, "points 3"]]:
        logits, colors = self._points.run({"planes": planes, "points": points})[:2]
        count = len(points)
        return check_output(logits, POINTS, "logits", (count,)), check_output(colors, POINTS, "colors", (count, 3))

    @cached_property
    def _encoder(self) -> Session:
        return self._session(ENCODER)

    @cached_property
    def _grid(self) -> Session:
        return self._session(GRID)

    @cached_property
    def _points(self) -> Session:
        return self._session(POINTS)

    def _session(self, graph: str) -> Session:
        return Session(self._folder / graph, self._num_threads, self._optimize)


def check_pixels(pixels: Shaped[np.ndarray, " ..."], size: int) -> None:
    """ModelError for anything but RGB crops of the size that a model takes."""
    if pixels.ndim != 4 or pixels.shape[1:] != (size, size, 3) or pixels.dtype != np.uint8:
        expected = f"uint8 [batch, {size}, {size}, 3]"
        raise ModelError(f"the model takes RGB pixels as {expected}; got {pixels.dtype} {list(pixels.shape)}")


def check_output(
    array: Shaped[np.ndarray, " *shape"], graph: str, output: str, shape: tuple[int, ...]
) -> Float32[np.ndarray, " *shape"]:
    """The array, or ModelError where it is not float32 of this shape, or holds a value that is no number."""
    if array.dtype != np.float32 or array.shape != shape:
        found = f"{array.dtype} {list(array.shape)}"
        raise ModelError(f"{graph} gives {output} as {found}, not float32 {list(shape)}; export the model again")
    if not np.isfinite(array).all():
        raise ModelError(f"{graph} gives {output} that are not finite; export or install the model again")
    return array

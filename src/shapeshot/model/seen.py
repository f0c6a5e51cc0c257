"""One photo that a model has seen, and all that may be asked of it afterwards."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.field import Field, guided_grid, logit, sample_axes, sample_points, whole_grid
from shapeshot.model.heads import Assessment, Heads, assess
from shapeshot.model.memory import ShapeMemory
from shapeshot.model.network import Network
from shapeshot.photo import PreparedPhoto

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

    from shapeshot.geometry import PointCloud


class Seen:
    """What a model knows of one photo: its field, its colours, its features, what it recalls of similar objects.

    `FieldModel.see` makes it. Where the model has a memory, what that recalls is part of the field, at every point.
    """

    def __init__(
        self,
        photo: PreparedPhoto,
        planes: Float32[np.ndarray, "planes channels rows columns"],
        features: Float32[np.ndarray, " features"] | None,
        network: Network,
        memory: ShapeMemory | None,
        heads: Heads,
        threshold: float,
    ) -> None:
        """photo: the one that was shown. planes, features: what the encoder made of it. threshold: the model's own."""
        self.photo, self.features, self.heads, self.threshold = photo, features, heads, threshold
        self._planes, self._network, self._memory = planes, network, memory
        self._latest: Field | None = None

    @cached_property
    def recalled(self) -> Float32[np.ndarray, "n n n"] | None:
        """What the memory recalls by the object's silhouette; None without a memory. Already part of the field."""
        return None if self._memory is None else self._memory.recall(self.photo.silhouette)

    def field(self, resolution: int) -> Field:
        """The field at the centres of resolution^3 cells, its surface at the model's threshold.

        The latest grid is kept for whoever asks again. Raises ModelError for a resolution below 1.
        """
        if self._latest is None or self._latest.resolution != resolution:
            self._latest = whole_grid(self._evaluate, resolution, logit(self.threshold))
        return self._latest

    def finer(self, guide: Field, resolution: int) -> Field:
        """The field on a finer grid, evaluated near the surface alone; see `field.guided_grid`.

        guide: from `field`, at any level.
        """
        return guided_grid(self._evaluate, resolution, guide)

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Occupancy logits at points of the canonical cube."""
        logits = self._network.at(self._planes, points)[0]
        if self._memory is None or self.recalled is None:
            return logits
        return self._memory.joined(logits, sample_points(self.recalled, points))

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """sRGB colours in 0..1 at points of the canonical cube."""
        return self._network.at(self._planes, points)[1]

    def assess(self, field: Field, points: PointCloud) -> Assessment:
        """Ask the model's heads about this photo, a field of it and points on that field's surface."""
        return assess(self.heads, self.features, field.logits, points.points, points.normals)

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """Average each of the encoder's planes over blocks^2 blocks: a coarse map of what it saw where."""
        planes = self._planes.reshape(-1, *self._planes.shape[-2:])
        count = min(blocks, planes.shape[-1])
        bands = [band.mean(axis=1) for band in np.array_split(planes, count, axis=1)]
        averages = [block.mean(axis=1) for band in bands for block in np.array_split(band, count, axis=1)]
        return np.concatenate(averages).astype(np.float32)

    def _evaluate(
        self, xs: Float32[np.ndarray, " x"], ys: Float32[np.ndarray, " y"], zs: Float32[np.ndarray, " z"]
    ) -> Float32[np.ndarray, "x y z"]:
        """Logits float32 [x, y, z] where the coordinates cross, of the network and the memory together."""
        logits = self._network.logits(self._planes, xs, ys, zs)
        if self._memory is None or self.recalled is None:
            return logits
        return self._memory.joined(logits, sample_axes(self.recalled, xs, ys, zs))

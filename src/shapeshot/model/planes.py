"""A photo as feature planes in the canonical cube, joined by what a memory recalls of similar objects."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.field import sample_axes, sample_points
from shapeshot.model.reading import block_means

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

    from shapeshot.model.memory import ShapeMemory
    from shapeshot.model.network import Network


class PlanesReading:
    """A `Reading` of a network that draws planes. The memory's part is in the field, at every point."""

    camera = None
    colors_of_photo = False
    remarks = ()
    explained = 1.0
    depth_doubt = 0.0
    symmetry = None

    def __init__(
        self,
        planes: Float32[np.ndarray, "planes channels rows columns"],
        silhouette: Float32[np.ndarray, "side side"],
        network: Network,
        memory: ShapeMemory | None,
    ) -> None:
        """planes: what the encoder drew. silhouette: the object's in the crop, which the memory recalls by."""
        self._planes, self._silhouette, self._network, self._memory = planes, silhouette, network, memory

    def at_level(self, level: float) -> PlanesReading:
        """Itself: the planes do not depend on where the surface is."""
        return self

    def turned_to(self, azimuth_deg: float) -> PlanesReading:
        """Itself: where the photo was taken from is not known."""
        return self

    def mirrored(self) -> PlanesReading:
        """Itself: where the photo was taken from is not known."""
        return self

    @cached_property
    def recalled(self) -> Float32[np.ndarray, "n n n"] | None:
        """What the memory recalls by the object's silhouette; None without a memory. Already part of the field."""
        return None if self._memory is None else self._memory.recall(self._silhouette)

    def grid(
        self, xs: Float32[np.ndarray, " x"], ys: Float32[np.ndarray, " y"], zs: Float32[np.ndarray, " z"]
    ) -> Float32[np.ndarray, "x y z"]:
        """Logits where the coordinates cross, of the network and the memory together."""
        logits = self._network.logits(self._planes, xs, ys, zs)
        if self._memory is None or self.recalled is None:
            return logits
        return self._memory.joined(logits, sample_axes(self.recalled, xs, ys, zs))

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points of the canonical cube."""
        logits = self._network.at(self._planes, points)[0]
        if self._memory is None or self.recalled is None:
            return logits
        return self._memory.joined(logits, sample_points(self.recalled, points))

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """sRGB colours in 0..1 at points of the canonical cube, as the network guesses them."""
        return self._network.at(self._planes, points)[1]

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """Average each plane over blocks^2 blocks."""
        return block_means(self._planes, blocks)

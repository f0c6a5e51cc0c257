"""One photo that a model has seen, and all that may be asked of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.field import Field, guided_grid, logit, whole_grid
from shapeshot.model.heads import Assessment, Heads, assess
from shapeshot.photo import PreparedPhoto

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

    from shapeshot.geometry import PointCloud
    from shapeshot.model.camera_estimate import PhotoCamera
    from shapeshot.model.reading import Reading


class Seen:
    """What a model knows of one photo: its field, its colours, its features, its camera.

    `FieldModel.see` makes it. What depends on the kind of network is asked of its `Reading`.
    """

    def __init__(
        self,
        photo: PreparedPhoto,
        reading: Reading,
        features: Float32[np.ndarray, " features"] | None,
        heads: Heads,
        threshold: float,
    ) -> None:
        """photo: the one that was shown. reading, features: what the network made of it. threshold: the model's own."""
        self.photo, self.reading, self.features = photo, reading, features
        self.heads, self.threshold = heads, threshold
        self._latest: Field | None = None

    @property
    def camera(self) -> PhotoCamera | None:
        """Where the photo was taken from; None for a model that does not tell."""
        return self.reading.camera

    @property
    def colors_of_photo(self) -> bool:
        """Whether colours on the side that the camera sees are the photo's own already."""
        return self.reading.colors_of_photo

    def at_threshold(self, threshold: float) -> Seen:
        """The same photo with its surface at another probability, in (0, 1)."""
        reading = self.reading.at_level(logit(threshold))
        return Seen(self.photo, reading, self.features, self.heads, threshold)

    def turned_to(self, azimuth_deg: float) -> Seen:
        """The same photo as if taken from another azimuth; as it is where the model does not tell the camera."""
        return Seen(self.photo, self.reading.turned_to(azimuth_deg), self.features, self.heads, self.threshold)

    def mirrored(self) -> Seen:
        """The same photo with its depth the other way round; as it is where the model does not tell the camera."""
        return Seen(self.photo, self.reading.mirrored(), self.features, self.heads, self.threshold)

    def field(self, resolution: int) -> Field:
        """The field at the centres of resolution^3 cells, its surface at the model's threshold.

        The latest grid is kept for whoever asks again. Raises ModelError for a resolution below 1.
        """
        if self._latest is None or self._latest.resolution != resolution:
            self._latest = whole_grid(self.reading.grid, resolution, logit(self.threshold))
        return self._latest

    def finer(self, guide: Field, resolution: int) -> Field:
        """The field on a finer grid, evaluated near the surface alone; see `field.guided_grid`.

        guide: from `field`, at any level.
        """
        return guided_grid(self.reading.grid, resolution, guide)

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Occupancy logits at points of the canonical cube."""
        return self.reading.logits_at(points)

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """sRGB colours in 0..1 at points of the canonical cube."""
        return self.reading.colors_at(points)

    def assess(self, field: Field, points: PointCloud) -> Assessment:
        """Ask the model's heads about this photo, a field of it and points on that field's surface."""
        return assess(self.heads, self.features, field.logits, points.points, points.normals)

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """A coarse map of what was seen where, over about blocks^2 blocks."""
        return self.reading.layout(blocks)

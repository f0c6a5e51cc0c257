"""What a network made of one photo, and can be asked afterwards: the part of `Seen` that depends on the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, Float32

    from shapeshot.model.camera_estimate import PhotoCamera


class Reading(Protocol):
    """A field over the canonical cube, of one photo.

    camera: where the photo was taken from, as the network sees it; None for networks that do not tell.
    colors_of_photo: whether colours on the side that the camera sees are the photo's own.
    """

    @property
    def camera(self) -> PhotoCamera | None: ...

    @property
    def colors_of_photo(self) -> bool: ...

    def grid(
        self, xs: Float32[np.ndarray, " x"], ys: Float32[np.ndarray, " y"], zs: Float32[np.ndarray, " z"]
    ) -> Float32[np.ndarray, "x y z"]:
        """Occupancy logits where the coordinates cross."""
        ...

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Occupancy logits at points."""
        ...

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """sRGB colours in 0..1 at points."""
        ...

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """A coarse map of what was seen where, over about blocks^2 parts of the picture or of each plane."""
        ...

"""What a network made of one photo, and can be asked afterwards: the part of `Seen` that depends on the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from jaxtyping import Float, Float32

    from shapeshot.model.camera_estimate import PhotoCamera


@dataclass(frozen=True)
class Symmetry:
    """The shares of its mirror images that were mixed into a shape, 0 to 0.4 each.

    left_right, front_back: about the front that the model sees, whatever is put in front.
    """

    left_right: float
    front_back: float


class Reading(Protocol):
    """A field over the canonical cube, of one photo.

    camera: where the photo was taken from, as the network sees it; None for networks that do not tell.
    colors_of_photo: whether colours on the side that the camera sees are the photo's own.
    remarks: what speaks against the shape, one sentence each.
    explained: the share of the object's rays along which the network itself meets the object; 1 where it does not tell.
    depth_doubt: how uncertain the object's depths are: the entropy of inside or outside, in nats, summed along a ray;
    0 where the network does not tell.
    symmetry: how much of its mirror images completes the shape; None where none is looked for.
    """

    @property
    def camera(self) -> PhotoCamera | None: ...

    @property
    def colors_of_photo(self) -> bool: ...

    @property
    def remarks(self) -> tuple[str, ...]: ...

    @property
    def explained(self) -> float: ...

    @property
    def depth_doubt(self) -> float: ...

    @property
    def symmetry(self) -> Symmetry | None: ...

    def at_level(self, level: float) -> Reading:
        """The same photo, read for a surface at this logit."""
        ...

    def turned_to(self, azimuth_deg: float) -> Reading:
        """The same photo as if taken from another azimuth, so that another side is in front.

        Itself where the camera is not known.
        """
        ...

    def mirrored(self) -> Reading:
        """The same photo with its depth the other way round: what comes forward lies behind, within the same outline.

        Itself where the camera is not known.
        """
        ...

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


def block_means(maps: Float32[np.ndarray, "*maps rows columns"], blocks: int) -> Float32[np.ndarray, " values"]:
    """The means of square maps over blocks^2 blocks each, or over each cell where there are fewer."""
    flat = maps.reshape(-1, *maps.shape[-2:])
    count = min(blocks, flat.shape[-1])
    bands = [band.mean(axis=1) for band in np.array_split(flat, count, axis=1)]
    averages = [block.mean(axis=1) for band in bands for block in np.array_split(band, count, axis=1)]
    return np.concatenate(averages).astype(np.float32)

"""Where a person pointed, as the finder's network is told it: discs and strokes in two channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from jaxtyping import Float
    from PIL import ImageDraw

RADIUS = 0.02  # of a disc and of a stroke, as a fraction of the longer side


class Hints:
    """Hints on a picture of width x height pixels: channel 0 marks the object, channel 1 what is not the object."""

    def __init__(self, width: int, height: int) -> None:
        self._layers = [Image.new("L", (width, height)) for _ in range(2)]
        self._radius = max(1.5, RADIUS * max(width, height))

    def point(self, x: float, y: float, is_object: bool = True) -> None:
        """Mark a disc around a pixel position; (0, 0) is the picture's top left corner."""
        r = self._radius
        self._draw(is_object).ellipse((x - r, y - r, x + r, y + r), fill=255)

    def stroke(self, points: Sequence[tuple[float, float]], is_object: bool = True) -> None:
        """Mark a line through several positions, round at its ends."""
        self._draw(is_object).line([position for point in points for position in point], 255, round(2 * self._radius))
        for x, y in (points[0], points[-1]):
            self.point(x, y, is_object)

    @property
    def channels(self) -> Float[np.ndarray, "2 height width"]:
        """The marks as float32, 1 where someone pointed and 0 elsewhere."""
        return np.stack([np.asarray(layer, np.float32) / 255 for layer in self._layers])

    def _draw(self, is_object: bool) -> ImageDraw.ImageDraw:
        from PIL import ImageDraw  # here: it brings fonts along, and most photos are not pointed at

        return ImageDraw.Draw(self._layers[0 if is_object else 1])

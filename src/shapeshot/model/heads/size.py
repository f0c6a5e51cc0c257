"""Real size from one photo: the sizes of the training objects that look alike, with a calibrated interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.model.arrays import require_array, require_number

if TYPE_CHECKING:
    from jaxtyping import Float

Lengths = tuple[float, float, float]
# Added to the spread of the neighbours' logarithms: even where they all agree, a new object may be 10 % off.
FLOOR = 0.1


@dataclass(frozen=True)
class SizeEstimate:
    """Width (x), height (y) and depth (z) in metres, as predicted from one photo.

    low, high: for each dimension, an interval that holds the true one for a share `coverage` of new objects.
    """

    metres: Lengths
    low: Lengths
    high: Lengths
    coverage: float

    def scale(self, extents: Float[np.ndarray, " 3"]) -> float:
        """Metres per unit of a shape with these extents [3]: the factor that fits all three dimensions best.

        The least squares in logarithms, so the shape keeps its proportions.
        """
        return float(np.exp(np.mean(np.log(self.metres) - np.log(extents))))


@dataclass(frozen=True, eq=False)
class SizeHead:
    """Kernel regression (Nadaraya 1964, Watson 1964) of the logarithms of the three dimensions.

    directions: how each training object looks, as `Look` makes them. log_metres: natural logarithms of its width,
    height and depth. bandwidth: of the kernel exp(cosine / bandwidth). half_width: half the interval in units of the
    neighbours' spread. coverage: the share it promises. floor: see FLOOR.
    """

    directions: Float[np.ndarray, "objects components"]
    log_metres: Float[np.ndarray, "objects 3"]
    bandwidth: float
    half_width: Float[np.ndarray, " 3"]
    coverage: float
    floor: float = FLOOR

    def check(self) -> None:
        """ModelError unless all parts are what they must be, and fit together."""
        require_array("directions", self.directions, "f", (None, None))
        require_array("log_metres", self.log_metres, "f", (len(self.directions), 3))
        require_array("half_width", self.half_width, "f", (3,))
        require_number("objects", len(self.directions), 0, np.inf)
        require_number("bandwidth", self.bandwidth, 0, np.inf)
        require_number("coverage", self.coverage, 0, 1)
        require_number("floor", self.floor, -1e-9, np.inf)

    def middle_and_spread(
        self, directions: Float[np.ndarray, "photos components"]
    ) -> tuple[Float[np.ndarray, "photos 3"], Float[np.ndarray, "photos 3"]]:
        """Mean and spread of the log metres of photos that look like `directions`.

        The spread is the standard deviation among the weighted neighbours: wide where things that look alike, as a
        car and a toy car do, differ in size.
        """
        cosines = directions @ self.directions.T
        weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / self.bandwidth)
        weights /= weights.sum(axis=1, keepdims=True)
        middle = weights @ self.log_metres
        variance = weights @ self.log_metres**2 - middle**2
        return middle, np.sqrt(np.maximum(variance, 0) + self.floor**2)

    def __call__(self, direction: Float[np.ndarray, " components"]) -> SizeEstimate:
        """The estimate for a photo that looks like `direction`."""
        middles, spreads = self.middle_and_spread(direction[None])
        reach = spreads[0] * self.half_width
        metres, low, high = (_lengths(middles[0] + offset) for offset in (0 * reach, -reach, reach))
        return SizeEstimate(metres, low, high, self.coverage)


def _lengths(logarithms: Float[np.ndarray, " 3"]) -> Lengths:
    width, height, depth = np.exp(logarithms).tolist()
    return width, height, depth

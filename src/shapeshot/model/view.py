"""A photo as a frustum grid: the shape in the frame of the view, made to agree with the silhouette, and placed in the
canonical cube.

The network says for each ray of the crop how probable it is to be inside at each depth; see `geometry.frustum` for the
axes. A ray beside the object's silhouette is empty, and one inside it meets the object somewhere: where it would meet
nothing or hardly anything, since its depth is uncertain, the most probable depths count as inside. So thin parts
survive. A shape that agrees with its mirror image is completed by it (`model/symmetry.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from shapeshot.geometry.frustum import frustum_centers
from shapeshot.model.camera_estimate import CameraEstimate, PhotoCamera
from shapeshot.model.field import sigmoid
from shapeshot.model.frustum_grid import BEYOND, FrustumSampler
from shapeshot.model.neighbors import neighborhoods
from shapeshot.model.reading import Symmetry, block_means
from shapeshot.model.symmetry import Completion, complete_by_symmetry
from shapeshot.model.view_colors import ViewColors

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32

    from shapeshot.geometry.frustum import ViewCamera

OUTSIDE = 12.0  # logits by which a ray is held down per unit of coverage that it lacks
LEAST_COVERED = 0.2  # of a cell or one beside it: with less there is no part, and nothing is made of its traces
EMPTY_COVERAGE = 0.4  # share of a cell: with less its ray passes beside the object; chosen on val (docs/results.md)
FAINT = 2.0  # logits above the level up to which a ray's surface is too faint to be meshed without gaps
FULL_COVERAGE = 0.35  # share of a cell: with more the ray meets the object
EXPLAINED_BY = 4.0  # logits above the level that the most probable depth of such a ray is raised to: between the
# rod and an empty ray beside it the surface then lies about half-way
ROD_HALF_WIDTH = 1.3  # cells before and behind that depth that are inside, too: about as deep as a chair's leg is wide
BRIDGED = 6.0  # cells of depth up to which neighbouring rods are one part
SHARPNESS = 2.0  # of the distribution along a ray that its most probable depth is the mean of
AGREEMENT_ROUNDS = 2  # of averaging that depth with neighbouring rays that would meet nothing, either
MOST_ENDS = 0.02  # of the object's rays that may lie in the nearest or farthest depth
TOO_DEEP = (
    "the object is deeper than the model can hold, and its near or far end is cut off; give a photo that shows it more "
    "from the side"
)
STRAY_CELLS = 4  # at each end of the object that do not count for its extent


@dataclass(frozen=True)
class Placing:
    """Where the canonical cube lies. center: of the object, from the view's origin; side: both in sides of the crop."""

    center: Float32[np.ndarray, " 3"]
    side: float


class ViewReading:
    """A `Reading` of a network that draws a frustum grid."""

    colors_of_photo = True

    def __init__(
        self,
        logits: Float32[np.ndarray, "depths rows columns"],
        estimate: CameraEstimate,
        colors: ViewColors,
        coverage: Float32[np.ndarray, "rows columns"] | None,
        level: float,
        *,
        front: ViewCamera | None = None,
        is_mirrored: bool = False,
    ) -> None:
        """logits: as the network gives them. coverage: how much of each cell the object covers; None where that is not
        known. level: of the surface, as a logit, by which the silhouette is enforced and the object placed.
        colors: of the shape, at crop coordinates. front: the camera as the network sees it, by which the shape is
        completed, whatever is put in front later; None where `estimate` has it. is_mirrored: turn the shape's depth
        round.
        """
        self._raw, self._estimate, self.colors, self._coverage, self._level = logits, estimate, colors, coverage, level
        self._front, self._is_mirrored = front or estimate.camera, is_mirrored

    @property
    def camera(self) -> PhotoCamera:
        return self._estimate.beside(self.placing.center, self.placing.side)

    def turned_to(self, azimuth_deg: float) -> ViewReading:
        """The same photo with its camera at another azimuth: the finished shape is turned, and nothing else changes."""
        camera = replace(self._estimate.camera, azimuth_deg=azimuth_deg)
        return self._again(estimate=replace(self._estimate, camera=camera))

    def mirrored(self) -> ViewReading:
        """The same photo with its depth the other way round: along each ray what lay nearest lies farthest.

        The rays are the same ones, and so are the photo and the outline; see `CameraEstimate.mirrored` for the camera.
        """
        return self._again(
            estimate=self._estimate.mirrored(), colors=self.colors.mirrored(), is_mirrored=not self._is_mirrored
        )

    def at_level(self, level: float) -> ViewReading:
        """The same photo with its surface at another logit: by it the silhouette is enforced and the object placed."""
        return self._again(level=level)

    def _again(
        self,
        *,
        estimate: CameraEstimate | None = None,
        colors: ViewColors | None = None,
        level: float | None = None,
        is_mirrored: bool | None = None,
    ) -> ViewReading:
        """The same photo with what is given in place of what this has."""
        return ViewReading(
            self._raw,
            estimate or self._estimate,
            colors or self.colors,
            self._coverage,
            self._level if level is None else level,
            front=self._front,
            is_mirrored=self._is_mirrored if is_mirrored is None else is_mirrored,
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """Whether an end of the object lies beyond the depths of the grid, where it is cut off."""
        inside = self.logits > self._level
        ends, rays = (inside[0] | inside[-1]).sum(), inside.any(axis=0).sum()
        return (TOO_DEEP,) if ends > MOST_ENDS * rays else ()

    @property
    def explained(self) -> float:
        """The share of the object's rays that meet it by what the network says, before its silhouette is enforced."""
        rays = self._object_rays
        return float((rays.max(axis=0) > self._level).mean()) if rays.size else 1.0

    @property
    def depth_doubt(self) -> float:
        """The entropy of inside or outside along the object's rays, in nats, summed over depths: a mean over rays."""
        inside = sigmoid(self._object_rays)
        entropy = -(inside * np.log(inside + 1e-6) + (1 - inside) * np.log(1 - inside + 1e-6))
        return float(entropy.sum(axis=0).mean()) if entropy.size else 0.0

    @property
    def _object_rays(self) -> Float32[np.ndarray, "depths rays"]:
        """The network's logits along the rays that the object covers; none where coverage is not known."""
        if self._coverage is None:
            return self._raw[:, :0, 0]
        return self._raw[:, self._coverage >= FULL_COVERAGE]

    @cached_property
    def logits(self) -> Float32[np.ndarray, "depths rows columns"]:
        """The frustum grid in agreement with the silhouette, completed by its mirror image where the two agree."""
        whole = self._completed.grid
        return np.ascontiguousarray(whole[::-1]) if self._is_mirrored else whole

    @property
    def symmetry(self) -> Symmetry | None:
        """How much of its mirror images completes the shape; None where the silhouette is not known."""
        return None if self._coverage is None else self._completed.symmetry

    @cached_property
    def _completed(self) -> Completion:
        if self._coverage is None:
            return Completion(self._raw, Symmetry(0.0, 0.0))
        share = covered_share(self._coverage)
        held = _explained(self._raw, share, self._level)
        whole, symmetry = complete_by_symmetry(self._raw, held, self._front, self._level, share >= EMPTY_COVERAGE)
        return Completion(held if whole is self._raw else _explained(whole, share, self._level), symmetry)

    @cached_property
    def _sampler(self) -> FrustumSampler:
        return FrustumSampler(self.logits, BEYOND)

    @cached_property
    def placing(self) -> Placing:
        """Where the object's bounding cube lies, in its own axes."""
        inside = np.argwhere(self.logits > self._level)
        if not len(inside):
            return Placing(np.zeros(3, np.float32), 1.0)
        placed = self._estimate.camera.place(frustum_centers(inside, self.logits.shape))
        stray = min(STRAY_CELLS, len(placed) // 20)
        ordered = np.sort(placed, axis=0)
        half = np.float32(0.5 / self.logits.shape[2])  # cells reach beyond their centres
        low, high = ordered[stray] - half, ordered[-1 - stray] + half
        return Placing((low + high) / 2, float((high - low).max()))

    def grid(
        self, xs: Float32[np.ndarray, " x"], ys: Float32[np.ndarray, " y"], zs: Float32[np.ndarray, " z"]
    ) -> Float32[np.ndarray, "x y z"]:
        """Logits where the coordinates cross."""
        x, y, z = np.meshgrid(xs, ys, zs, indexing="ij")
        points = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
        return self.logits_at(points).reshape(len(xs), len(ys), len(zs))

    def logits_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points of the canonical cube."""
        return self._sampler.at(self.seen(points))

    def logits_in_view(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, " points"]:
        """Logits at points in the frame of the view: +y up, the camera at azimuth 0, in sides of the crop."""
        camera = replace(self._estimate.camera, azimuth_deg=0.0)
        return self._sampler.at(camera.project(points))

    def colors_at(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The photo's own colours on the side that the camera sees, the network's on the other."""
        return self.colors.at(self.seen(points), self.logits, self._level)

    def layout(self, blocks: int) -> Float32[np.ndarray, " values"]:
        """Average the occupancy of each depth over blocks^2 blocks of the crop."""
        return block_means(self._raw, blocks)

    def seen(self, points: Float[np.ndarray, "points 3"]) -> Float32[np.ndarray, "points 3"]:
        """The crop coordinates of points of the canonical cube."""
        placing = self.placing
        return self._estimate.camera.project(np.asarray(points, np.float32) * placing.side + placing.center)


def explained(
    logits: Float32[np.ndarray, "depths rows columns"], coverage: Float32[np.ndarray, "rows columns"], level: float
) -> Float32[np.ndarray, "depths rows columns"]:
    """A frustum grid that agrees with the silhouette: see the module."""
    return _explained(logits, covered_share(coverage), level)


def _explained(
    logits: Float32[np.ndarray, "depths rows columns"], share: Float32[np.ndarray, "rows columns"], level: float
) -> Float32[np.ndarray, "depths rows columns"]:
    """share: see `covered_share`."""
    held = np.minimum(logits, level + OUTSIDE * (share - EMPTY_COVERAGE) / (1 - EMPTY_COVERAGE))
    lacking = (share >= FULL_COVERAGE) & (held.max(axis=0) <= level + FAINT)
    if not lacking.any():
        return np.asarray(held, np.float32)
    near_end, far_end = _rod_ends(_depth_of(logits, lacking), lacking)
    depth = np.arange(len(logits))[:, None, None]
    offset = np.maximum(np.maximum(near_end - depth, depth - far_end), 0)
    rod = np.where(lacking, level + EXPLAINED_BY * (1 - offset / ROD_HALF_WIDTH), -np.inf)
    agreed: np.ndarray = np.maximum(held, rod).astype(np.float32)
    return agreed


def covered_share(coverage: Float32[np.ndarray, "rows columns"]) -> Float32[np.ndarray, "rows columns"]:
    """How much of each cell the object covers, as a share of the most that it covers of the cell or one beside it.

    So a part that is thinner than a cell is not lost between two cells of which it covers a third each. Below
    LEAST_COVERED there is no part.
    """
    most = neighborhoods(coverage).max(axis=0)
    share: np.ndarray = coverage / np.maximum(most, LEAST_COVERED)
    return share.astype(np.float32)


def _rod_ends(
    depth: Float32[np.ndarray, "rows columns"], rays: Bool[np.ndarray, "rows columns"]
) -> tuple[Float32[np.ndarray, "rows columns"], Float32[np.ndarray, "rows columns"]]:
    """The nearest and the farthest depth of each ray's rod, in cells: it reaches half-way to those of its neighbours.

    So a rod that slants away from the camera is one piece. Those that lie more than BRIDGED apart are of other parts.
    """
    apart = neighborhoods(depth) - depth
    joined = neighborhoods(rays.astype(np.float32)) * (np.abs(apart) <= BRIDGED)
    steps = apart * joined / 2
    near_end, far_end = depth + steps.min(axis=0), depth + steps.max(axis=0)
    return near_end.astype(np.float32), far_end.astype(np.float32)


def _depth_of(
    logits: Float32[np.ndarray, "depths rows columns"], rays: Bool[np.ndarray, "rows columns"]
) -> Float32[np.ndarray, "rows columns"]:
    """Where along its ray each of `rays` most probably meets the object, in cells; neighbours agree on it."""
    shares = np.exp(SHARPNESS * (logits - logits.max(axis=0)))
    depth = np.tensordot(np.arange(len(logits)), shares, axes=1) / shares.sum(axis=0)
    weight = rays.astype(np.float32)
    for _ in range(AGREEMENT_ROUNDS):
        total = neighborhoods(weight).sum(axis=0)
        depth = np.where(total > 0, neighborhoods(depth * weight).sum(axis=0) / np.maximum(total, 1e-6), depth)
    smoothed: np.ndarray = depth.astype(np.float32)
    return smoothed

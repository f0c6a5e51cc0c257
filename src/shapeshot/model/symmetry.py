"""What the photo shows of one half of an object says what the other half looks like.

Furniture, vehicles, animals and most tools are mirror images of themselves, left to right; tables, lamps, vases and
boxes from front to back, too. Where the object's front is the network tells, so the mirror's plane is known but for
where it stands; it stands where the shape agrees best with its own image in it. The image is of the shape as the
silhouette cut it: so the outline of one side shapes the other, too, and what is hidden behind the object is filled in
from what is seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapeshot.geometry.frustum import HALF_DEPTH, frustum_centers
from shapeshot.model.field import sigmoid
from shapeshot.model.frustum_grid import BEYOND, FrustumSampler
from shapeshot.model.reading import Symmetry

if TYPE_CHECKING:
    from jaxtyping import Bool, Float32, Int

    from shapeshot.geometry.frustum import ViewCamera


class Mirror(NamedTuple):
    """An upright plane through the object. turn_deg: of its normal from the object's own x, about the vertical.

    share: of the mirror image in a symmetrical shape. asymmetrical, symmetrical: the agreements with the mirror image
    at which it counts nothing, and from which on it counts in full.
    """

    turn_deg: float
    share: float
    asymmetrical: float
    symmetrical: float


class Completion(NamedTuple):
    """A grid with its mirror images in it, and how much of each."""

    grid: Float32[np.ndarray, "depths rows columns"]
    symmetry: Symmetry


# Left to right, and front to back, of which more agreement is asked for: chairs have much of it, and a back. Chosen on
# val (docs/results.md).
MIRRORS = (Mirror(0.0, 0.4, 0.6, 0.8), Mirror(90.0, 0.4, 0.7, 0.9))
OFFSETS = np.linspace(-0.12, 0.12, 7, dtype=np.float32)  # of the plane from the shape's middle, in its widths
PROBED = 3000  # cells at which a shape is compared with its image
PROBED_FROM = -2.0  # logits above the level: cells with less are outside
SPARE = 2  # depths before and behind a shape and its image, since only some of their cells are looked at


def complete_by_symmetry(
    raw: Float32[np.ndarray, "depths rows columns"],
    held: Float32[np.ndarray, "depths rows columns"],
    camera: ViewCamera,
    level: float,
    rays: Bool[np.ndarray, "rows columns"],
) -> Completion:
    """The network's grid with its shape's mirror images mixed into `rays`, by how symmetrical the shape is.

    raw: logits as the network gives them. held: the same in agreement with the silhouette, of which the images are
    made. camera: its azimuth tells where the front is. level: of the surface, as a logit.
    """
    whole, shares = raw, []
    for mirror in MIRRORS:
        turned = replace(camera, azimuth_deg=camera.azimuth_deg + mirror.turn_deg)
        sampler = FrustumSampler(held, BEYOND)
        share, plane = _trusted(held, sampler, turned, level, mirror)
        shares.append(share)
        if share:
            depths = _depths(np.maximum(whole, held), turned, level, plane)
            image = _image_along(sampler, turned, plane, depths, rays)
            whole, held = (_mixed(grid, image, depths, rays, share) for grid in (whole, held))
    return Completion(whole, Symmetry(*shares))


def _trusted(
    held: Float32[np.ndarray, "depths rows columns"],
    sampler: FrustumSampler,
    camera: ViewCamera,
    level: float,
    mirror: Mirror,
) -> tuple[float, float]:
    """The share that a mirror image gets, and where along the camera's x its plane stands."""
    cells = _probed(held, level)
    if not len(cells):
        return 0.0, 0.0
    plane, agreement = _mirror_plane(held, sampler, camera, level, cells)
    trust = (agreement - mirror.asymmetrical) / (mirror.symmetrical - mirror.asymmetrical)
    return mirror.share * float(np.clip(trust, 0, 1)), plane


def _probed(grid: Float32[np.ndarray, "depths rows columns"], level: float) -> Int[np.ndarray, "cells 3"]:
    """Some of the cells that may be inside, nearest first."""
    cells = np.argwhere(grid > level + PROBED_FROM)
    return cells[:: max(1, -(-len(cells) // PROBED))]


def _depths(grid: Float32[np.ndarray, "depths rows columns"], camera: ViewCamera, level: float, plane: float) -> slice:
    """The depths at which a shape or its image may be: at all others both are surely outside."""
    cells = _probed(grid, level)
    images = camera.project(_reflect(camera.place(frustum_centers(cells, grid.shape)), plane))[:, 2]
    bins = np.concatenate([cells[:, 0], len(grid) * (HALF_DEPTH - images) / (2 * HALF_DEPTH)])
    first, last = np.clip([bins.min() - SPARE, bins.max() + SPARE + 1], 0, len(grid))
    return slice(int(first), int(last))


def _image_along(
    held: FrustumSampler,
    camera: ViewCamera,
    plane: float,
    depths: slice,
    rays: Bool[np.ndarray, "rows columns"],
) -> Float32[np.ndarray, "some rays"]:
    """The logits of a grid's mirror image at some depths of `rays`."""
    cells = np.argwhere(np.broadcast_to(rays, (depths.stop - depths.start, *rays.shape)))
    cells[:, 0] += depths.start
    image = _reflected(held, camera, camera.place(frustum_centers(cells, held.shape)), plane)
    return image.reshape(depths.stop - depths.start, -1)


def _mixed(
    grid: Float32[np.ndarray, "depths rows columns"],
    image: Float32[np.ndarray, "some rays"],
    depths: slice,
    rays: Bool[np.ndarray, "rows columns"],
    share: float,
) -> Float32[np.ndarray, "depths rows columns"]:
    mixed: np.ndarray = grid.copy()
    mixed[depths, rays] += np.float32(share) * (image - grid[depths, rays])
    return mixed


def _mirror_plane(
    held: Float32[np.ndarray, "depths rows columns"],
    sampler: FrustumSampler,
    camera: ViewCamera,
    level: float,
    cells: Int[np.ndarray, "cells 3"],
) -> tuple[float, float]:
    """Where the plane stands along the object's x, and how well the shape agrees with its image in it, 0 to about 1."""
    places = camera.place(frustum_centers(cells, held.shape))
    inside = sigmoid(held[tuple(cells.T)] - np.float32(level))
    low, high = _ends(places[:, 0], inside)
    planes = (low + high) / 2 + OFFSETS * (high - low)
    images = [sigmoid(_reflected(sampler, camera, places, plane) - np.float32(level)) for plane in planes]
    agreements = [float((inside * image).sum() / (inside * inside).sum()) for image in images]
    best = int(np.argmax(agreements))
    return float(planes[best]), agreements[best]


def _ends(x: Float32[np.ndarray, " cells"], weights: Float32[np.ndarray, " cells"]) -> tuple[float, float]:
    """Between which values all but two hundredths of the weight lie."""
    order = np.argsort(x)
    below = np.cumsum(weights[order])
    first, last = np.searchsorted(below, np.array([0.01, 0.99]) * below[-1]).clip(0, len(x) - 1)
    return float(x[order][first]), float(x[order][last])


def _reflected(
    held: FrustumSampler,
    camera: ViewCamera,
    places: Float32[np.ndarray, "places 3"],
    plane: float,
) -> Float32[np.ndarray, " places"]:
    """The logits of the mirror image of a grid in the plane x = `plane`, at places in the object's axes."""
    return held.at(camera.project(_reflect(places, plane)))


def _reflect(places: Float32[np.ndarray, "places 3"], plane: float) -> Float32[np.ndarray, "places 3"]:
    return places * np.array([-1, 1, 1], np.float32) + np.array([2 * plane, 0, 0], np.float32)

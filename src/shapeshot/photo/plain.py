"""An object on a plain background: white, grey or coloured, with gradient, vignette, noise and a soft shadow.

The background is a smooth surface in colour space, fitted to the frame's border and then to everything that agrees
with it. A pixel is background if it has the surface's colour, or if it is a shadow: the same colour made darker, and
reached from the background without crossing an edge. All work is done at a few hundred pixels, twice: over the whole
frame to find the object, then over the object's own box to draw its outline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from shapeshot.photo.regions import label_regions, region_sizes, touching_border

if TYPE_CHECKING:
    from jaxtyping import Bool, Float, Float32, Float64, Int32, Int64, UInt8

_COARSE_SIDE, _FINE_SIDE = 192, 288
_RING = 0.05  # the border region that is taken for background at first, as a fraction of the short side
_TOLERANCE = 24.0  # a ring pixel further than this (levels of 255, over all channels) is no background
_MIN_PLAIN = 0.65  # of the ring; an object cut off by one side of the frame covers about a quarter
_MAX_NOISE = 12.0  # levels; a weave, a carpet or a wooden floor lies above, a noisy telephone below
_MIN_DISTANCE = 7.0  # levels; a white cushion on white paper differs by about ten
_SHADOW_RANGE = (0.35, 1.12)  # brightness of shadows and of spilt light, relative to the background
_SHADOW_TINT = 10.0  # levels of colour that a shadow may gain from coloured light
_MIN_SHARPNESS = 0.33  # see _sharp
_MIN_STEP = 0.02  # fainter changes of relative brightness are no edge
_MAX_EDGE_WIDTH = 3  # pixels to either side
_MAX_SHADOW_HEIGHT = 0.6  # of the object and its shadow together
_MIN_PART = 0.02  # parts smaller than this fraction of the largest are specks
_MIN_HOLE = 0.004  # of the object: smaller gaps are highlights, larger ones are looked through


class PlainResult(NamedTuple):
    """mask: float32 [height, width] in [0, 1]. clutter: why the background is not plain, or empty."""

    mask: Float32[np.ndarray, "height width"]
    clutter: str


@dataclass(frozen=True)
class _Background:
    """A polynomial of the normalised position for each colour channel: float64 [terms, 3]."""

    coefficients: Float64[np.ndarray, "terms 3"]
    degree: int

    def colors(
        self, x: Float64[np.ndarray, " columns"], y: Float64[np.ndarray, " rows"]
    ) -> Float32[np.ndarray, "rows columns 3"]:
        """The background at columns x and rows y (both in [-1, 1] over the frame): float32 [len(y), len(x), 3]."""
        matrix = np.zeros((self.degree + 1, self.degree + 1, 3))
        for (i, j), value in zip(_exponents(self.degree), self.coefficients, strict=True):
            matrix[j, i] = value
        rows = np.vander(y, self.degree + 1, increasing=True)
        columns = np.vander(x, self.degree + 1, increasing=True)
        channels = [(rows @ matrix[:, :, channel] @ columns.T).astype(np.float32) for channel in range(3)]
        return np.moveaxis(np.stack(channels), 0, 2)


def plain_background(rgba: UInt8[np.ndarray, "height width 4"]) -> PlainResult:
    """Find the object in a photo, uint8 [height, width, 4], alpha not looked at; the mask is all 0 where there is none.

    `clutter` is not empty where the border region is no smooth surface of one colour; the mask then means nothing.
    """
    height, width = rgba.shape[:2]
    frame = (0, 0, width, height)
    coarse = _resized(rgba, frame, _COARSE_SIDE)
    x, y = _positions(frame, frame, coarse.shape)
    background, clutter = _fit(coarse, x, y)
    empty = np.zeros((height, width), np.float32)
    if clutter:
        return PlainResult(empty, clutter)
    found = _outline(coarse, background.colors(x, y))
    if not found.any():
        return PlainResult(empty, "")
    region = _region(found, width, height)
    fine = _resized(rgba, region, _FINE_SIDE)
    outline = _outline(fine, background.colors(*_positions(region, frame, fine.shape)))
    return PlainResult(_placed(outline, region, empty), "")


def _fit(
    image: Float32[np.ndarray, "rows columns 3"], x: Float64[np.ndarray, " columns"], y: Float64[np.ndarray, " rows"]
) -> tuple[_Background, str]:
    """The background surface, and why it is not plain (or ""). First by the ring, then by all that agrees with it."""
    ring = _ring(image.shape[:2])
    background, distance = _robust_fit(image, x, y, ring, degree=2)
    near = distance[ring] < _TOLERANCE
    noise = float(np.median(distance[ring]))
    if near.mean() < _MIN_PLAIN:
        return background, f"only {near.mean():.0%} of the border has one colour"
    if noise > _MAX_NOISE:
        return background, "the border is textured"
    agreeing = distance < max(_MIN_DISTANCE, 3 * noise)
    for _ in range(2):
        background, distance = _robust_fit(image, x, y, agreeing, degree=3)
        agreeing = distance < max(_MIN_DISTANCE, 3 * float(np.median(distance[agreeing])))
    return background, ""


def _robust_fit(
    image: Float32[np.ndarray, "rows columns 3"],
    x: Float64[np.ndarray, " columns"],
    y: Float64[np.ndarray, " rows"],
    where: Bool[np.ndarray, "rows columns"],
    degree: int,
) -> tuple[_Background, Float32[np.ndarray, "rows columns"]]:
    """Iteratively reweighted least squares with Cauchy weights; the surface and every pixel's distance from it."""
    rows, columns = np.nonzero(where)
    stride = max(1, len(rows) // 2500)
    rows, columns = rows[::stride], columns[::stride]
    x_powers, y_powers = (np.vander(axis, degree + 1, increasing=True) for axis in (x, y))
    terms = np.stack([x_powers[columns, i] * y_powers[rows, j] for i, j in _exponents(degree)], axis=1)
    colors = image[rows, columns].astype(np.float64)
    residual = np.linalg.norm(colors - np.median(colors, axis=0), axis=1)
    coefficients = np.zeros((terms.shape[1], 3))
    for _ in range(4):
        scale = max(2.0, 2.0 * float(np.median(residual)))
        weights = 1.0 / (1.0 + (residual / scale) ** 2)
        weighted = terms * weights[:, None]
        # The small ridge keeps terms that the samples do not determine (a ring seldom fixes a cubic) near zero.
        normal = weighted.T @ terms + 1e-3 * np.eye(terms.shape[1])
        coefficients = np.linalg.solve(normal, weighted.T @ colors)
        residual = np.linalg.norm(colors - terms @ coefficients, axis=1)
    background = _Background(coefficients, degree)
    return background, _norm(image - background.colors(x, y))


def _outline(
    image: Float32[np.ndarray, "rows columns 3"], background: Float32[np.ndarray, "rows columns 3"]
) -> Bool[np.ndarray, "rows columns"]:
    """The object in an image float32 [h, w, 3] whose background colours are known: bool [h, w]."""
    distance = _norm(image - background)
    threshold = max(_MIN_DISTANCE, 3.0 * float(np.median(distance[_ring(distance.shape)])))
    same = distance < threshold
    different = ~_reached(same)
    mask = different & ~_ground_shadow(different, same, *_shadow_cues(image, background))
    return _main_parts(_trimmed(_without_holes(mask, same), distance))


def _ground_shadow(
    different: Bool[np.ndarray, "rows columns"],
    same: Bool[np.ndarray, "rows columns"],
    colored: Bool[np.ndarray, "rows columns"],
    edges: Bool[np.ndarray, "rows columns"],
) -> Bool[np.ndarray, "rows columns"]:
    """The part of `different` that is shadow: reached from the background over shadow-coloured pixels, no edge crossed.

    A shadow lies on the ground. Where the flood leaked through a vanishing outline into a pale object, it climbs:
    then it is tried again with wider edges, and what still climbs is left to the object.
    """
    occupied = np.flatnonzero(different.any(axis=1))
    height = occupied[-1] - occupied[0] + 1 if len(occupied) else 0
    for _ in range(_MAX_EDGE_WIDTH):
        edges = _dilated(edges)
        labels = label_regions(different & _reached(same | (colored & ~edges)))
        low = _heights(labels) < _MAX_SHADOW_HEIGHT * height
        if low.all():
            break
    low[0] = False
    shadow: np.ndarray = low[labels]
    return shadow


def _heights(labels: Int32[np.ndarray, "rows columns"]) -> Int64[np.ndarray, " regions"]:
    """Rows that each label spans, int64 [labels + 1]; 0 for entry 0."""
    rows, columns = np.nonzero(labels)
    present = labels[rows, columns]
    top, bottom = np.full(int(labels.max()) + 1, len(labels)), np.full(int(labels.max()) + 1, len(labels) - 1)
    top[present[::-1]] = rows[::-1]  # rows come in ascending order, and of several assignments the last one stays
    bottom[present] = rows
    heights: np.ndarray = bottom - top + 1
    return heights


def _trimmed(
    mask: Bool[np.ndarray, "rows columns"], distance: Float[np.ndarray, "rows columns"]
) -> Bool[np.ndarray, "rows columns"]:
    """Without the rim of mixed and shadowed pixels: those less than half as different as the object beside them."""
    beside = _extreme(_extreme(np.where(mask, distance, 0.0), np.maximum, 3, axis=0), np.maximum, 3, axis=1)
    rim = mask & _dilated(_dilated(_dilated(~mask)))
    trimmed: np.ndarray = mask & ~(rim & (distance < 0.5 * beside))
    return trimmed


def _shadow_cues(
    image: Float32[np.ndarray, "rows columns 3"], background: Float32[np.ndarray, "rows columns 3"]
) -> tuple[Bool[np.ndarray, "rows columns"], Bool[np.ndarray, "rows columns"]]:
    """Which pixels have the background's hue, brighter or darker; and which lie on a sharp edge: bool [h, w] each."""
    squared = np.maximum(_dot(background, background), 1.0)
    brightness = _dot(image, background) / squared
    tint = _norm(image - brightness[..., None] * background)
    low, high = _SHADOW_RANGE
    colored = (tint < _SHADOW_TINT) & (brightness > low) & (brightness < high)
    return colored, _sharp(brightness, 1) | _sharp(brightness, 0)


def _sharp(values: Float[np.ndarray, "rows columns"], axis: int) -> Bool[np.ndarray, "rows columns"]:
    """Steps along an axis that are as sharp as the picture itself, however faint: bool [h, w].

    The test is the slope relative to the change within three pixels to either side. It is 0.5 for a step, 0.34 for
    a Gaussian edge of sigma 1 pixel and 0.22 for one of sigma 2, whatever the contrast: an outline, not a penumbra.
    """
    across = np.moveaxis(_edges_repeated(values, 1, 1 - axis), axis, 1)
    smooth = np.moveaxis((across[:-2] + across[1:-1] + across[2:]) / 3, 1, axis)
    change = _extreme(smooth, np.maximum, 3, axis) - _extreme(smooth, np.minimum, 3, axis)
    slope = np.abs(np.gradient(smooth, axis=axis))
    noise = float(np.median(change[_ring(values.shape)]))
    sharp: np.ndarray = (slope > _MIN_SHARPNESS * change) & (change > max(_MIN_STEP, 4 * noise))
    return sharp


def _extreme(
    values: Float[np.ndarray, "rows columns"], choose: np.ufunc, reach: int, axis: int
) -> Float[np.ndarray, "rows columns"]:
    """Running minimum or maximum over `reach` pixels to either side along an axis, edges repeated."""
    padded = _edges_repeated(values, reach, axis)
    length = values.shape[axis]
    window = [slice(None), slice(None)]
    result = values
    for offset in range(2 * reach + 1):
        window[axis] = slice(offset, offset + length)
        result = choose(result, padded[tuple(window)])
    return result


def _edges_repeated(
    values: Float[np.ndarray, "rows columns"], times: int, axis: int
) -> Float[np.ndarray, "more_rows more_columns"]:
    """With the first and the last row (axis 0) or column (axis 1) so many times more: np.pad, for this one use."""
    index = np.clip(np.arange(-times, values.shape[axis] + times), 0, values.shape[axis] - 1)
    return values.take(index, axis)


def _reached(passable: Bool[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """The passable pixels that are connected to the image's border."""
    labels = label_regions(passable)
    touching: np.ndarray = touching_border(labels)[labels]
    return touching


def _without_holes(
    mask: Bool[np.ndarray, "rows columns"], same: Bool[np.ndarray, "rows columns"]
) -> Bool[np.ndarray, "rows columns"]:
    """Only holes of some size that show the plain background stay open (a handle, a chair's back)."""
    labels = label_regions(mask & same)
    sizes = region_sizes(labels)
    closed: np.ndarray = mask & ~(sizes >= max(_MIN_HOLE * mask.sum(), 9))[labels]
    return closed


def _main_parts(mask: Bool[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """Without specks, and without detached slivers of one or two pixels, which are the rims of shadows."""
    labels = label_regions(mask)
    sizes = region_sizes(labels)
    solid = np.zeros(len(sizes), bool)
    solid[labels[~_dilated(~mask)]] = True
    kept = (sizes >= max(_MIN_PART * sizes.max(), 9)) & (solid | (sizes == sizes.max()))
    kept[0] = False
    parts: np.ndarray = kept[labels]
    return parts


def _region(found: Bool[np.ndarray, "rows columns"], width: int, height: int) -> tuple[int, int, int, int]:
    """The found pixels' box in the photo (left, top, right, bottom), with an eighth of its size around it."""
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    scale_x, scale_y = width / found.shape[1], height / found.shape[0]
    left, right = columns[0] * scale_x, (columns[-1] + 1) * scale_x
    top, bottom = rows[0] * scale_y, (rows[-1] + 1) * scale_y
    room = max(right - left, bottom - top) / 8
    return (
        max(0, int(left - room)),
        max(0, int(top - room)),
        min(width, int(right + room) + 1),
        min(height, int(bottom + room) + 1),
    )


def _placed(
    outline: Bool[np.ndarray, "rows columns"],
    region: tuple[int, int, int, int],
    empty: Float32[np.ndarray, "height width"],
) -> Float32[np.ndarray, "height width"]:
    """The outline drawn into a mask of the photo's size, its edge antialiased."""
    left, top, right, bottom = region
    small = Image.fromarray(outline.astype(np.uint8) * 255)
    large = small.resize((right - left, bottom - top), Image.Resampling.BICUBIC)
    np.divide(np.asarray(large), np.float32(255), out=empty[top:bottom, left:right])
    return empty


def _resized(
    rgba: UInt8[np.ndarray, "height width 4"], region: tuple[int, int, int, int], side: int
) -> Float32[np.ndarray, "rows columns 3"]:
    """A region (left, top, right, bottom) with its long side at most `side` pixels, float32 [h, w, 3] in 0..255."""
    height, width = rgba.shape[:2]
    # RGBX: shares the array's memory, and resizes without weighting colours by alpha.
    image = Image.frombuffer("RGBX", (width, height), np.ascontiguousarray(rgba), "raw", "RGBX", 0, 1)
    long_side = max(region[2] - region[0], region[3] - region[1])
    scale = min(1.0, side / long_side)
    size = (max(1, round((region[2] - region[0]) * scale)), max(1, round((region[3] - region[1]) * scale)))
    small = np.asarray(image.resize(size, Image.Resampling.BOX, box=region))
    # Channel by channel in memory, where everything that follows works on whole planes.
    return np.moveaxis(np.moveaxis(small, 2, 0)[:3].astype(np.float32, order="C"), 0, 2)


def _positions(
    region: tuple[int, int, int, int], frame: tuple[int, int, int, int], shape: tuple[int, ...]
) -> tuple[Float64[np.ndarray, " columns"], Float64[np.ndarray, " rows"]]:
    """Centres of a region's resized columns and rows, in [-1, 1] over the frame."""
    x = region[0] + (np.arange(shape[1]) + 0.5) / shape[1] * (region[2] - region[0])
    y = region[1] + (np.arange(shape[0]) + 0.5) / shape[0] * (region[3] - region[1])
    return 2 * x / frame[2] - 1, 2 * y / frame[3] - 1


def _ring(shape: tuple[int, ...]) -> Bool[np.ndarray, "rows columns"]:
    width = max(2, round(_RING * min(shape)))
    ring = np.ones(shape, bool)
    ring[width:-width, width:-width] = False
    return ring


def _exponents(degree: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(degree + 1) for j in range(degree + 1 - i)]


def _norm(colors: Float[np.ndarray, "rows columns 3"]) -> Float[np.ndarray, "rows columns"]:
    lengths: np.ndarray = np.sqrt(_dot(colors, colors))
    return lengths


def _dot(
    first: Float[np.ndarray, "rows columns 3"], second: Float[np.ndarray, "rows columns 3"]
) -> Float[np.ndarray, "rows columns"]:
    """Of two colours at each pixel: [h, w]. Written out, for einsum takes four times as long over an axis of three."""
    red, green, blue = (first[..., channel] * second[..., channel] for channel in range(3))
    products: np.ndarray = red + green + blue
    return products


def _dilated(mask: Bool[np.ndarray, "rows columns"]) -> Bool[np.ndarray, "rows columns"]:
    """Grown by one pixel in the four directions."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown

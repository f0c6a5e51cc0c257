"""Light: albedo and normals to display colours, the ground's contact shadow, and averaging down to the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.geometry.rasterize import Hits
from shapeshot.preview.view import View

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, UInt8

CLAY = (0.72, 0.74, 0.78)  # sRGB of shapes without colours
_KEY_LIGHT = np.array([-0.45, 0.65, 0.62])  # right, up, towards the camera: over the photographer's left shoulder
_SKY, _GROUND, _KEY = 0.72, 0.38, 0.72  # linear intensities; a lit upward slope gets a little more than 1
_OCCLUSION_REACH = 0.05  # of the picture's side
_OCCLUSION_STEP = 4  # pixels, two of the finished picture


def shade(
    albedo: Float[np.ndarray, "hits 3"], normals: Float[np.ndarray, "hits 3"], view: View
) -> Float32[np.ndarray, "hits 3"]:
    """sRGB colours in [0, 1], float32 [hits, 3], of albedo (sRGB) under a sky, the ground's bounce and a key light.

    normals: unit, world axes, float [hits, 3]; turned towards the camera where they look away.
    """
    light = _KEY_LIGHT / np.linalg.norm(_KEY_LIGHT) @ view.axes
    axes = np.stack([view.axes[2], np.array([0.0, 1.0, 0.0]), light]).astype(np.float32)
    towards_camera, upwards, towards_light = axes @ normals.astype(np.float32).T
    side = np.where(towards_camera < 0, np.float32(-1), np.float32(1))
    hemisphere = _GROUND + (_SKY - _GROUND) * (0.5 + 0.5 * side * upwards)
    key = _KEY * np.clip((side * towards_light + 0.15) / 1.15, 0.0, None)
    # (albedo^2.2 times the light)^(1 / 2.2), with a power less.
    brightness = (hemisphere + key) ** np.float32(1 / 2.2)
    shaded: np.ndarray = np.minimum(np.clip(albedo, 0.0, 1.0) * brightness[:, None], 1.0).astype(np.float32)
    return shaded


def occlusion(hits: Hits, size: int) -> Float32[np.ndarray, " hits"]:
    """How much light reaches each hit past its surroundings, float32 [hits] in about 0.6..1.

    Depth below the local mean darkens, as in Luft, Colditz and Deussen, "Image enhancement by unsharp masking the
    depth buffer" (SIGGRAPH 2006).
    """
    depth, weight = np.zeros(size * size, np.float32), np.zeros(size * size, np.float32)
    depth[hits.pixels], weight[hits.pixels] = 1.0 / hits.nearness, 1.0
    reach = max(1, round(_OCCLUSION_REACH * size / _OCCLUSION_STEP))
    # The mean is smooth: a few of the pixels are enough for it.
    coarse = [values.reshape(size, size)[::_OCCLUSION_STEP, ::_OCCLUSION_STEP] for values in (depth, weight)]
    sums = [_box_blur(_box_blur(values, reach), reach) for values in coarse]
    rows, columns = np.divmod(hits.pixels, size)
    mean = (sums[0] / np.maximum(sums[1], 1e-6))[rows // _OCCLUSION_STEP, columns // _OCCLUSION_STEP]
    factors: np.ndarray = (1.0 - np.clip(1.6 * (depth[hits.pixels] - mean), 0.0, 0.4)).astype(np.float32)
    return factors


def ground_shadow(hits_from_below: Hits, cells: int, lowest: float, view: View) -> Float32[np.ndarray, "size size"]:
    """Darkness of the ground under the shape, float32 [size, size] in [0, 1].

    hits_from_below: see `seen_from_below`. lowest: the ground's local y.
    """
    touch = np.zeros(cells * cells, np.float32)
    height = 2.0 - hits_from_below.nearness - lowest
    touch[hits_from_below.pixels] = np.exp(-np.clip(height, 0.0, None) / 0.35)
    texture = touch.reshape(cells, cells)
    soft = 0.5 * _blurred(texture, cells // 40) + 0.5 * _blurred(texture, cells // 12)
    # Soft as it is, half the picture's resolution is enough for it.
    half = View(view.framing, view.azimuth_deg, view.elevation_deg, max(1, view.size // 2))
    rays = half.rays()
    downwards = np.minimum(rays[..., 1], -1e-6)
    distance = (lowest - view.position[1]) / downwards
    x = view.position[0] + rays[..., 0] * distance
    z = view.position[2] + rays[..., 2] * distance
    seen = _bilinear(soft, cells / 2 + x * cells / 4, cells / 2 + z * cells / 4)
    seen[rays[..., 1] >= -1e-3] = 0.0  # the sky
    return np.asarray(Image.fromarray(seen).resize((view.size, view.size), Image.Resampling.BILINEAR))


def seen_from_below(local: Float[np.ndarray, "points 3"], cells: int) -> Float32[np.ndarray, "points 3"]:
    """Local points as (column, row, nearness) of a map of the ground that spans x and z from -2 to 2."""
    x, y, z = local.T
    return np.column_stack([cells / 2 + x * cells / 4, cells / 2 + z * cells / 4, 2.0 - y]).astype(np.float32)


def compose(
    hits: Hits,
    colors: Float[np.ndarray, "hits 3"],
    shadow: Float[np.ndarray, "size size"] | None,
    size: int,
    factor: int,
) -> UInt8[np.ndarray, "size size 4"]:
    """The picture, uint8 [size, size, 4] with straight alpha, from hits at factor * size averaged down.

    colors: float32 [hits, 3]. shadow: float32 [size, size] darkness of the ground behind the shape, or None.
    """
    rows, columns = np.divmod(hits.pixels, size * factor)
    pixel = (rows // factor) * size + columns // factor
    layers = [*colors.T, None]
    sums = np.stack([np.bincount(pixel, layer, size * size) for layer in layers], axis=1)
    picture = (sums / factor**2).astype(np.float32).reshape(size, size, 4)
    if shadow is not None:
        picture[..., 3] += (1.0 - picture[..., 3]) * np.clip(shadow, 0.0, 1.0)
    alpha = picture[..., 3:]
    straight = np.concatenate([picture[..., :3] / np.maximum(alpha, 1e-6), alpha], axis=2)
    levels: np.ndarray = np.rint(np.clip(straight, 0.0, 1.0) * 255).astype(np.uint8)
    return levels


def _blurred(values: Float[np.ndarray, "height width"], reach: int) -> Float[np.ndarray, "height width"]:
    """Three box blurs, close to a Gaussian."""
    for _ in range(3):
        values = _box_blur(values, reach)
    return values


def _box_blur(values: Float[np.ndarray, "height width"], reach: int) -> Float[np.ndarray, "height width"]:
    """Mean over 2 * reach + 1 pixels along both axes; zeros beyond the edge."""
    width = 2 * reach + 1
    for _ in range(2):
        sums = np.zeros((len(values) + width, values.shape[1]), values.dtype)
        inner = sums[reach + 1 : reach + 1 + len(values)]
        np.cumsum(values, axis=0, out=inner)
        sums[reach + 1 + len(values) :] = inner[-1]
        values = ((sums[width:] - sums[:-width]) / width).T
    return values


def _bilinear(
    texture: Float[np.ndarray, "height width"],
    x: Float[np.ndarray, "rows columns"],
    y: Float[np.ndarray, "rows columns"],
) -> Float32[np.ndarray, "rows columns"]:
    x, y = np.clip(x - 0.5, 0, texture.shape[1] - 1.001), np.clip(y - 0.5, 0, texture.shape[0] - 1.001)
    column, row = x.astype(np.int64), y.astype(np.int64)
    u, v = x - column, y - row
    top = texture[row, column] * (1 - u) + texture[row, column + 1] * u
    bottom = texture[row + 1, column] * (1 - u) + texture[row + 1, column + 1] * u
    return (top * (1 - v) + bottom * v).astype(np.float32)

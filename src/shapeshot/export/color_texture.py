"""Vertex colours as a small texture, for the many programs that show textures but ignore colours at vertices."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from shapeshot.export.colors import to_bytes

if TYPE_CHECKING:
    from jaxtyping import Float, Float32, Float64, UInt8

_SIDE = 32  # pixels


@dataclass(frozen=True, eq=False)
class ColorTexture:
    """A picture in which every vertex finds its colour.

    pixels: uint8 [32, 32, 3], sRGB, row 0 at the top.
    uvs: float32 [vertices, 2], u to the right and v up from the lower left corner, both in [0, 1].
    """

    pixels: UInt8[np.ndarray, "32 32 3"]
    uvs: Float32[np.ndarray, "vertices 2"]

    def png(self) -> bytes:
        """The picture as a file."""
        content = io.BytesIO()
        Image.fromarray(self.pixels).save(content, "PNG")
        return content.getvalue()


def color_texture(colors: Float[np.ndarray, "vertices 3"]) -> ColorTexture:
    """Make a texture of vertex colours, float [vertices, 3], at least one, sRGB in [0, 1].

    The picture is a map of the colours that occur: u and v run along their two main directions (principal components),
    and the third, in which they differ least, is at each pixel that of the colours nearby. Across a triangle the
    coordinates and with them the colours blend as vertex colours do, so there are no seams, a vertex has one place, and
    smaller mipmaps blend only like colours. What gets lost is the third direction where colours alike in the other two
    differ in it; benchmarks/measure_exports.py measures how much.
    """
    srgb = np.clip(np.asarray(colors, np.float64), 0, 1)
    mean = srgb.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((srgb - mean).T, bias=True))  # columns, the main direction last
    along = (srgb - mean) @ axes[:, ::-1]
    low, high = along.min(axis=0), along.max(axis=0)
    span = np.where(high > low, high - low, 1.0)
    # From the centre of the first pixel to that of the last.
    uvs = (0.5 + (along - low)[:, :2] / span[:2] * (_SIDE - 1)) / _SIDE
    steps = np.linspace(0, 1, _SIDE)
    v, u = np.meshgrid(low[1] + span[1] * steps[::-1], low[0] + span[0] * steps, indexing="ij")
    picture = mean + np.stack([u, v, _third(uvs, along[:, 2])], axis=-1) @ axes[:, ::-1].T
    return ColorTexture(to_bytes(picture), uvs.astype(np.float32))


def _third(
    uvs: Float64[np.ndarray, "vertices 2"], values: Float64[np.ndarray, " vertices"]
) -> Float64[np.ndarray, "32 32"]:
    """The values spread over the picture, float64 [32, 32], by inverse distance weighting.

    After Shepard, "A two-dimensional interpolation function for irregularly-spaced data" (1968), from the means in the
    pixels that have a vertex to all pixels.
    """
    column, row = np.rint(uvs * _SIDE - 0.5).astype(np.int64).T
    pixel = (_SIDE - 1 - row) * _SIDE + column
    count = np.bincount(pixel, minlength=_SIDE**2)
    filled = np.flatnonzero(count)
    means = np.bincount(pixel, values, _SIDE**2)[filled] / count[filled]
    apart = (np.arange(_SIDE)[:, None] - np.stack(np.divmod(filled, _SIDE))[:, None]) ** 2.0  # rows, then columns
    squared = (apart[0][:, None] + apart[1]).reshape(_SIDE**2, -1)
    weights = 1 / (squared + 1e-3) ** 2  # a pixel of its own outweighs all others a million times
    texture: np.ndarray = (weights @ means / weights.sum(axis=1)).reshape(_SIDE, _SIDE)
    return texture

"""A path-traced picture of few samples, smoothed along its surfaces: textures, edges and shadows stay.

The edge-avoiding a-trous wavelet transform (Dammertz et al., HPG 2010) of the light that surfaces receive: the picture
is divided by their albedo before and multiplied by it afterwards, so that no texture is smoothed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

STEPS = (1, 2, 4)  # pixels between the taps of each pass
DARKEST = 0.02  # albedo below which a surface is taken for that dark, lamps and the sky among them
BRIGHTEST = 4.0  # of a pixel's light, in medians of its neighbourhood
NORMAL_WIDTH, PLANE_WIDTH, LIGHT_WIDTH = 0.15, 0.02, 0.35  # of normals, of canonical units, of the logarithm of light

Image = Float[np.ndarray, "height width channels"]
Guide = Float[np.ndarray, "height width 1"]  # one number a pixel


def denoised(light: Image, albedo: Image, normals: Image, positions: Image) -> Image:
    """The picture `light`, linear RGB, without its noise.

    albedo, normals and positions: of the first surface behind each pixel, averaged over the pixel.
    """
    albedo = np.maximum(albedo, DARKEST)
    received = light / albedo
    # A single sample that found a lamp by chance must not shine over its neighbours.
    brightness = received.mean(axis=2, keepdims=True)
    received *= np.minimum(1, BRIGHTEST * np.median(_neighbours(brightness), axis=0) / np.maximum(brightness, 1e-6))
    alone = np.ones(light.shape[:2])
    for step in STEPS:
        guide = np.log(_blurred(received.mean(axis=2, keepdims=True)) + 1e-3)
        received, alike = _pass(received, guide, normals, positions, step)
        alone = np.minimum(alone, np.clip(1 - 4 * alike, 0, 1))
    # A pixel on an edge is like none of its neighbours; it shows both surfaces, and takes the light of both.
    received += alone[..., None] * (_blurred(received) - received)
    image: np.ndarray = received * albedo
    return image


def _pass(
    received: Image, guide: Guide, normals: Image, positions: Image, step: int
) -> tuple[Image, Float[np.ndarray, "height width"]]:
    """One pass of 3 x 3 taps, `step` pixels apart, each weighed by how alike the surfaces and their light are.

    Also returns how alike each pixel's neighbours are, from 0 for none of them to 1 for all.
    """
    total, weights = received * 4, np.full(received.shape[:2], 4, received.dtype)
    layers = np.concatenate([received, guide, normals, positions], axis=2)
    for weight, here, there in _taps(received.shape[0], received.shape[1], step):
        near, far = layers[here], layers[there]
        turned = ((near[..., 4:7] - far[..., 4:7]) ** 2).sum(axis=2) / NORMAL_WIDTH**2
        apart = ((near[..., 7:10] - far[..., 7:10]) * near[..., 4:7]).sum(axis=2) ** 2 / PLANE_WIDTH**2
        shaded = (near[..., 3] - far[..., 3]) ** 2 / LIGHT_WIDTH**2
        alike = weight * np.exp(-np.minimum(turned + apart + shaded, 40))
        total[here] += far[..., :3] * alike[..., None]
        weights[here] += alike
    return total / weights[..., None], (weights - 4) / 12


def _taps(height: int, width: int, step: int) -> Iterator[tuple[float, tuple[slice, slice], tuple[slice, slice]]]:
    """Weight of each neighbour, the pixels that have it, and where it lies."""
    for down in (-step, 0, step):
        for across in (-step, 0, step):
            if down or across:
                rows, columns = (
                    slice(max(-shift, 0), size - max(shift, 0)) for shift, size in ((down, height), (across, width))
                )
                other = slice(rows.start + down, rows.stop + down), slice(columns.start + across, columns.stop + across)
                yield (1.0 if down and across else 2.0), (rows, columns), other


def _blurred(image: Image) -> Image:
    """The mean of each pixel's 3 x 3 neighbourhood."""
    means: np.ndarray = np.mean(_neighbours(image), axis=0)
    return means


def _neighbours(image: Image) -> list[Image]:
    """The picture shifted to all nine places of a 3 x 3 neighbourhood; its border repeats."""
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)), mode="edge")
    height, width = image.shape[:2]
    return [padded[i : i + height, j : j + width] for i in range(3) for j in range(3)]
